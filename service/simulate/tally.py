"""Counting outcomes as they come, so that no person stays in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from service.measure import STRATIFIERS, UNKNOWN, sex_and_age
from service.screening.assess import Status
from service.screening.protocol import Protocol
from service.simulate.outcome import MONTHS_AHEAD, NO_CRITERION, Outcome, Standing
from service.statistics import Pairs, Share, difference, share

NEWLY_DUE, NO_LONGER_DUE, BOTH, NEITHER = "newly-due", "no-longer-due", "due-by-both", "due-by-none"
CHANGES = (NEWLY_DUE, NO_LONGER_DUE, BOTH, NEITHER)
"""Everybody with confirmed MS, each in exactly one of these."""

Table = dict[str, dict[str, int]]


@dataclass(slots=True)
class Slots:
    """Central DXA slots that one protocol asks for.

    `backlog` are due now, `waiting` have a scan ordered, `monthly` become due in each coming month
    if nothing changes.
    """

    backlog: int = 0
    waiting: int = 0
    monthly: list[int] = field(default_factory=lambda: [0] * MONTHS_AHEAD)

    def add(self, standing: Standing) -> None:
        """Count one person."""
        self.backlog += standing.status is Status.DUE
        self.waiting += standing.status is Status.ORDERED_WAITING
        if standing.due_in is not None:
            self.monthly[standing.due_in] += 1

    @property
    def a_month(self) -> float:
        """Slots a month that clear the backlog within the year and keep up with who comes."""
        return (self.backlog + sum(self.monthly)) / MONTHS_AHEAD


def _divisions() -> dict[str, Table]:
    return {
        s.code: {stratum.code: dict.fromkeys(CHANGES, 0) for stratum in s.strata}
        for s in STRATIFIERS
        if s.strata
    }


@dataclass(slots=True)
class Simulation:
    """What two protocols say about a cohort, in exact counts.

    `cohort` is how many the cohort's sources name, `chosen` how many of them were to be read,
    `failed` how many of those could not be judged. `transitions` is by (today, changed).
    `opens_…` is how many alerts would open now. `divisions` is by stratifier, stratum and change;
    `criteria` by number and change. `unread` is by type, of whom it could not be read.
    """

    on: date
    today: Protocol
    changed: Protocol
    cohort: int
    is_cohort_complete: bool
    chosen: int
    failed: int = 0
    transitions: Counter[tuple[Status, Status]] = field(default_factory=Counter)
    criteria: Table = field(default_factory=dict)
    divisions: dict[str, Table] = field(default_factory=_divisions)
    slots_today: Slots = field(default_factory=Slots)
    slots_changed: Slots = field(default_factory=Slots)
    opens_today: int = 0
    opens_changed: int = 0
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, found: Outcome) -> None:
        """Count one person."""
        self.transitions[found.today.status, found.changed.status] += 1
        self.slots_today.add(found.today)
        self.slots_changed.add(found.changed)
        self.opens_today += found.opens[0]
        self.opens_changed += found.opens[1]
        self.unread.update(found.unread)
        if {found.today.status, found.changed.status} == {Status.NOT_IN_COHORT}:
            return
        change = change_of(found)
        for code, stratum in _strata_of(found):
            table = self.divisions[code]
            table.get(stratum, table[UNKNOWN])[change] += 1
        if change in (NEWLY_DUE, NO_LONGER_DUE):
            for number in found.differing or (NO_CRITERION,):
                row = self.criteria.setdefault(number, {NEWLY_DUE: 0, NO_LONGER_DUE: 0})
                row[change] += 1

    @property
    def judged(self) -> int:
        """Who was judged, whether or not MS is confirmed."""
        return sum(self.transitions.values())

    @property
    def pairs(self) -> Pairs:
        """Due or not by each protocol, of those in whom either confirms MS."""
        counts = Counter[str]()
        for strata in self.divisions["sex"].values():
            counts.update(strata)
        return Pairs(counts[BOTH], counts[NO_LONGER_DUE], counts[NEWLY_DUE], counts[NEITHER])

    @property
    def share_today(self) -> Share | None:
        """The share that is due by today's protocol."""
        pairs = self.pairs
        return share(pairs.both + pairs.only_first, pairs.people)

    @property
    def share_changed(self) -> Share | None:
        """The share that is due by the changed protocol."""
        pairs = self.pairs
        return share(pairs.both + pairs.only_second, pairs.people)

    @property
    def difference(self) -> Share | None:
        """The changed share minus today's."""
        return difference(self.pairs)

    @property
    def scale(self) -> float:
        """How many people of the cohort each one stands for who was judged."""
        return self.cohort / self.judged if self.judged else 0.0


def change_of(found: Outcome) -> str:
    """Which of `CHANGES` an outcome is."""
    if found.is_newly_due:
        return NEWLY_DUE
    if found.is_no_longer_due:
        return NO_LONGER_DUE
    return BOTH if found.today.status is Status.DUE else NEITHER


def _strata_of(found: Outcome) -> list[tuple[str, str]]:
    return [
        ("sex", found.sex),
        ("age-band", found.age_band),
        ("sex-and-age", sex_and_age(found.sex, found.age_band)),
    ]
