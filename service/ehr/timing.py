"""FHIR Timing -> on which days, and how many doses on each.

A newcomer would get four things wrong. `repeat.duration` is how long one dose takes (an infusion of
an hour), not how long the treatment lasts; only where it is as long as the period or longer, which
no single dose can be, it is the length of the course that the writer meant. Three times a week is
not daily: it is a dose on every 7/3-th day. A frequency or count that is a range counts with its
low end and a period with its long one, because criteria ask for "at least". And a timing without
any frequency, period or code says nothing: it is not "once a day", and neither is a `when` of a
meaning that FHIR does not know.

Nothing is read from free text; `timing.code` is read by a table of exact abbreviations
(HL7 v3-GTSAbbreviation and the usual Latin ones), never by words inside a sentence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.ehr.amount import HOURS
from service.ehr.fields import Json, number_in, object_in, objects_in, text_in, texts_in, when_in

NO_TIMING = "how often it is taken is not stated"
NO_BOUNDS = "how long it is taken is a range without a low end"
NO_EVENT_DAY = "a day on which it is taken is not known to the day"
CONTRADICTING_TIMING = "how often it is taken could not be understood"

_MOST_DOSES_A_DAY = 96  # Every quarter of an hour; what is more frequent is a mistyped unit.
_MOST_DAYS = 36_600  # A century: longer bounds are mistyped, and dates must not overflow.
_LEAST_HOURS = 1e-9  # Below it is no time at all, and nothing can be divided by it.
_WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_EVERY_MEAL = frozenset({"AC", "PC", "C"})
# HL7 EventTiming and the v3 TimingEvents that `repeat.when` may name.
_WHENS = _EVERY_MEAL | frozenset(
    (
        "MORN MORN.EARLY MORN.LATE NOON AFT AFT.EARLY AFT.LATE EVE EVE.EARLY EVE.LATE NIGHT PHS IMD"
        " HS WAKE CM CD CV ACM ACD ACV PCM PCD PCV"
    ).split()
)

# Doses on a dosing day, and days from one dosing day to the next.
_ABBREVIATIONS = {
    **dict.fromkeys(("QD", "OD", "Q24H", "DAILY", "ONCE DAILY", "EVERY DAY", "1X/DAY"), (1, 1)),
    **dict.fromkeys(("ONCE A DAY", "1 TIME DAILY", "ONE TIME DAILY", "ONCE EVERY DAY"), (1, 1)),
    **dict.fromkeys(("AM", "PM", "BED", "HS", "QHS", "QAM", "QPM", "QAM AC", "NIGHTLY"), (1, 1)),
    **dict.fromkeys(("EVERY MORNING", "EVERY EVENING", "EVERY NIGHT", "MANE", "NOCTE"), (1, 1)),
    **dict.fromkeys(("BID", "BD", "Q12H", "TWICE DAILY", "2X/DAY"), (2, 1)),
    **dict.fromkeys(("TWICE A DAY", "2 TIMES DAILY", "TWO TIMES DAILY"), (2, 1)),
    **dict.fromkeys(("TID", "TDS", "Q8H", "THREE TIMES DAILY", "3X/DAY"), (3, 1)),
    **dict.fromkeys(("THREE TIMES A DAY", "3 TIMES DAILY"), (3, 1)),
    **dict.fromkeys(("QID", "QDS", "Q6H", "FOUR TIMES DAILY", "4X/DAY"), (4, 1)),
    **dict.fromkeys(("FOUR TIMES A DAY", "4 TIMES DAILY"), (4, 1)),
    **dict.fromkeys(("QOD", "Q48H", "EVERY OTHER DAY"), (1, 2)),
    **dict.fromkeys(("WK", "WEEKLY", "QWEEK", "ONCE WEEKLY", "EVERY WEEK"), (1, 7)),
    **dict.fromkeys(("MO", "MONTHLY", "ONCE MONTHLY", "EVERY MONTH"), (1, 730.5 / 24)),
}
_ONCE = frozenset({"ONCE", "STAT", "X1", "ONE TIME", "ONE-TIME"})
_EVERY_HOURS = re.compile(r"(?:Q|EVERY )(\d{1,3}) ?H(?:RS?|OURS?)?")


_BOUNDS = frozenset({"boundsPeriod", "boundsDuration", "boundsRange", "count"})


@dataclass(frozen=True, slots=True, repr=False)
class Schedule:
    """When doses fall. `since` and `until` are bounds with dates, `length_days` one without.

    `doses_per_day` are those of a dosing day; with `weekdays` (Monday is 0) a dosing day is one of
    them in every `interval_days / 7`-th week. `events` are single days, one entry for each dose,
    and stand instead of everything else. `problem` says why the doses cannot be told.
    """

    doses_per_day: float = 1
    interval_days: float = 1
    weekdays: frozenset[int] = frozenset()
    events: tuple[date, ...] = ()
    since: date | None = None
    until: date | None = None
    length_days: int | None = None
    dose_count: int | None = None
    dose_hours: float | None = None
    problem: str = ""


def schedule_of(timing: Json) -> Schedule:
    """Read a Timing; never raises. Bounds are given even where the doses cannot be told."""
    events = timing.get("event")
    if isinstance(events, list) and events:
        return _events(events)
    repeat = object_in(timing, "repeat")
    schedule = _doses(repeat, timing)
    schedule = _with_bounds(schedule, repeat)
    hours = _hours(repeat, "duration", "durationUnit")
    if hours is None or schedule.problem:
        return schedule
    schedule = replace(schedule, dose_hours=min(hours, 24))
    if hours >= 24 * schedule.interval_days and not _has_bounds(schedule):
        return replace(schedule, length_days=_whole_days(hours / 24))
    return schedule


def _events(events: list[object]) -> Schedule:
    whens = [when_in({"event": event}, "event") for event in events]
    days = tuple(sorted(w.first for w in whens if w is not None and w.first == w.last))
    return Schedule(events=days, problem="" if len(days) == len(events) else NO_EVENT_DAY)


def _doses(repeat: Json, timing: Json) -> Schedule:
    period_hours = _hours(repeat, "period", "periodUnit", most="periodMax")
    has_period = "period" in repeat or "periodUnit" in repeat
    frequency = number_in(repeat, "frequency")
    times = max(len(texts_in(repeat, "timeOfDay")), _times_of_day(repeat, frequency))
    weekdays = frozenset(
        _WEEKDAYS[day.lower()] for day in texts_in(repeat, "dayOfWeek") if day.lower() in _WEEKDAYS
    )
    has_unknown_day = len(weekdays) != len(set(texts_in(repeat, "dayOfWeek")))
    if has_unknown_day or not _WHENS.issuperset(map(str.upper, texts_in(repeat, "when"))):
        return Schedule(problem=CONTRADICTING_TIMING)
    if "frequencyMax" in repeat and frequency is None:
        return Schedule(problem=NO_TIMING)
    if has_period:
        if period_hours is None or (frequency is not None and frequency <= 0):
            return Schedule(problem=CONTRADICTING_TIMING)
        return _periodic(frequency, period_hours / 24, times, weekdays)
    if times or weekdays:
        return _plausible(Schedule(max(times, frequency or 1), 7 if weekdays else 1, weekdays))
    if frequency is None:
        return _coded(timing, repeat)
    return Schedule(problem=NO_TIMING)


def _periodic(
    frequency: float | None, period_days: float, times: int, weekdays: frozenset[int]
) -> Schedule:
    """`frequency` doses in each period; FHIR means once where it gives a period alone."""
    doses = frequency or 1
    if period_days <= 1:
        per_day = doses / period_days
        return _plausible(Schedule(max(per_day, times), 7 if weekdays else 1, weekdays))
    if weekdays:
        weeks = max(1, round(period_days / 7))
        return _plausible(Schedule(max(doses / len(weekdays), times, 1), 7 * weeks, weekdays))
    if doses >= period_days:
        return _plausible(Schedule(max(doses / period_days, times)))
    # Several times of the day on each dosing day, and the frequency names the days of the period.
    return _plausible(Schedule(max(times, 1), period_days / doses))


def _plausible(schedule: Schedule) -> Schedule:
    is_plausible = (
        schedule.doses_per_day <= _MOST_DOSES_A_DAY and schedule.interval_days <= _MOST_DAYS
    )
    return schedule if is_plausible else Schedule(problem=CONTRADICTING_TIMING)


def _times_of_day(repeat: Json, frequency: float | None) -> int:
    """Doses that `when` names: "with meals" alone is three, "once, with a meal" is one."""
    meals = 3 if frequency is None else 1
    return sum(meals if when.upper() in _EVERY_MEAL else 1 for when in texts_in(repeat, "when"))


def _coded(timing: Json, repeat: Json) -> Schedule:
    """What `timing.code` says; failing that, a count of one dose is one dose."""
    concept = object_in(timing, "code")
    words = [text_in(c, key) for c in objects_in(concept, "coding") for key in ("code", "display")]
    found: set[tuple[float, float]] = set()
    for word in [*words, text_in(concept, "text")]:
        word = re.sub(r"\s+", " ", word.upper().replace(".", "")).strip()
        if word in _ONCE:
            return Schedule(length_days=1, dose_count=1)
        if word in _ABBREVIATIONS:
            found.add(_ABBREVIATIONS[word])
        elif (match := _EVERY_HOURS.fullmatch(word)) and int(match[1]) > 0:
            hours = int(match[1])
            found.add((24 / hours, 1) if hours <= 24 else (1, hours / 24))
    if len(found) == 1:
        return Schedule(*found.pop())
    if not found and number_in(repeat, "count") == 1:
        return Schedule(length_days=1, dose_count=1)
    return Schedule(problem=CONTRADICTING_TIMING if found else NO_TIMING)


def _with_bounds(schedule: Schedule, repeat: Json) -> Schedule:
    """Bounds by date, by length or by count of doses; a range counts with its low end."""
    if _BOUNDS.isdisjoint(repeat):
        return schedule
    period = object_in(repeat, "boundsPeriod")
    start, end = when_in(period, "start"), when_in(period, "end")
    length = _days_of(object_in(repeat, "boundsDuration"))
    problem = schedule.problem
    bounds_range = object_in(repeat, "boundsRange")
    if bounds_range:
        length = _days_of(object_in(bounds_range, "low"))
        problem = problem or (NO_BOUNDS if length is None else "")
    count = number_in(repeat, "count")
    return replace(
        schedule,
        since=start.last if start else None,
        until=end.first if end else None,
        length_days=length or schedule.length_days,
        dose_count=max(1, int(min(count, _MOST_DAYS))) if count else schedule.dose_count,
        problem=problem,
    )


def _has_bounds(schedule: Schedule) -> bool:
    return bool(schedule.until or schedule.length_days or schedule.dose_count)


def _hours(source: Json, key: str, unit_key: str, most: str = "") -> float | None:
    value = number_in(source, key)
    if most and value is not None:
        value = max(value, number_in(source, most) or value)
    hours = HOURS.get(text_in(source, unit_key).lower())
    return value * hours if value and hours and value * hours > _LEAST_HOURS else None


def days_of(duration: Json) -> float | None:
    """A Duration in days; None without a positive number and a unit of time."""
    value = number_in(duration, "value")
    for key in ("code", "unit"):
        hours = HOURS.get(text_in(duration, key).lower())
        if hours and value and value * hours > _LEAST_HOURS:
            return value * hours / 24
    return None


def _days_of(duration: Json) -> int | None:
    days = days_of(duration)
    return None if days is None else _whole_days(days)


def _whole_days(days: float) -> int:
    return max(1, math.ceil(min(days, _MOST_DAYS) - 1e-9))


def last_day(schedule: Schedule, first: date) -> date | None:
    """The last day of a schedule that starts on `first`; None where it has no end."""
    ends = [schedule.until] if schedule.until else []
    if schedule.length_days:
        ends.append(later(first, schedule.length_days - 1))
    if schedule.dose_count:
        rounds = math.ceil(
            schedule.dose_count / schedule.doses_per_day / max(1, len(schedule.weekdays))
        )
        if schedule.weekdays:
            ends.append(later(first, rounds * schedule.interval_days - 1))
        else:
            ends.append(later(first, math.floor((rounds - 1) * schedule.interval_days)))
    return min(ends, default=None)


def later(day: date, days: float) -> date:
    """Some days later (or earlier), stopping at the calendar's ends rather than raising."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
