"""Two records of one person: merged in the EHR, and sometimes parted again."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.lib.any_no import BY_HOSPITAL
from tests.lib.any_ward import ALERT_TYPES, Resource
from tests.lib.sequences.claims import Claims
from tests.lib.sequences.play import ANNA, BEA, PEOPLE, act

_FACTS = ("edss", "fractures", "scans", "orders", "therapies")


class Records(Claims):
    """Merges and their undoing, by servers that move our alerts along and by those that do not."""

    _moved: frozenset[int] = frozenset()

    @precondition(lambda self: self.ward is not None and self.merged is None)
    @act(old=PEOPLE, moves_alerts=st.booleans(), is_still_named=st.booleans())
    def record_is_merged(self, old: str, *, moves_alerts: bool, is_still_named: bool) -> None:
        stands = ANNA if old == BEA else BEA
        chart, others = self.charts[stands], self.charts[old]
        known = chart.numbers()
        chart.take_over(others)
        self._moved = frozenset(chart.numbers() - known)
        others.replaced_by = stands
        self.survivor, self.are_one = stands, True
        self._hold_what_was_said(stands)
        if moves_alerts:
            for type_ in ALERT_TYPES:
                self._move(self.open.alerts(type_, old), stands)
        if not is_still_named:
            self.open.unnamed.add(old)
        self._show()

    @precondition(lambda self: self.ward is not None and self.merged is not None)
    @act()
    def merge_is_undone(self) -> None:
        """The charts go apart again; to a ledger that followed the merge the two stay one."""
        others = self.charts[self.merged or ""]
        stands = self.charts[others.replaced_by]
        for name in _FACTS:
            facts = getattr(stands, name)
            setattr(stands, name, [fact for fact in facts if fact[0] not in self._moved])
        for type_ in ALERT_TYPES:
            shown = self.open.alerts(type_, stands.id)
            self._move([r for r in shown if self.opened_for(r) == others.id], others.id)
        others.replaced_by = ""
        keys = self.open.ledger.cohort.keys_of(list(self.charts)).values()
        self.are_one = len(keys) > len(set(keys))
        self.open.unnamed.clear()
        self._show()

    @property
    def merged(self) -> str | None:
        """The record that another one replaces just now."""
        return next((who for who, chart in self.charts.items() if chart.replaced_by), None)

    def _move(self, alerts: list[Resource], stands: str) -> None:
        """Let alerts stand at another record: a new version each, that no person wrote."""
        about = {"reference": f"Patient/{stands}"}
        for resource in alerts:
            self.opened_for(resource)
            name = "for" if resource["resourceType"] == "Task" else "subject"
            self.open.server.edit(resource, **{name: about})

    def _hold_what_was_said(self, stands: str) -> None:
        """A no about either record is a no of the person.

        Fractures of before it are no news to it. Of two answers of one day, one about each record,
        nobody can tell which one the person meant, but the hospital's word holds.
        """
        fractures = self.charts[stands].fractures
        for no in self.noes:
            kept = {n for n, on in fractures if on < no.made_on}
            if no.patient == stands:
                kept |= no.fractures
            no.fractures = frozenset(kept)
        said = [no for no in self.noes if no.is_elsewhere and not no.is_taken_back]
        for no in said:
            same = [n for n in said if (n.kind, n.made_on) == (no.kind, no.made_on)]
            if len(same) > 1 and no.code != BY_HOSPITAL:
                no.is_taken_back = True
