"""The programme over time: what happened in each week or month, how fast, and how many are due.

A newcomer would get three things wrong. What happened counts in the period of its own day, as the
EHR has it: a scan of March that is filed in May counts in March from then on. What lies before the
first period is counted too, without being shown: what is hidden could be computed without it. And
a number is hidden here where it is hidden elsewhere: a median with its count, who was due with
what else the sweep found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from zoneinfo import ZoneInfo

from service.report.disclosure import Shown, shown
from service.report.periods import Period, period_of, periods
from service.report.programme import parts_of, whole_shown
from service.screening.alert import AlertKind
from service.store.entries import EndedSweep, Milestone, ToldAlert

HAPPENINGS: Mapping[str, str] = {
    "due": "Found due",
    "told": "Alerts told",
    "seen": "Answered by a person",
    "ordered": "Scans ordered",
    "done": "Scans done",
}
"""Rows of the table: code and display."""
_EARLIER = "earlier"
_DUE = "due"
_STATUS = "status "


@dataclass(frozen=True, slots=True)
class OverTime:
    """As it may be shown, by period in the order of `periods`; None is hidden or unknown.

    `happened` is by code of `HAPPENINGS` and the period's word. `days_to_order` and `days_to_scan`
    are medians in days from due, in the period of the order or of the scan. `due` are the people
    who were due when the last sweep of the period ended, None too where none ended in it.
    """

    periods: tuple[Period, ...]
    happened: Shown
    days_to_order: tuple[float | None, ...]
    days_to_scan: tuple[float | None, ...]
    due: tuple[int | None, ...]


def over_time(
    milestones: Sequence[Milestone],
    told: Iterable[ToldAlert],
    sweeps: Sequence[EndedSweep],
    today: date,
    zone: ZoneInfo,
) -> OverTime:
    """Everything up to today at the hospital; `milestones` are those of screening episodes."""
    happened: list[tuple[str, date]] = [(m.what, m.on) for m in milestones if m.what in HAPPENINGS]
    happened += [("told", a.opened_on) for a in told if a.kind == AlertKind.SCREENING]
    ended = [(sweep.ended_at.astimezone(zone).date(), sweep) for sweep in sweeps]
    days = [day for _, day in happened] + [day for day, _ in ended]
    span = periods(min(days, default=None), today)
    may_show = _released(happened, span)
    return OverTime(
        periods=span,
        happened=may_show,
        days_to_order=_medians(milestones, "ordered", span, may_show),
        days_to_scan=_medians(milestones, "done", span, may_show),
        due=_due(ended, span),
    )


def _released(happened: Iterable[tuple[str, date]], span: Sequence[Period]) -> Shown:
    """How often each happened: the total of a row is known exactly elsewhere."""
    counted = Counter((what, _word(day, span)) for what, day in happened)
    words = [_EARLIER, *(p.word for p in span)]
    table = {what: {word: counted[what, word] for word in words} for what in HAPPENINGS}
    may_show = shown(table, rows_add_up=True, columns_add_up=False)
    return {what: {p.word: row[p.word] for p in span} for what, row in may_show.items()}


def _word(day: date, span: Sequence[Period]) -> str:
    period = period_of(day, span)
    return _EARLIER if period is None else period.word


def _medians(
    milestones: Iterable[Milestone], what: str, span: Sequence[Period], may_show: Shown
) -> tuple[float | None, ...]:
    days: dict[str, list[int]] = defaultdict(list)
    for m in milestones:
        if m.what == what:
            days[_word(m.on, span)].append((m.on - m.starts_on).days)
    return tuple(
        None if may_show[what][p.word] is None else float(median(days[p.word])) for p in span
    )


def _due(
    ended: Iterable[tuple[date, EndedSweep]], span: Sequence[Period]
) -> tuple[int | None, ...]:
    last = {_word(day, span): sweep for day, sweep in ended}  # Oldest first: the last one stays.
    return tuple(_due_after(last[p.word]) if p.word in last else None for p in span)


def _due_after(sweep: EndedSweep) -> int | None:
    """Who was due when it ended, as it may be shown beside everybody whom it judged."""
    statuses = {
        name.removeprefix(_STATUS): people
        for name, people in sweep.counts.items()
        if name.startswith(_STATUS)
    }
    return whole_shown(parts_of(statuses))[_DUE]
