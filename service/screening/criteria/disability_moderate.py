"""MSO-03: EDSS of 4.0 to 5.5, or an EDSS that has risen.

A newcomer would get four things wrong. Here an old value does not count (it does for MSO-02): both
arms look at the window only, and of a rise both values must lie in it, for the study behind it saw
worsening over two years. Only the latest value is compared with earlier ones, so that a rise from
which somebody recovered is none. The smaller step counts from 5.5 on, where half a step of the
scale is a walking aid or a wheelchair. And a value within days of a relapse may go back: it is
never the later value of a rise. Relapses are known where the chart codes one (SNOMED CT 192929006);
ICD-10-CM has no such code, and a course of steroids is not taken for one.

EDSS of 6.0 or more after a rise meets MSO-02 as well: the same domain, so nothing counts twice.
Source: specification 3.3 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, recent, weigh, words
from service.screening.edss import Reading, edss_readings
from service.screening.record import PatientRecord, When
from service.screening.value_sets import DataRequirement

RELAPSE = "multiple-sclerosis-relapse"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest value, a rise to it, and what could not be used."""
    since = add_months(on, -parameters["window_months"])
    readings, others = edss_readings(record, on)
    has_better = bool(readings) and readings[-1].when.last >= since
    for other in others:
        weight = Weight.SEEN if has_better else other.weight
        yield Evidence(other.source, other.statement, other.date, weight)
    if readings:
        yield _latest(readings[-1], parameters, since, on)
    if len(readings) > 1:
        yield from rises(record, parameters, on)


def _latest(reading: Reading, parameters: Parameters, since: date, on: date) -> Evidence:
    statement = f"EDSS {reading.value:.1f}, {words(reading.when)}"
    if not parameters["edss_at_least"] <= reading.value <= parameters["edss_at_most"]:
        return Evidence(reading.ref, statement, reading.when.last, Weight.SEEN)
    weight, note = recent(reading.when, since, on)
    if weight is Weight.SEEN:
        note = f"older than {parameters['window_months']:.0f} months"
    statement += f" ({note})" if note else ""
    return Evidence(reading.ref, statement, reading.when.last, weight)


def rises(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Evidence of worsening: the latest value that no relapse disturbs, against earlier ones.

    Also asked for the re-screen interval, which worsening shortens (specification 3.6).
    """
    since = add_months(on, -parameters["window_months"])
    readings = [r for r in edss_readings(record, on)[0] if _may_be_within(r.when, since, on)]
    relapses = list(_relapses(record, on))
    otherwise = None if "Condition" in record.unread else False
    for place in reversed(range(len(readings))):
        is_disturbed = _is_disturbed(readings[place], relapses, parameters, otherwise)
        rise = _rise(readings[:place], readings[place], parameters, since, on)
        if rise is not None and is_disturbed is not False:
            weight = Weight.SEEN if is_disturbed else Weight.UNCLEAR
            note = "measured near a relapse" if is_disturbed else "a relapse may have been near"
            yield Evidence(rise.source, f"{rise.statement} ({note})", rise.date, weight)
        elif rise is not None:
            yield rise
        if is_disturbed is not True:
            return


def _rise(
    earlier: list[Reading], later: Reading, parameters: Parameters, since: date, on: date
) -> Evidence | None:
    """The largest rise to a value, one that is certain before one whose dates are not exact."""
    best: tuple[bool, float, Evidence] | None = None
    for reading in earlier:
        rise = later.value - reading.value
        is_apart = _is_apart(reading.when, later.when, parameters["days_apart_at_least"])
        if rise < _rise_needed(reading, parameters) or is_apart is False:
            continue
        is_certain = is_apart is True and _are_within(reading.when, later.when, since, on)
        statement = (
            f"EDSS {later.value:.1f}, {words(later.when)}: a rise of {rise:.1f} since "
            f"{words(reading.when)}"
        )
        weight = Weight.COUNTS if is_certain else Weight.UNCLEAR
        statement += "" if is_certain else " (dates not exact enough)"
        if best is None or (is_certain, rise) >= best[:2]:
            evidence = Evidence(later.ref, statement, later.when.last, weight)
            best = is_certain, rise, evidence
    return best[2] if best else None


def _rise_needed(earlier: Reading, parameters: Parameters) -> float:
    is_high = earlier.value >= parameters["small_rise_from_edss"]
    return parameters["small_rise_at_least" if is_high else "rise_at_least"]


def _is_apart(earlier: When, later: When, days: float) -> bool | None:
    """Whether so many days lie between two dates; None where they may or may not."""
    if (later.first - earlier.last).days >= days:
        return True
    return None if (later.last - earlier.first).days >= days else False


def _may_be_within(when: When, since: date, on: date) -> bool:
    return when.is_within(since, on) is not False


def _are_within(earlier: When, later: When, since: date, on: date) -> bool:
    return bool(earlier.is_within(since, on)) and bool(later.is_within(since, on))


def _relapses(record: PatientRecord, on: date) -> Iterator[When]:
    for condition in coded(record, RELAPSE):
        if weigh(condition, on)[0] is Weight.COUNTS and condition.happened is not None:
            yield condition.happened


def _is_disturbed(
    reading: Reading, relapses: list[When], parameters: Parameters, otherwise: bool | None
) -> bool | None:
    """Whether a relapse lies within days of a value, before or after; None where it may."""
    days = timedelta(days=parameters["relapse_days"])
    found = otherwise
    for relapse in relapses:
        around = relapse.is_within(reading.when.last - days, reading.when.first + days)
        if around:
            return True
        if _overlap(relapse, reading.when, days):
            found = None
    return found


def _overlap(relapse: When, when: When, days: timedelta) -> bool:
    return relapse.first <= when.last + days and when.first - days <= relapse.last


CRITERION = Criterion(
    id="disability-moderate",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Observation", ("edss", "edss-invalid")),),
    helped_by=(DataRequirement("Condition"),),
    find=find,
    looks_for=frozenset({"edss"}),
    parameters=frozenset(
        {
            "edss_at_least",
            "edss_at_most",
            "window_months",
            "rise_at_least",
            "small_rise_from_edss",
            "small_rise_at_least",
            "days_apart_at_least",
            "relapse_days",
        }
    ),
)
