"""Cards that were shown, and what was said to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from service.screening.alert import AlertKind
from service.store.acts import Act

from .builders import MINUTE, NOW, begin, people

CARD = "c2f4b0e2-6c5e-5a3b-9d0c-5a0a0a7a5f11"
SHOWN = Act("card", reason="shown")


def show(ledger, key, times=1):
    for number in range(times):
        ledger.cards.show(key, [(CARD, AlertKind.SCREENING)], SHOWN, NOW + number * MINUTE)


def test_a_card_shown_three_times_is_one_card(ledger):
    (key,) = people(ledger, "p1")
    show(ledger, key, times=3)
    card = ledger.cards.get(CARD)
    assert (card.patient_key, card.kind, card.times_shown) == (key, AlertKind.SCREENING, 3)


def test_every_showing_stands_in_the_audit(ledger):
    (key,) = people(ledger, "p1")
    before = len(list(ledger.audit.rows()))
    show(ledger, key, times=2)
    assert [row.what for row in ledger.audit.rows()][before:] == ["card", "card"]


def test_a_call_without_a_card_stands_in_the_audit_too(ledger):
    ledger.cards.show("", [], Act("card", reason="nothing due"), NOW)
    assert [row.reason for row in ledger.audit.rows()] == ["nothing due"]


def test_a_card_that_was_never_shown_is_not_known(ledger):
    assert ledger.cards.get(CARD) is None


def test_what_is_said_twice_is_heard_once(ledger):
    (key,) = people(ledger, "p1")
    show(ledger, key)
    assert ledger.cards.hear(CARD, "overridden", NOW)
    assert not ledger.cards.hear(CARD, "overridden", NOW)


def test_what_was_said_earlier_and_comes_later_is_not_heard(ledger):
    (key,) = people(ledger, "p1")
    show(ledger, key)
    assert ledger.cards.hear(CARD, "overridden", NOW)
    assert not ledger.cards.hear(CARD, "accepted", NOW - MINUTE)
    assert ledger.cards.get(CARD).outcome == "overridden"


def test_showing_it_again_forgets_nothing_that_was_said(ledger):
    (key,) = people(ledger, "p1")
    show(ledger, key)
    ledger.cards.hear(CARD, "accepted", NOW)
    show(ledger, key)
    assert ledger.cards.get(CARD).outcome == "accepted"


def test_cards_go_with_a_record_that_was_merged(ledger):
    people(ledger, "a")
    ledger.cohort.add(["b"], "code-search", NOW + MINUTE)
    show(ledger, ledger.cohort.keys_of(["b"])["b"])
    ledger.merges.follow("b", "a", NOW + MINUTE, begin(ledger))
    assert ledger.cards.get(CARD).patient_key == ledger.cohort.keys_of(["a"])["a"]


def test_whoever_is_forgotten_takes_their_cards_along(ledger):
    (key,) = people(ledger, "p1")
    show(ledger, key)
    ledger.retention.forget([key], NOW)
    assert ledger.cards.get(CARD) is None


def test_calls_of_many_threads_are_all_written_down(ledger):
    (key,) = people(ledger, "p1")
    before = len(list(ledger.audit.rows()))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: show(ledger, key), range(24)))
    assert ledger.cards.get(CARD).times_shown == 24
    numbers = [row.number for row in ledger.audit.rows()][before:]
    assert numbers == list(range(before + 1, before + 25))
