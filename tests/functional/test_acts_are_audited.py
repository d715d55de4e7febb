"""Whatever an operator does by a command leaves a row in the audit.

A new command fails the first test until it is named here: among those that act, with the word of
its row, or among those that change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import typer

from service import cli
from service.audit_sentences import sentence_of
from service.screening.alert import AlertKind
from service.store.cohort_readings import SourceAnswer
from service.store.entries import AlertEntry, EntryState
from service.wiring import effective_for
from tests.lib.command_line import boneflag
from tests.lib.demo_site import due
from tests.lib.going_live import approve
from tests.lib.overlays import APPROVED

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
LOOKS_ONLY = {
    "report": "counts",
    "work": "a worker; what it does stands in runs",
    "demo": "a ledger of its own",
    "sweep": "each chart has a row of its run",
    "poll": "each chart has a row of its run",
    "check": "each chart has a row before it is read",
    "simulate": "each chart has a row before it is read",
    "survey": "each chart has a row before it is read",
    "protocol show": "no ledger",
    "protocol check": "no ledger",
    "protocol test": "no ledger",
    "keys new": "no ledger",
    "keys jwks": "no ledger",
    "keys scopes": "no ledger",
    "audit verify": "hashes",
}


@dataclass(frozen=True)
class Typed:
    """What is typed, what must stand before, and the word of the row that it leaves."""

    line: str
    row: str
    before: str = "nothing"
    mode: str = "live"


ACTS = (
    Typed("golive --canary 1 --approver Ada --yes", "golive", "a sweep in shadow"),
    Typed("golive --end enough", "golive ended", "an approval"),
    Typed("rollback --approver Otto", "rollback", "an approval of the protocol as shipped"),
    Typed("release 1 --approver Otto", "release", "a held run"),
    Typed("pause", "pause"),
    Typed("resume", "resume", "a pause"),
    Typed("retry --yes", "retry", "somebody given up"),
    Typed("cohort --accept", "cohort accepted", "a cohort that waits"),
    Typed("decide PERSON --reason patient-refuses --by nurse", "decide", "somebody known"),
    Typed("decide PERSON --take-back", "take-back", "a decision"),
    Typed("withdraw --all --reason wrong --by Ada --yes", "withdrawal", "an alert"),
    Typed("withdraw --resume", "withdrawal", "a withdrawal that was interrupted"),
    Typed("ledger settle the-key --arrived --by Ada", "settle", "an unknown alert"),
    Typed("ledger unknown --to-stdout", "list"),
    Typed("ledger rebuild", "ledger rebuilt", "an empty ledger"),
    Typed("purge --yes", "purge", "somebody who left long ago"),
    Typed("forget PERSON --yes", "forget", "somebody known"),
    Typed("screen PERSON", "screen", mode="shadow"),
    Typed("explain PERSON", "explain", mode="shadow"),
    Typed("worklist FILE", "list", "somebody given up"),
    Typed("audit patient PERSON", "show-audit", "somebody known"),
    Typed("audit export FILE", "export"),
    Typed("subscribe", "subscribe"),
    Typed("subscribe --remove", "unsubscribe", "a subscription"),
)


def commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def test_every_command_is_known_to_leave_a_row_or_to_change_nothing():
    acting = {
        name
        for name in commands(typer.main.get_command(cli.app))
        for typed in ACTS
        if f"{typed.line} ".startswith(f"{name} ")
    }

    assert acting | set(LOOKS_ONLY) == set(commands(typer.main.get_command(cli.app)))
    assert not acting & set(LOOKS_ONLY)


class Hospital:
    """A ward with one person, and what stood in its ledger before the command."""

    def __init__(self, ward):
        self.ward = ward
        self.person = ward.admit(due)
        self.settings = {
            "left_people_retention_days": "1",
            "notice_url": f"https://boneflag.example/{ward.name}",
            "notice_secret": "between us",
        }

    def prepare(self, before):
        with self.ward.ledger() as ledger:
            getattr(self, before.replace(" ", "_"))(ledger)

    def types(self, typed):
        given = self.ward.settings(mode=typed.mode)
        names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id")
        settings = {name: str(getattr(given, name)) for name in names} | self.settings
        line = typed.line.replace("PERSON", self.person)
        file = str(self.ward.directory / f"rows-{typed.line.split()[0]}.out")
        return boneflag(*[file if w == "FILE" else w for w in line.split()], **settings)

    def rows(self):
        with self.ward.ledger() as ledger:
            return list(ledger.audit.rows())

    def nothing(self, ledger):
        pass

    def an_empty_ledger(self, ledger):
        pass

    def _digest(self):
        return effective_for(self.ward.settings())[0].digest

    def somebody_known(self, ledger):
        return ledger.cohort.register([self.person], "asked for", AT)[self.person]

    def a_sweep_in_shadow(self, ledger):
        self.ward.sweep(mode="shadow")

    def an_approval(self, ledger):
        approve(ledger, self._digest())

    def an_approval_of_the_protocol_as_shipped(self, ledger):
        approve(ledger, self._digest())
        path = self.ward.directory / "overlay.yaml"
        path.write_text(APPROVED.replace("2027-11-20", "2036-11-20"), "utf-8")
        self.settings["protocol_overlay"] = str(path)

    def a_held_run(self, ledger):
        approve(ledger, self._digest())
        run = ledger.runs.open("sweep", "live", self._digest(), AT)
        ledger.runs.finish_reading(run)
        ledger.runs.hold(run, "too many")

    def a_pause(self, ledger):
        ledger.switches.pause("", AT)

    def somebody_given_up(self, ledger):
        answer = SourceAnswer("id-file", [self.person], is_complete=True)
        ledger.readings.take([answer], AT)
        key = self.somebody_known(ledger)
        run = ledger.runs.open("sweep", "shadow", "digest", AT)
        ledger.pending.mark(run, [key], AT)
        ledger.pending.give_up(run, [key], "EHR unavailable")

    def a_cohort_that_waits(self, ledger):
        for day, number in enumerate((20, 2)):
            ids = [f"patient-{n}" for n in range(number)]
            answer = SourceAnswer("id-file", ids, is_complete=True)
            ledger.readings.take([answer], AT + timedelta(days=day), alarm_percent=20)

    def a_decision(self, ledger):
        self.somebody_known(ledger)
        self.types(Typed("decide PERSON --reason patient-refuses --by nurse", ""))

    def an_alert(self, ledger):
        self._remember(ledger, EntryState.CONFIRMED)

    def an_unknown_alert(self, ledger):
        self._remember(ledger, EntryState.UNKNOWN)

    def _remember(self, ledger, state):
        key = self.somebody_known(ledger)
        kind = AlertKind.SCREENING
        entry = AlertEntry("the-key", kind, "p", 1, state, AT.date(), "says", flag_id="never")
        ledger.alerts.remember(key, entry, AT)

    def a_withdrawal_that_was_interrupted(self, ledger):
        from service.store.selected_alerts import Selection

        self.an_alert(ledger)
        ledger.withdrawals.open(Selection(), "wrong", "Ada", AT)

    def a_subscription(self, ledger):
        self.types(Typed("subscribe", ""))

    def somebody_who_left_long_ago(self, ledger):
        ledger.cohort.register(["somebody-else"], "asked for", AT - timedelta(days=400))


@pytest.mark.heavy  # All of them together; each takes a fraction of a second.
@pytest.mark.parametrize("typed", ACTS, ids=[typed.line for typed in ACTS])
def test_an_operators_act_leaves_a_row_that_can_be_read(ward, typed):
    hospital = Hospital(ward)
    hospital.prepare(typed.before)
    before = len(hospital.rows())

    said = hospital.types(typed)

    assert said.code == 0, said.output
    new = [row for row in hospital.rows()[before:] if row.what == typed.row]
    assert new, [row.what for row in hospital.rows()]
    assert "Done: " not in sentence_of(new[0], ward.settings().zone)
