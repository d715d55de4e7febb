"""Everything that the programme's page, its pictures and its CSV show, counted at one moment.

A newcomer would get one thing wrong: nothing in here is exact. Small numbers were hidden before it
was made, so that whoever shows a part of it, beside another part, gives nothing more away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.measure import Stratum
from service.report.answers import ReleasedAnswers, count_answers, released_answers
from service.report.days import Days, days_of
from service.report.disclosure import Shown, rounded, shown
from service.report.funnel import ShownStep, count_funnel, released_funnel
from service.report.over_time import OverTime, over_time
from service.report.programme import Released, count_programme, parts_of, released
from service.report.unseen import Unseen, unseen_types
from service.screening.alert import AlertKind
from service.screening.criterion import Role
from service.screening.protocol import Protocol
from service.store.ledger import Ledger

_SWEEPS_FOR = timedelta(days=400)
"""A little more than the months that are shown."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The programme's numbers as they may be shown; None is hidden.

    `by_source` is by source of the cohort, then part of the programme; who is named by two sources
    counts in both. `channels` are those by which alerts were told.
    """

    protocol: Protocol
    counted_at: datetime
    first_day: date | None
    last_day: date | None
    is_of_another_protocol: bool
    criteria: Sequence[Stratum]
    numbers: Released
    funnel: tuple[ShownStep, ...]
    over_time: OverTime
    days: tuple[Days, ...]
    answers: ReleasedAnswers
    by_source: Shown
    unseen: tuple[Unseen, ...]
    channels: tuple[str, ...]

    @property
    def days_shown(self) -> list[Days]:
        """The days of screening episodes, where enough came so far."""
        return [d for d in self.days if d.quartiles is not None and d.kind is AlertKind.SCREENING]


def risk_factors(protocol: Protocol) -> list[Stratum]:
    """What the programme is divided by beside sex and age: number and title."""
    return [
        Stratum(entry.number, entry.title)
        for entry in protocol.entries
        if entry.criterion.role is Role.RISK_FACTOR
    ]


def count_sheet(ledger: Ledger, protocol: Protocol, today: date, zone: ZoneInfo) -> Sheet:
    """Count everything; `today` is that of the hospital. StoreError passes through."""
    now = datetime.now(UTC)
    people = list(ledger.report.judged())
    milestones = list(ledger.milestones.everything())
    of_screening = [m for _, m in milestones if m.kind is AlertKind.SCREENING]
    told = list(ledger.programme.told())
    criteria = risk_factors(protocol)
    programme = count_programme(people, criteria, protocol.digest)
    sweeps = list(ledger.programme.sweeps(now - _SWEEPS_FOR))
    within = int(protocol.entry("dxa-ordered").parameters["window_months"])
    answers = count_answers(
        told, milestones, ledger.programme.said(), ledger.programme.cards(), within, today
    )
    return Sheet(
        protocol=protocol,
        counted_at=now,
        first_day=programme.first_day,
        last_day=programme.last_day,
        is_of_another_protocol=rounded(programme.of_another_protocol) is not None,
        criteria=criteria,
        numbers=released(programme),
        funnel=released_funnel(count_funnel(people, milestones)),
        over_time=over_time(of_screening, told, sweeps, today, zone),
        days=days_of(milestones),
        answers=released_answers(answers),
        by_source=_by_source(ledger.programme.statuses_by_source()),
        unseen=unseen_types(people, protocol),
        channels=ledger.programme.channels(),
    )


def _by_source(statuses: Mapping[str, Mapping[str, int]]) -> Shown:
    """Most people have one source, so that a column may add up to what is known elsewhere."""
    table = {source: parts_of(found) for source, found in statuses.items()}
    return shown(table, rows_add_up=True, columns_add_up=True)
