"""Time, protocols, looks and their faults, and the loss of the ledger."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.lib.sequences.claims import Claims
from tests.lib.sequences.play import act

DAYS = st.sampled_from([1, 30, 200, 370, 800])
FAULTS = ("lost", "reset", "refused", "away", "conflict", "rejected", "busy")
# About six looks: a ledger that was just made has little to lose, and this costs many looks.
CALLS_WORTH_LOSING = 80


class Course(Claims):
    """What goes on whoever acts."""

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
        self.look()

    @rule(fault=st.sampled_from(FAULTS), first=st.integers(0, 14), several=st.booleans())
    def looks_through_a_fault(self, fault: str, first: int, *, several: bool) -> None:
        self.open.fault = (fault, first, first + 40 * several)
        self.look()
        self.open.fault = None

    @rule(steps=st.integers(0, 120))
    def dies_while_it_looks(self, steps: int) -> None:
        self.open.die_after(steps)
        self.look()
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
        self.look()
        self.what_we_wrote_was_right()
        news = [w for w in server.ours[number:] if w.patient not in unheard]
        assert not news or not was_approved, "a look after a rebuilding still wrote"
