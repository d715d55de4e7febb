"""Whatever happens, in whatever order: what must hold of our alerts afterwards.

A machine plays with a ward (`tests.lib.any_ward`): facts come and go, people decide about our
Flags and Tasks, the protocol changes, requests and answers are lost, processes die between any two
steps, the ledger is lost, time goes by. After each step it is asked, by judges that know nothing
of the plan:

- never two open alerts of one kind about one person;
- never an alert opened, and never one closed, from what could not be read;
- never an alert opened while a person's no stands and nothing has broken through it;
- every alert that is closed has its reason, in the EHR and in the ledger;
- what a person did to a Flag or Task is never undone;
- nothing opens again what the hospital took back, before it says so;
- nothing is left to do after a quiet look: the next one writes nothing, nor does the first one
  after a lost ledger was rebuilt, but for people of whom only the ledger knew what they had said;
- the calls that wrote to the ledger, made again, make the same ledger.

That these judges can say no is tried in `test_a_planted_fault_is_found` below: each fault is put
into the line, and the same play finds it.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service import delivery, rebuilding
from service.alert_memory import entry_after
from service.deciding import Answer
from service.ehr.client import FHIRClient
from service.ehr.plan_progress import PlanProgress
from service.ehr.writer import Writer
from service.screening import assess, decision_span, plan
from service.screening.alert import OPEN_TASK_STATUSES, AlertKind
from service.screening.assess import Status
from service.screening.dates import add_months
from tests.lib import any_ward
from tests.lib.any_chart import (
    IMPOSSIBLE_EDSS,
    NOTHING_KNOWN,
    AnyChart,
    Known,
    kind_of,
    known_of,
)
from tests.lib.any_no import (
    BY_HOSPITAL,
    CODES,
    DONE_ELSEWHERE,
    No,
    because,
    code_on,
    end_of,
    end_on,
)
from tests.lib.any_ward import ALERT_TYPES, AnyWard, Resource, Write, patient_in

ANNA, BEA = "anna", "bea"
PEOPLE = st.sampled_from([ANNA, BEA])
UNREAD = st.sampled_from(
    [(), (), ("Condition",), ("Observation",), ("Procedure",), ("FamilyMemberHistory",)]
).map(frozenset)
DAYS = st.sampled_from([1, 30, 200, 370, 800])
ENDINGS = ("rejected", "cancelled", "failed", "on-hold")
KINDS = st.sampled_from([AlertKind.SCREENING, AlertKind.SCREENING, AlertKind.TREATMENT_GAP])
REASONS = st.sampled_from(CODES)
# How long ago the scan was done elsewhere, or how long to wait, in days; None: no day is given.
AGO = st.sampled_from([None, 0, 100, 800])
WAIT = st.sampled_from([None, 30, 500])
FAULTS = ("lost", "reset", "refused", "away", "conflict", "rejected", "busy")
MOST_LOOKS = 6
# About six looks: a ledger that was just made has little to lose, and this costs many looks.
CALLS_WORTH_LOSING = 80


def act(**strategies: Any) -> Any:
    """A rule after which BoneFlag mostly looks: what nobody looks at shows nothing."""

    def acting(done: Any) -> Any:
        def acted(self: AnySequence, *, looks: bool, **given: Any) -> None:
            done(self, **given)
            if looks:
                self.looks()

        acted.__name__ = done.__name__
        return rule(looks=st.sampled_from([True, True, False]), **strategies)(acted)

    return acting


class AnySequence(RuleBasedStateMachine):
    """The play; `flavour` says what kind of server is on the other end."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory(dir=_memory())
        self.ward: AnyWard | None = None
        self.charts: dict[str, AnyChart] = {}
        self.noes: list[No] = []
        self.judged = 0

    def teardown(self) -> None:
        try:
            if self.ward is not None:
                assert self._differing(self.ward.replayed(), is_twice=False) == []
                again = self.ward.replayed(twice=MAY_BE_CALLED_TWICE)
                assert self._differing(again, is_twice=True) == []
        finally:
            if self.ward is not None:
                self.ward.close()
            self._directory.cleanup()

    @initialize(
        has_transactions=st.booleans(),
        conditional_create=st.booleans(),
        keeps_versions=st.booleans(),
    )
    def open_ward(self, **flavour: bool) -> None:
        directory = Path(self._directory.name) / "ward"
        directory.mkdir()
        self.charts = {
            ANNA: AnyChart(ANNA, date(1990, 6, 1)),
            BEA: AnyChart(BEA, date(1970, 6, 1)),
        }
        self.ward = AnyWard(directory, {}, **flavour)
        self.ward.what_is_known = self._known
        self.charts[ANNA].edss.append((self.charts[ANNA].number(), self.today, 6.5))
        self._show()

    # Facts

    @act(who=PEOPLE, value=st.sampled_from([2.0, 6.5, 7.0]))
    def disability_is_measured(self, who: str, value: float) -> None:
        chart = self.charts[who]
        # One value a day: of two, nobody could tell which came last.
        chart.edss = [e for e in chart.edss if e[1] != self.today]
        chart.edss.append((chart.number(), self.today, value))
        self._show()

    @act(who=PEOPLE)
    def every_edss_becomes_impossible(self, who: str) -> None:
        chart = self.charts[who]
        chart.edss = [(n, on, IMPOSSIBLE_EDSS) for n, on, _ in chart.edss]
        self._show()

    @act(who=PEOPLE)
    def bone_breaks(self, who: str) -> None:
        chart = self.charts[who]
        chart.fractures.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE, t=st.sampled_from([-0.5, -1.8, -2.7]))
    def scan_is_done(self, who: str, t: float) -> None:
        chart = self.charts[who]
        chart.scans.append((chart.number(), self.today, t))
        self._show()

    @act(who=PEOPLE)
    def scan_is_ordered(self, who: str) -> None:
        chart = self.charts[who]
        chart.orders.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE)
    def therapy_begins(self, who: str) -> None:
        chart = self.charts[who]
        chart.therapies.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE, what=st.sampled_from(["edss", "fractures", "scans", "orders", "therapies"]))
    def facts_are_deleted(self, who: str, what: str) -> None:
        setattr(self.charts[who], what, [])
        self._show()

    @act(who=PEOPLE)
    def diagnosis_is_refuted_or_confirmed_again(self, who: str) -> None:
        self.charts[who].is_refuted = not self.charts[who].is_refuted
        self._show()

    @act(who=PEOPLE)
    def dies_or_was_taken_for_another(self, who: str) -> None:
        self.charts[who].is_dead = not self.charts[who].is_dead
        self._show()

    @act(who=PEOPLE, types=UNREAD)
    def types_are_refused(self, who: str, types: frozenset[str]) -> None:
        self.charts[who].unread = types
        self._show()

    # Time, protocol, looking

    @act(days=DAYS)
    def time_goes_by(self, days: int) -> None:
        self.open.wait(days=days)

    @act(version=st.sampled_from(["1.0.0", "1.1.0", "2.0.0"]))
    def protocol_changes(self, version: str) -> None:
        self.open.upgrade(version)
        for no in self.noes:
            # Which version a no is kept with is known only when it is first read.
            no.version = min(no.version, version)

    @act()
    def protocol_is_approved(self) -> None:
        self.open.approve()

    @rule()
    def looks(self) -> None:
        self._look()

    @rule(fault=st.sampled_from(FAULTS), first=st.integers(0, 14), several=st.booleans())
    def looks_through_a_fault(self, fault: str, first: int, *, several: bool) -> None:
        self.open.fault = (fault, first, first + 40 * several)
        self._look()
        self.open.fault = None

    @rule(steps=st.integers(0, 120))
    def dies_while_it_looks(self, steps: int) -> None:
        self.open.die_after(steps)
        self._look()
        self.open.restart()

    @act()
    def ledger_is_lost(self) -> None:
        self._lose_ledger()

    @precondition(lambda self: self.has_alerts and len(self.open.calls) > CALLS_WORTH_LOSING)
    @rule()
    def ledger_is_lost_and_rebuilt(self) -> None:
        self.nothing_is_left_to_do_after_quiet_looks()
        server, was_approved = self.open.server, self.open.is_approved
        unheard = self._lose_ledger()
        self.open.rebuild_ledger()
        number = len(server.ours)
        self._look()
        self.what_we_wrote_was_right()
        news = [w for w in server.ours[number:] if w.patient not in unheard]
        assert not news or not was_approved, "a look after a rebuilding still wrote"

    # The hospital

    @act(who=st.sampled_from([ANNA, BEA, None]))
    def hospital_takes_alerts_back(self, who: str | None) -> None:
        number = len(self.open.server.ours)
        if not self.open.withdraw(who):
            return
        for write in self.open.server.ours[number:]:
            assert not _is_up(write.after), "taken back, and it stands"
            assert who in (None, write.patient), "another person's alert was taken back"
            self._judge_update(write)
        self.judged = len(self.open.server.ours)
        keys = self.open.ledger.cohort.keys_of([who] if who else list(self.charts)).values()
        assert self.open.ledger.alerts.open(list(keys)) == {}
        for kind in AlertKind if who else ():
            self._said_elsewhere(who or "", kind, BY_HOSPITAL, None)

    @precondition(lambda self: self.ward is not None)
    @act(who=PEOPLE, kind=KINDS, code=REASONS, ago=AGO, wait=WAIT)
    def no_is_said_to_boneflag(
        self, who: str, kind: AlertKind, code: str, ago: int | None, wait: int | None
    ) -> None:
        done_on = self._days(-ago) if ago is not None and code == DONE_ELSEWHERE else None
        until = self._days(wait) if wait is not None and code != "wrong-diagnosis" else None
        if self.open.decide(who, Answer(code, "neurologist", kind, until, done_on)):
            self._said_elsewhere(who, kind, code, end_of(code, self.today, until, done_on))

    @precondition(lambda self: self.ward is not None)
    @act(who=PEOPLE, kind=KINDS)
    def no_is_taken_back_from_boneflag(self, who: str, kind: AlertKind) -> None:
        self.open.take_back(who, kind)
        for no in self.noes:
            if no.is_elsewhere and no.is_about(who, kind):
                no.is_taken_back = True

    # People

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), status=st.sampled_from(["accepted", "in-progress", "completed", *ENDINGS]))
    def task_is_worked_on(self, data: st.DataObject, status: str) -> None:
        self._work_on_task(self._pick(data, "Task"), status)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), code=REASONS, ago=AGO)
    def task_is_turned_down_for_a_reason(
        self, data: st.DataObject, code: str, ago: int | None
    ) -> None:
        done = None if ago is None else {"end": self._days(-ago).isoformat()}
        task = self._pick(data, "Task", _is_up)
        self._work_on_task(task, "rejected", statusReason=because(code), executionPeriod=done)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), code=st.one_of(st.none(), REASONS), wait=WAIT)
    def task_waits_for_a_visit(
        self, data: st.DataObject, code: str | None, wait: int | None
    ) -> None:
        until = None if wait is None else {"period": {"end": self._days(wait).isoformat()}}
        reason = None if code is None else because(code)
        task = self._pick(data, "Task", _is_up)
        self._work_on_task(task, "on-hold", statusReason=reason, restriction=until)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), status=st.sampled_from(["requested", "in-progress"]))
    def task_is_taken_up_again(self, data: st.DataObject, status: str) -> None:
        task = self._pick(data, "Task", lambda t: any(n.resource == _id(t) for n in self.noes))
        if task is not None and task["status"] in ENDINGS and not self._has_another(task):
            self.open.server.edit(task, status=status, statusReason=None)
            self._take_back(task)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), status=st.sampled_from(["inactive", "entered-in-error"]))
    def flag_is_taken_down(self, data: st.DataObject, status: str) -> None:
        flag = self._pick(data, "Flag", lambda f: f["status"] == "active")
        if flag is not None:
            self.open.server.edit(flag, status=status)
            self._say_no(flag)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data())
    def flag_is_reworded(self, data: st.DataObject) -> None:
        flag = self._pick(data, "Flag", lambda f: f["status"] == "active")
        if flag is not None:
            self.open.server.edit(flag, code={**flag["code"], "text": "Bones: call Dr Ito first"})

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data())
    def note_is_written(self, data: st.DataObject) -> None:
        task = self._pick(data, "Task")
        if task is not None:
            note = {"authorString": "Dr Ito", "text": f"seen, version {_version(task)}"}
            owner = {"reference": "Practitioner/ito"}
            self.open.server.edit(task, note=[*task["note"], note], owner=owner)

    @precondition(lambda self: self.has_alerts)
    @rule(data=st.data(), status=st.sampled_from([*ENDINGS, "accepted"]), nth=st.integers(0, 8))
    def task_is_worked_on_in_the_middle(self, data: st.DataObject, status: str, nth: int) -> None:
        """Between our reading and our writing, or between two writes."""
        task = self._pick(data, "Task")
        if task is not None:
            self.acts_in_the_middle(task, status, nth)

    def acts_in_the_middle(self, task: Resource, status: str, nth: int) -> None:
        """A look before whose request number `nth` a person works on a Task."""
        countdown = iter(range(nth, -1, -1))

        def act(_request: Any) -> None:
            if next(countdown, None) == 0:
                self._work_on_task(self.open.server.store[_id(task)], status)

        self.open.before_request = act
        self._look()
        self.open.before_request = lambda request: None

    # What must hold

    @invariant()
    def one_alert_of_a_kind_is_open_at_most(self) -> None:
        if self.ward is None:
            return
        for type_ in ALERT_TYPES:
            shown = Counter(
                (patient_in(r), kind_of(r)) for r in self.open.server.all(type_) if _is_up(r)
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
            self._look()
            self.what_we_wrote_was_right()
            if len(server.ours) == before:
                break
        before = [(w.after["resourceType"], w.after["status"]) for w in server.ours]
        tables = self._slow_tables()
        self._look()
        after = [(w.after["resourceType"], w.after["status"]) for w in server.ours]
        assert after == before, "a quiet look still wrote"
        assert self._slow_tables() == tables
        for who in self.charts:
            self._is_told_if_due(who)

    # Inside

    @property
    def open(self) -> AnyWard:
        assert self.ward is not None
        return self.ward

    @property
    def has_alerts(self) -> bool:
        return self.ward is not None and bool(self.ward.server.store)

    @property
    def today(self) -> date:
        return self.open.at.date()

    def _show(self) -> None:
        for who, chart in self.charts.items():
            self.open.charts[who] = chart.resources()
            self.open.unread[who] = chart.unread

    def _known(self, who: str) -> Known:
        tasks = [t for t in self.open.alerts("Task", who) if _is_up(t)]
        said = " ".join(e.get("valueString", "") for t in tasks for e in t["extension"])
        return known_of(self.charts[who], self.today, frozenset(said.split()))

    def _look(self) -> None:
        self.open.look()

    def _pick(self, data: st.DataObject, type_: str, which: Any = lambda r: True) -> Any:
        found = [r for r in self.open.server.all(type_) if which(r)]
        return data.draw(st.sampled_from(found)) if found else None

    def _has_another(self, task: Resource) -> bool:
        """Whether a Task of this kind stands already: then a person would make it two."""
        who, kind = patient_in(task), kind_of(task)
        return any(_is_up(t) and kind_of(t) is kind for t in self.open.alerts("Task", who))

    def _days(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _lose_ledger(self) -> set[str]:
        """Nobody but the ledger knew what was said to BoneFlag itself; about whom that was."""
        self.open.lose_ledger()
        lost = [no for no in self.noes if no.is_elsewhere and not no.is_taken_back]
        for no in lost:
            no.is_taken_back = True
        return {no.patient for no in lost}

    def _work_on_task(self, task: Resource | None, status: str, **elements: Any) -> None:
        if task is None or not _is_up(task):
            return
        after = self.open.server.edit(task, status=status, **elements)
        if status in ENDINGS:
            self._say_no(after)
        else:
            self._take_back(task)

    def _say_no(self, resource: Resource) -> None:
        """What is said on one half replaces what was said there before; the Task speaks first."""
        code, status = code_on(resource), resource["status"]
        of_alert = [n for n in self.noes if n.resource in self._halves(resource)]
        for no in of_alert:
            is_same = (no.resource, no.code, no.status) == (_id(resource), code, status)
            speaks = resource["resourceType"] == "Flag" and no.resource[0] == "Task"
            if not no.is_taken_back and (speaks or (is_same and "restriction" not in resource)):
                return
            no.is_taken_back = True
        self._keep(_id(resource), patient_in(resource), kind_of(resource), code, status)
        self.noes[-1].until = end_on(resource, self.today)

    def _said_elsewhere(self, who: str, kind: AlertKind, code: str, until: date | None) -> None:
        """Of two answers about one alert on one day the later one holds, but the hospital's."""
        for no in self.noes:
            is_same = no.is_elsewhere and (no.patient, no.kind) == (who, kind)
            if is_same and no.made_on == self.today and not no.is_taken_back:
                if no.code == BY_HOSPITAL:
                    return
                no.is_taken_back = True
        self._keep(("said", str(len(self.noes))), who, kind, code, "")
        self.noes[-1].until = until

    def _keep(
        self, resource: tuple[str, str], who: str, kind: AlertKind, code: str, status: str
    ) -> None:
        fractures = frozenset(n for n, _ in self.charts[who].fractures)
        version = self.open.protocol.version
        no = No(who, kind, resource, self.today, None, fractures, version, code, status)
        self.noes.append(no)

    def _halves(self, resource: Resource) -> set[tuple[str, str]]:
        """The Flag and the Task of one alert."""
        halves = [r for t in ALERT_TYPES for r in self.open.server.all(t)]
        return {_id(r) for r in halves if r["identifier"][0] == resource["identifier"][0]}

    def _take_back(self, resource: Resource) -> None:
        for no in self.noes:
            if no.resource == _id(resource):
                no.is_taken_back = True

    def _judge(self, write: Write) -> None:
        after, before = write.after, write.before
        kind, who = kind_of(after), write.patient
        known = self.open.in_force(who) or NOTHING_KNOWN
        assert self.open.is_approved, "written before anybody approved this protocol"
        if before is not None:
            self._judge_update(write)
        was_up, is_up = before is not None and _is_up(before), _is_up(after)
        if is_up and not was_up:
            assert kind in known.may_open, "opened from what was not known"
            assert not self._is_answered(who, kind), "opened against a no"
        if was_up and not is_up and not self._was_ended_by_person(after):
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
            assert write.if_match == f'W/"{_version(before)}"', "written without having read"
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
        flags = [f for f in self.open.alerts("Flag", who) if _is_up(f)]
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

    def _differing(self, ledger: Any, *, is_twice: bool) -> list[str]:
        with ledger:
            again = self.open.tables(ledger)
        now = self.open.tables()
        # Each call tells the audit: one that is made twice is told twice.
        names = now.keys() - ({"audit"} if is_twice else set())
        return [name for name in sorted(names) if now[name] != again[name]]


QUIET_STATUSES = ("satisfied", "excluded", "snoozed", "declined")

MAY_BE_CALLED_TWICE = frozenset(
    {
        ("screenings", "store_all"),
        ("outbox", "mark_sent"),
        ("outbox", "mark_confirmed"),
        ("outbox", "mark_unknown"),
        ("outbox", "mark_unsent"),
        ("outbox", "mark_failed"),
        ("decisions", "remember"),
        ("decisions", "take_back"),
        ("withdrawals", "settle"),
        ("withdrawals", "finish"),
        ("pending", "mark"),
        ("pending", "take_over"),
        ("runs", "finish_reading"),
        ("runs", "start_delivery"),
        ("runs", "finish"),
        ("watermarks", "advance"),
    }
)


def _id(resource: Resource) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


def _version(resource: Resource) -> str:
    return str(resource["meta"]["versionId"])


def _is_up(resource: Resource) -> bool:
    if resource["resourceType"] == "Flag":
        return bool(resource["status"] == "active")
    return resource["status"] in OPEN_TASK_STATUSES


def _memory() -> str | None:
    """A folder in memory, where there is one: the ledger waits for the disk at every commit."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


QUICK = settings(
    max_examples=4,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    # A failure tells its steps as they are: making them fewer takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
DEEP = settings(QUICK, max_examples=10, stateful_step_count=40)


def test_every_claim_holds_in_any_sequence() -> None:
    run_state_machine_as_test(AnySequence, settings=QUICK)


@pytest.mark.heavy
def test_every_claim_holds_in_long_sequences() -> None:
    run_state_machine_as_test(AnySequence, settings=DEEP)


# Proof that the judges can say no


def _unknown_closes() -> Any:
    row = {Status.COULD_NOT_DETERMINE: ("keep", "resolve", "keep")}
    return mock.patch.dict(plan.TABLE, row)


def _unread_is_taken_for_empty() -> Any:
    return mock.patch.object(assess, "_cannot_be_determined", lambda *_: False)


def _a_no_is_not_heard() -> Any:
    return mock.patch.object(assess, "standing_decision", lambda *_: None)


def _nobody_looks_before_writing() -> Any:
    return mock.patch.object(Writer, "_found", lambda *_: [])


def _an_ended_task_is_written_over() -> Any:
    return mock.patch.object(PlanProgress, "is_ended_by_person", lambda *_: False)


def _updates_name_no_version() -> Any:
    update = FHIRClient.update

    def careless(self: FHIRClient, resource: Any, *, if_match: str | None) -> Any:
        del if_match
        return update(self, resource, if_match=None)

    return mock.patch.object(FHIRClient, "update", careless)


def _closing_forgets_why() -> Any:
    def forgetful(*given: Any) -> Any:
        entry = entry_after(*given)
        return entry and replace(entry, closing_reason="")

    return mock.patch.object(delivery, "entry_after", forgetful)


def _every_no_lasts_a_month() -> Any:
    until = mock.Mock(side_effect=lambda decision, *_: add_months(decision.made_on, 1))
    return mock.patch.object(decision_span, "_until", until)


def _the_hospitals_word_is_forgotten() -> Any:
    return mock.patch.object(any_ward, "keep_quiet", lambda *_: "")


def _a_rebuilding_takes_every_flag_for_ours() -> Any:
    return mock.patch.object(rebuilding, "_flag_as_we_left_it", lambda alert: alert.flag.status)


OF_ANSWERS = [
    _every_no_lasts_a_month,
    _the_hospitals_word_is_forgotten,
    _a_rebuilding_takes_every_flag_for_ours,
]
PLANTED = [
    _unknown_closes,
    _unread_is_taken_for_empty,
    _a_no_is_not_heard,
    _nobody_looks_before_writing,
    _an_ended_task_is_written_over,
    _updates_name_no_version,
    _closing_forgets_why,
]


def _play(machine: AnySequence) -> Iterator[None]:
    """A play in which each planted fault shows; after each step the judges are asked."""
    machine.open_ward(has_transactions=False, conditional_create=False, keeps_versions=True)
    server = machine.open.server
    server.loses_answer_of = lambda r: (r.method, r.url.path) == ("POST", "/fhir/Flag")
    machine.looks()
    server.loses_answer_of = lambda request: False
    yield
    machine.looks()
    yield
    machine.nothing_is_left_to_do_after_quiet_looks()
    yield
    machine.types_are_refused(who=ANNA, types=frozenset({"Observation"}), looks=False)
    machine.types_are_refused(who=BEA, types=frozenset({"Observation"}), looks=False)
    machine.bone_breaks(who=BEA, looks=False)
    machine.looks()
    yield
    machine.types_are_refused(who=ANNA, types=frozenset(), looks=False)
    machine.types_are_refused(who=BEA, types=frozenset(), looks=False)
    machine.looks()
    yield
    task = machine.open.alerts("Task", BEA)[0]
    machine.disability_is_measured(who=BEA, value=6.5, looks=False)
    machine.time_goes_by(days=1, looks=False)
    machine.acts_in_the_middle(task, "rejected", 4)
    yield
    machine.looks()
    machine.looks()
    yield
    machine.dies_or_was_taken_for_another(who=ANNA, looks=False)
    machine.looks()
    yield


def _play_of_answers(machine: AnySequence) -> Iterator[None]:
    """People answer, the ledger is lost, the hospital takes an alert back."""
    machine.open_ward(has_transactions=True, conditional_create=True, keeps_versions=True)
    machine.disability_is_measured(who=BEA, value=6.5, looks=True)
    yield
    flag = machine.open.alerts("Flag", ANNA)[0]
    machine._say_no(machine.open.server.edit(flag, status="inactive"))
    machine.ledger_is_lost_and_rebuilt()
    yield
    no = {"kind": AlertKind.SCREENING, "code": "patient-refuses", "ago": None, "wait": None}
    machine.no_is_said_to_boneflag(who=BEA, looks=True, **no)
    machine.time_goes_by(days=200, looks=True)
    yield
    machine.no_is_taken_back_from_boneflag(who=BEA, kind=AlertKind.SCREENING, looks=True)
    machine.hospital_takes_alerts_back(who=BEA, looks=True)
    machine.looks()
    yield


def _judge(machine: AnySequence) -> None:
    machine.one_alert_of_a_kind_is_open_at_most()
    machine.what_we_wrote_was_right()
    machine.every_closed_alert_has_its_reason()


@contextmanager
def _machine() -> Iterator[AnySequence]:
    machine = AnySequence()
    try:
        yield machine
    finally:
        machine.teardown()


def test_the_play_in_which_faults_show_is_right_without_them() -> None:
    with _machine() as machine:
        for _ in _play(machine):
            _judge(machine)
        tasks = [(patient_in(t), t["status"]) for t in machine.open.server.all("Task")]
        assert sorted(tasks) == [(ANNA, "cancelled"), (BEA, "rejected")]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_fault_is_found(plant: Any) -> None:
    with _machine() as machine, plant(), pytest.raises(AssertionError):
        for _ in _play(machine):
            _judge(machine)


def test_the_play_of_answers_is_right_without_faults() -> None:
    with _machine() as machine:
        for _ in _play_of_answers(machine):
            _judge(machine)
        flags = [(patient_in(f), f["status"]) for f in machine.open.server.all("Flag")]
        assert sorted(flags) == [(ANNA, "inactive"), (BEA, "entered-in-error")]


@pytest.mark.parametrize("plant", OF_ANSWERS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_fault_about_answers_is_found(plant: Any) -> None:
    with _machine() as machine, plant(), pytest.raises(AssertionError):
        for _ in _play_of_answers(machine):
            _judge(machine)
