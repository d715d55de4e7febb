"""People who work on our Flags and Tasks in the EHR."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.lib.any_no import because
from tests.lib.any_ward import Resource, is_up
from tests.lib.sequences.claims import Claims
from tests.lib.sequences.play import (
    AGO,
    ENDINGS,
    REASONS,
    WAIT,
    act,
    id_of,
    version_of,
)


class People(Claims):
    """Accepting, rejecting, waiting, rewording, also between our reading and our writing."""

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
        task = self._pick(data, "Task", is_up)
        self._work_on_task(task, "rejected", statusReason=because(code), executionPeriod=done)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), code=st.one_of(st.none(), REASONS), wait=WAIT)
    def task_waits_for_a_visit(
        self, data: st.DataObject, code: str | None, wait: int | None
    ) -> None:
        until = None if wait is None else {"period": {"end": self._days(wait).isoformat()}}
        reason = None if code is None else because(code)
        task = self._pick(data, "Task", is_up)
        self._work_on_task(task, "on-hold", statusReason=reason, restriction=until)

    @precondition(lambda self: self.has_alerts)
    @act(data=st.data(), status=st.sampled_from(["requested", "in-progress"]))
    def task_is_taken_up_again(self, data: st.DataObject, status: str) -> None:
        task = self._pick(data, "Task", lambda t: any(n.resource == id_of(t) for n in self.noes))
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
            note = {"authorString": "Dr Ito", "text": f"seen, version {version_of(task)}"}
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
                self._work_on_task(self.open.server.store[id_of(task)], status)

        self.open.before_request = act
        self.is_in_the_middle = True
        self.look()
        self.what_we_wrote_was_right()
        self.is_in_the_middle = False
        self.open.before_request = lambda request: None
