"""What must hold whatever happened, asked by judges that know nothing of the plan."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis.stateful import invariant, rule

from service.screening.alert import AlertKind
from tests.lib.any_chart import NOTHING_KNOWN, kind_of
from tests.lib.any_ward import ALERT_TYPES, Resource, Write, patient_in
from tests.lib.sequences.play import is_up, version_of
from tests.lib.sequences.sayings import Sayings

MOST_LOOKS = 6


class Claims(Sayings):
    """The claims of the play, each asked after every step or at a quiet look."""

    @invariant()
    def one_alert_of_a_kind_is_open_at_most(self) -> None:
        if self.ward is None:
            return
        for type_ in ALERT_TYPES:
            shown = Counter(
                (patient_in(r), kind_of(r)) for r in self.open.server.all(type_) if is_up(r)
            )
            assert all(number == 1 for number in shown.values()), f"two open {type_}s"

    @invariant()
    def what_we_wrote_was_right(self) -> None:
        if self.ward is None:
            return
        for write in self.open.server.ours[self.judged :]:
            self._judge(write)
        self.judged = len(self.open.server.ours)

    @invariant()
    def every_closed_alert_has_its_reason(self) -> None:
        if self.ward is None:
            return
        ledger = self.open.ledger
        keys = list(ledger.cohort.keys_of(list(self.charts)).values())
        for entries in ledger.alerts.history(keys).values():
            for entry in entries:
                is_closed = entry.state == "closed"
                assert bool(entry.closing_reason.strip()) == is_closed
                assert (entry.closed_on is not None) == is_closed

    @rule()
    def nothing_is_left_to_do_after_quiet_looks(self) -> None:
        server = self.open.server
        self.open.wait_for_morning()  # All looks on one day: facts grow older with the days.
        for _ in range(MOST_LOOKS):
            before = len(server.ours)
            self.look()
            self.what_we_wrote_was_right()
            if len(server.ours) == before:
                break
        before = [(w.after["resourceType"], w.after["status"]) for w in server.ours]
        tables = self._slow_tables()
        self.look()
        after = [(w.after["resourceType"], w.after["status"]) for w in server.ours]
        assert after == before, "a quiet look still wrote"
        assert self._slow_tables() == tables
        for who in self.charts:
            self._is_told_if_due(who)

    # The judges

    def _judge(self, write: Write) -> None:
        after, before = write.after, write.before
        kind, who = kind_of(after), write.patient
        known = self.open.in_force(who) or NOTHING_KNOWN
        assert self.open.is_approved, "written before anybody approved this protocol"
        if before is not None:
            self._judge_update(write)
        stood, stands = before is not None and is_up(before), is_up(after)
        if stands and not stood:
            assert kind in known.may_open, "opened from what was not known"
            assert not self._is_answered(who, kind), "opened against a no"
        if stood and not stands and not self._was_ended_by_person(after):
            assert kind in known.may_close, "closed from what was not known"
        if after["resourceType"] == "Task" and after["status"] in ("completed", "cancelled"):
            assert after["statusReason"]["text"].strip()
            assert after["statusReason"]["coding"][0]["code"] in ("resolved", "withdrawn")

    def _is_answered(self, who: str, kind: AlertKind) -> bool:
        """Whether a no to this kind of alert surely stands."""
        chart, version = self.charts[who], self.open.protocol.version
        about = [no for no in self.noes if no.is_about(who, kind)]
        return any(no.stands(chart, self.today, version) for no in about)

    def _was_ended_by_person(self, resource: Resource) -> bool:
        """Whether a person said no to either half of this alert, or elsewhere to its kind."""
        halves = self._halves(resource)
        who, kind = patient_in(resource), kind_of(resource)
        return any(
            no.resource in halves or (no.is_about(who, kind) and not no.is_taken_back)
            for no in self.noes
        )

    def _judge_update(self, write: Write) -> None:
        before, after = write.before or {}, write.after
        if self.open.server.keeps_versions:
            assert write.if_match == f'W/"{version_of(before)}"', "written without having read"
        for name in ("owner",):
            assert after.get(name) == before.get(name), f"a person's {name} was overwritten"
        theirs = [n for n in before.get("note", ()) if n.get("authorString") != "BoneFlag"]
        assert [n for n in after.get("note", ()) if n in theirs] == theirs, "a note was lost"
        if before["resourceType"] == "Task" and before["status"] in ("rejected", "failed"):
            assert after["status"] == before["status"], "a person's ending was overwritten"
        if "Ito" in before.get("code", {}).get("text", ""):
            is_kept = after["code"]["text"] == before["code"]["text"]
            assert is_kept or before["status"] != "active", "a person's words were overwritten"

    def _is_told_if_due(self, who: str) -> None:
        ledger = self.open.ledger
        key = ledger.cohort.keys_of([who])[who]
        status = ledger.screenings.latest([key])[key].status
        flags = [f for f in self.open.alerts("Flag", who) if is_up(f)]
        if status == "due" and self.open.is_approved:
            assert len(flags) == 1, "due, and nobody is told"
            keys = {t["identifier"][0]["value"] for t in self.open.alerts("Task", who)}
            assert flags[0]["identifier"][0]["value"] in keys, "a Flag without its Task"
        if self.open.is_approved and status in (
            "satisfied",
            "not-at-risk",
            "excluded",
            "snoozed",
            "declined",
        ):
            held = status == "not-at-risk" and flags
            assert not flags or held, f"{status}, and a Flag still stands"

    def _slow_tables(self) -> dict[str, Any]:
        """What a quiet look must leave as it is."""
        tables = self.open.tables()
        return {name: tables[name] for name in ("alerts", "decisions", "assessments")}
