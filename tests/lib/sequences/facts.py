"""Facts that come and go in the charts."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.lib.any_chart import IMPOSSIBLE_EDSS
from tests.lib.sequences.claims import Claims
from tests.lib.sequences.play import PEOPLE, act

UNREAD = st.sampled_from(
    [(), (), ("Condition",), ("Observation",), ("Procedure",), ("FamilyMemberHistory",)]
).map(frozenset)


class Facts(Claims):
    """What is measured, done, ordered, deleted, refused."""

    @act(who=PEOPLE, value=st.sampled_from([2.0, 6.5, 7.0]))
    def disability_is_measured(self, who: str, value: float) -> None:
        chart = self.chart_of(who)
        # One value a day: of two, nobody could tell which came last.
        chart.edss = [e for e in chart.edss if e[1] != self.today]
        chart.edss.append((chart.number(), self.today, value))
        self._show()

    @act(who=PEOPLE)
    def every_edss_becomes_impossible(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.edss = [(n, on, IMPOSSIBLE_EDSS) for n, on, _ in chart.edss]
        self._show()

    @act(who=PEOPLE)
    def bone_breaks(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.fractures.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE, t=st.sampled_from([-0.5, -1.8, -2.7]))
    def scan_is_done(self, who: str, t: float) -> None:
        chart = self.chart_of(who)
        chart.scans.append((chart.number(), self.today, t))
        self._show()

    @act(who=PEOPLE)
    def scan_is_ordered(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.orders.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE)
    def therapy_begins(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.therapies.append((chart.number(), self.today))
        self._show()

    @act(who=PEOPLE, what=st.sampled_from(["edss", "fractures", "scans", "orders", "therapies"]))
    def facts_are_deleted(self, who: str, what: str) -> None:
        setattr(self.chart_of(who), what, [])
        self._show()

    @act(who=PEOPLE)
    def diagnosis_is_refuted_or_confirmed_again(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.is_refuted = not chart.is_refuted
        self._show()

    @act(who=PEOPLE)
    def dies_or_was_taken_for_another(self, who: str) -> None:
        chart = self.chart_of(who)
        chart.is_dead = not chart.is_dead
        self._show()

    @act(who=PEOPLE, types=UNREAD)
    def types_are_refused(self, who: str, types: frozenset[str]) -> None:
        self.chart_of(who).unread = types
        self._show()
