"""What several processes do to one ledger at the same moment; run by the `at_once` fixture.

The first argument is the number of the process, and everything here must be picklable.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from service.store.acts import Act
from service.store.errors import StoreError
from service.store.ledger import Ledger

from .builders import ATTEMPTS, MINUTE, NOW, create, entry, resolve, screening, take


def migrate(_: int, url: str) -> str:
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
    return "migrated"


def remember(number: int, url: str) -> int:
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        ids = [f"p{n}" for n in range(300)]
        return take(ledger, ids if number % 2 else ids[::-1], "group").came


def store_the_same(number: int, url: str, key: str, run_id: int) -> None:
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        for repeat in range(20):
            status = f"due {number}.{repeat}"
            ledger.screenings.store(screening(key, run_id, create(), status=status), NOW)


def judge_one_of_two_records(number: int, url: str, keys: list[str], run_id: int) -> list[str]:
    """One worker finds that record a went into b and judges the person; another has b in hand.

    Whatever each of them has read, they do not store before the other could have.
    """
    older, younger = keys
    mine, ids = (older, {"a", "b"}) if number == 0 else (younger, {"b"})
    read = replace(screening(mine, run_id, create("alert-b")), fhir_ids=frozenset(ids))
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        try:
            if number == 0:
                ledger.merges.follow("a", "b", NOW, run_id)
            return [ledger.screenings.store(read, NOW)]
        except StoreError as error:
            return [type(error).__name__]


def send_all(_: int, url: str) -> list[int]:
    won = []
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        for waiting in ledger.outbox.plans_to_send(100, NOW):
            if ledger.outbox.mark_sent(waiting.id, NOW, NOW + MINUTE):
                won.append(waiting.id)
    return won


def hand_out_all(_: int, url: str) -> list[str]:
    got: list[str] = []
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        while batches := ledger.pending.hand_out(7, 21, NOW, NOW):
            got += [key for batch in batches for key in batch.patient_keys]
    return got


def do_everything(number: int, url: str, keys: list[str], run_id: int) -> list[str]:
    """A poll, two workers and a delivery over the same people, in different orders."""
    problems = []
    order = keys if number % 2 else keys[::-1]
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        for round_number in range(5):
            try:
                take(ledger, [f"p{n}" for n in range(len(keys))], "group")
                ledger.pending.mark(run_id, order, NOW)
                ledger.screenings.store_all(
                    [screening(key, run_id, _plan(key, round_number + number)) for key in order],
                    NOW,
                )
                at = NOW + timedelta(hours=round_number)
                for waiting in ledger.outbox.plans_to_send(5, at):
                    if ledger.outbox.mark_sent(waiting.id, at, at + MINUTE):
                        confirmed = entry(f"alert-{waiting.patient_key}")
                        ledger.outbox.mark_confirmed(waiting.id, confirmed, at)
            except StoreError as error:
                problems.append(type(error).__name__)
    return problems


def _plan(key: str, round_number: int):
    return create(f"alert-{key}") if round_number % 2 else resolve(f"alert-{key}")


def append_to_the_audit(number: int, url: str) -> int:
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        for repeat in range(20):
            ledger.audit.record([Act("read", f"{number}.{repeat}")], NOW)
    return 20
