"""What must hold whatever happened, asked by judges that know nothing of the plan."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis.stateful import invariant, rule

from service.screening.alert import AlertKind
from tests.lib.any_chart import NOTHING_KNOWN, kind_of
from tests.lib.any_ward import ALERT_TYPES, Resource, Write, is_up, patient_in
from tests.lib.sequences.play import version_of
from tests.lib.sequences.sayings import Sayings

MOST_LOOKS = 6
UNTOUCHED = ("active", "requested")


class Claims(Sayings):
    """The claims of the play, each asked after every step or at a quiet look."""

    @invariant()
    def one_alert_of_a_kind_is_open_at_most(self) -> None:
        if self.ward is None:
            return
        for type_ in ALERT_TYPES:
            shown = Counter(
                (self.opened_for(r), patient_in(r), kind_of(r))
                for r in self.open.server.all(type_)
                if is_up(r)
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
            assert not write.beside, "opened beside another one"
            assert kind in known.may_open, "opened from what was not known"
            assert not self._is_answered(who, kind), "opened against a no"
        if stood and not stands and after["status"] == "entered-in-error" and write.beside:
            assert before["status"] in UNTOUCHED, "somebody's work was taken for a spare alert"
        elif stood and not stands and not self._was_ended_by_person(after):
            assert kind in known.may_close, "closed from what was not known"
        if after["resourceType"] == "Task" and after["status"] in ("completed", "cancelled"):
            assert after["statusReason"]["text"].strip()
            assert after["statusReason"]["coding"][0]["code"] in ("resolved", "withdrawn")

    def _was_withdrawn(self, resource: Resource) -> bool:
        """Whether our closing took the place of what a person had left there."""
        reasons = resource.get("statusReason", {}).get("coding", ())
        is_ours = any(reason["code"] == "withdrawn" for reason in reasons)
        return is_ours or resource["status"] == "entered-in-error"

    def opened_for(self, resource: Resource) -> str:
        """The record for which an alert was opened, wherever the EHR moved it since."""
        key = resource["identifier"][0]["value"]
        return self.opened.setdefault(key, patient_in(resource))

    def _is_answered(self, who: str, kind: AlertKind) -> bool:
        """Whether a no to this kind of alert surely stands."""
        chart, version = self.chart_read_of(who), self.open.protocol.version
        about = self._noes_about(who, kind)
        return any(no.stands(chart, self.today, version) for no in about)

    def _was_ended_by_person(self, resource: Resource) -> bool:
        """Whether a person said no to either half of this alert, or elsewhere to its kind."""
        halves = self._halves(resource)
        who, kind = patient_in(resource), kind_of(resource)
        about = [no for no in self._noes_about(who, kind) if not no.is_taken_back]
        return bool(about) or any(no.resource in halves for no in self.noes)

    def _judge_update(self, write: Write) -> None:
        before, after = write.before or {}, write.after
        if self._was_withdrawn(after):
            for no in self.noes:
                no.is_hidden = no.is_hidden or no.resource in self._halves(after)
        if self.open.server.keeps_versions:
            assert write.if_match == f'W/"{version_of(before)}"', "written without having read"
        for name in ("owner",):
            assert after.get(name) == before.get(name), f"a person's {name} was overwritten"
        theirs = [n for n in before.get("note", ()) if n.get("authorString") != "BoneFlag"]
        assert [n for n in after.get("note", ()) if n in theirs] == theirs, "a note was lost"
        # Who acts between our reading and our writing is not seen where there are no versions.
        is_seen = self.open.server.keeps_versions or not self.is_in_the_middle
        is_ended = before["resourceType"] == "Task" and before["status"] in ("rejected", "failed")
        if is_ended and is_seen:
            assert after["status"] == before["status"], "a person's ending was overwritten"
        if "Ito" in before.get("code", {}).get("text", ""):
            is_kept = after["code"]["text"] == before["code"]["text"]
            assert is_kept or before["status"] != "active", "a person's words were overwritten"

    def _is_told_if_due(self, who: str) -> None:
        ledger = self.open.ledger
        key = ledger.cohort.keys_of([who]).get(who)
        if key is None and who in self.open.unnamed:
            return  # A lost ledger never hears of a merged record that nobody names.
        status = ledger.screenings.latest([key])[key].status
        flags = [f for f in self.alerts_of("Flag", who) if is_up(f)]
        if self.open.is_approved:
            assert len(flags) <= 1 or all(map(self._is_taken_up, flags)), "a spare Flag stands"
        if status == "due" and self.open.is_approved:
            assert flags, "due, and nobody is told"
            keys = {t["identifier"][0]["value"] for t in self.alerts_of("Task", who)}
            assert all(f["identifier"][0]["value"] in keys for f in flags), (
                "a Flag without its Task"
            )
        if self.open.is_approved and status in (
            "satisfied",
            "not-at-risk",
            "excluded",
            "snoozed",
            "declined",
        ):
            held = status == "not-at-risk" and flags
            assert not flags or held, f"{status}, and a Flag still stands"

    def _is_taken_up(self, flag: Resource) -> bool:
        """Whether a person reworded an alert, or did something to its Task."""
        halves = [self.open.server.store[half] for half in self._halves(flag)]
        is_worked_on = any(t["status"] != "requested" for t in halves if "focus" in t)
        return is_worked_on or "Ito" in flag["code"]["text"]

    def _slow_tables(self) -> dict[str, Any]:
        """What a quiet look must leave as it is."""
        tables = self.open.tables()
        return {name: tables[name] for name in ("alerts", "decisions", "assessments")}
