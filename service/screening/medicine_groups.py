"""Groups of medicines, and three ways to ask whether one was taken long or often enough.

A newcomer would get two things wrong. What cannot be told is unclear only where it could make the
difference; else it is shown. And an order that lasts is no second issue, so that where issues are
asked for, days count too.

Which medicines make a group, and its numbers, are the criterion's. Source: specification 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import recent
from service.screening.medicine_days import Coverage, Days, count_days, coverage_of, merged
from service.screening.medicine_use import different_dates, issues_of
from service.screening.record import MedicationUse, ResourceRef

AS_NEEDED = "it is taken as needed, so on which days is not known"

SHARED_NUMBERS = frozenset(
    {
        "renewal_months",
        "course_gap_days",
        "course_ended_months",
        "issues_months",
        "issues_at_least",
        "issues_days_at_least",
        "same_issue_days",
    }
)
"""What the three ways read beside the numbers of a group."""


def never(_use: MedicationUse) -> str:
    """No reason against a record."""
    return ""


@dataclass(frozen=True, slots=True)
class Group:
    """Medicines that are judged together.

    `name` begins the names of its `numbers`. `accepts` says whether a record of one of its value
    sets is meant at all, `why_not` why one that is meant cannot be judged ("" where it can).
    """

    name: str
    words: str
    value_sets: frozenset[str]
    judge: Callable[[Group, Sequence[MedicationUse], Parameters, date], Iterator[Evidence]]
    accepts: Callable[[MedicationUse], bool]
    numbers: tuple[str, ...] = ()
    why_not: Callable[[MedicationUse], str] = never


def by_days(
    group: Group, uses: Sequence[MedicationUse], parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """Enough days in the window, whether in a row or not."""
    window = parameters[f"{group.name}_window_days"]
    since = on - timedelta(days=window - 1)
    coverage = _coverage(group, uses, parameters, on)
    at_least = parameters[f"{group.name}_days_at_least"]
    count = count_days(coverage.days, since, on)
    statement = f"{group.words} on {count} of the last {window:.0f} days"
    yield from _told(coverage, statement, since, is_met=count >= at_least)
    if count < at_least:
        could = count_days(coverage.possible, since, on) >= at_least
        yield from _untold(group, coverage, since, could=could)


def by_course(
    group: Group, uses: Sequence[MedicationUse], parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """One course that is long enough and has lasted into the recent past."""
    lasting = parameters.get(f"{group.name}_lasting_days", 1)
    coverage = _coverage(group, uses, parameters, on, lasting_days=int(lasting))
    gap_days = parameters["course_gap_days"]
    months = parameters[f"{group.name}_months_at_least"]
    since = add_months(on, -parameters["course_ended_months"])
    long = [c for c in merged(coverage.days, gap_days) if _is_long(c, months, since)]
    for course in long or merged(coverage.days, gap_days)[-1:]:
        note = "" if long else f" (less than {months:.0f} months, or too long ago)"
        statement = f"{group.words} from {course.first} to {course.last}{note}"
        yield from _told(coverage, statement, course.first, is_met=bool(long), until=course.last)
    if not long:
        courses = merged(coverage.possible, gap_days)
        could = any(_is_long(c, months, since) for c in courses)
        yield from _untold(group, coverage, date.min, could=could)


def _is_long(course: Days, months: float, since: date) -> bool:
    # The last day counts as a day of the course.
    ended = date.fromordinal(min(course.last.toordinal() + 1, date.max.toordinal()))
    return course.last >= since and add_months(course.first, months) <= ended


def by_issues(
    group: Group, uses: Sequence[MedicationUse], parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """Issued often enough in the window, or taken on so many days as that many issues last."""
    months = parameters["issues_months"]
    since = add_months(on, -months)
    issues = issues_of(uses, parameters["same_issue_days"])
    judged = [(use, when, recent(when, since, on)[0]) for use, when in issues]
    inside = [when for _, when, weight in judged if weight is Weight.COUNTS]
    maybe = [when for _, when, weight in judged if weight is Weight.UNCLEAR]
    coverage = _coverage(group, uses, parameters, on)
    needed, days_needed = parameters["issues_at_least"], parameters["issues_days_at_least"]
    count, days = different_dates(inside), count_days(coverage.days, since, on)
    is_met = count >= needed or days >= days_needed
    statement = (
        f"{group.words}: {count} {'issue' if count == 1 else 'issues'} and {days} days"
        f" in the last {months:.0f} months"
    )
    sources = {use.ref for use, when, weight in judged if weight is Weight.COUNTS}
    weight = Weight.COUNTS if is_met else Weight.SEEN
    for use in uses:
        last = _last_inside(use, coverage, since)
        if use.ref in sources or last is not None:
            day = last or (use.renewed.last if use.renewed else None)
            yield Evidence(use.ref, statement + by_name(use), day, weight)
    if is_met:
        return
    unread = sum(use.counts is None and use.kind in ("request", "dispense") for use in uses)
    could = (
        different_dates(inside + maybe) + unread >= needed
        or count_days(coverage.possible, since, on) >= days_needed
    )
    yield from _untold(group, coverage, since, could=could)


def _coverage(
    group: Group,
    uses: Sequence[MedicationUse],
    parameters: Parameters,
    on: date,
    *,
    lasting_days: int = 1,
) -> Coverage:
    reasons = {u.ref: why for u in uses if (why := group.why_not(u) or _why_not_known(u))}
    months = parameters["renewal_months"]
    return coverage_of(uses, on, renewal_months=months, reasons=reasons, lasting_days=lasting_days)


def _told(
    coverage: Coverage, statement: str, since: date, *, is_met: bool, until: date = date.max
) -> Iterator[Evidence]:
    """The records with days in the window, each once with its last day."""
    weight = Weight.COUNTS if is_met else Weight.SEEN
    found: dict[ResourceRef, Evidence] = {}
    for use, days in sorted(coverage.certain, key=lambda c: c[1]):
        if days.last >= since and days.first <= until:
            found[use.ref] = Evidence(use.ref, statement + by_name(use), days.last, weight)
    yield from found.values()


def _last_inside(use: MedicationUse, coverage: Coverage, since: date) -> date | None:
    lasts = [d.last for u, d in coverage.certain if u.ref == use.ref and d.last >= since]
    return max(lasts, default=None)


def _untold(group: Group, coverage: Coverage, since: date, *, could: bool) -> Iterator[Evidence]:
    """What cannot be told: unclear where it could make the difference, else only shown."""
    weight = Weight.UNCLEAR if could else Weight.SEEN
    for unclear in coverage.unclear:
        if unclear.last >= since:
            statement = f"{group.words}: {unclear.reason}"
            yield Evidence(unclear.source, statement, unclear.first, weight)


def _why_not_known(use: MedicationUse) -> str:
    # What was handed over or given is a fact, however it is to be taken.
    return AS_NEEDED if use.is_as_needed and use.kind in ("request", "statement") else ""


def by_name(use: MedicationUse) -> str:
    """The words that go behind a medicine which no code but its name told."""
    return " (recognised by name)" if use.is_recognised_by_name else ""
