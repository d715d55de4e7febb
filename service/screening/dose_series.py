"""What all records say together: per ingredient and day the dose of the most trusted record.

A newcomer would get four things wrong.

One dose stands in the chart up to four times: ordered, dispensed, given and stated. Per ingredient
and day one kind of record counts: administration, else dispense, else request, else statement
(specification, 2.6 trap 7). Several administrations of a day add up, because each is one event. Two
dispenses, requests or statements of a day do not: they are nearly always a renewal that overlaps,
so the larger dose stands. Two tablet strengths that were ordered as two records are undercounted by
that, never overcounted. Parallel instructions of one record do add up.

The days of an order and of what was done on it seldom agree: five doses ordered on Monday are given
from Tuesday on. So the days that linked records tell are taken off the order's own number of days,
and what is left of it lies at its end; five doses are never six.

Pulses are judged by the course, because their records are often not linked: 3 x 1 g ordered from
the 1st and given from the 3rd on are three doses, not five. So the pulse days of an order or a
statement are not added where a pulse of the ingredient was dispensed or given on one of them, or
within the gap of a course (7 days) of them. Such a day speaks only for the orders that it names
where it names any, and never for an order on whose days it does not lie where it lies on another's:
two more doses that were ordered for after the three that were given are added. Daily low doses stay
with the order of trust, day by day. Local decision, unconfirmed.

A record that cannot be judged is never a dose of zero. It is listed as unclear, unless it lies
outside the period, or other records of the ingredient tell what was taken on all of its days, or it
is linked (`based_on`) with a record that tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, timedelta

from service.screening.glucocorticoid_use import Reading, Stay, UnclearUse
from service.screening.prednisone_equivalents import Equivalents
from service.screening.record import ResourceRef

_RANKS = {"administration": 0, "dispense": 1, "request": 2, "statement": 3}
_EVENTS = _RANKS["administration"]
_ORDERS = _RANKS["request"]

Day = tuple[int, float, tuple[ResourceRef, ...]]
"""The rank of the records that count on a day, the milligrams of the ingredient, the records."""
Series = dict[str, dict[date, Day]]


def series_by_ingredient(readings: Sequence[Reading], since: date, until: date, on: date) -> Series:
    """Per ingredient and day the dose of the best kind of record, in mg of the ingredient."""
    told = _days_told(readings, on)
    series: Series = {}
    for reading in sorted(readings, key=lambda r: (_RANKS[r.use.kind], r.use.ref)):
        rank = _RANKS[reading.use.kind]
        days = series.setdefault(reading.ingredient, {})
        doses = _doses(reading, since, until)
        if linked := told.get(reading.use.ref):
            spared = _spared(reading, linked, on)
            doses = {day: mg for day, mg in doses.items() if day not in spared}
        if not days:
            refs = (reading.use.ref,)
            days.update({day: (rank, mg, refs) for day, mg in doses.items()})
            continue
        for day, mg in doses.items():
            known = days.get(day)
            if known is None or (known[0] == rank != _EVENTS and known[1] < mg):
                days[day] = (rank, mg, (reading.use.ref,))
            elif known[0] == rank == _EVENTS:
                days[day] = (rank, known[1] + mg, (*known[2], reading.use.ref))
    return series


def _doses(reading: Reading, since: date, until: date) -> dict[date, float]:
    """The dose of each day; instructions of one record that overlap add up."""
    if len(reading.stays) == 1:
        return dict.fromkeys(reading.stays[0].days(since, until), reading.stays[0].mg)
    doses: dict[date, float] = {}
    for stay in reading.stays:
        for day in stay.days(since, until):
            doses[day] = doses.get(day, 0.0) + stay.mg
    return doses


def _days_told(readings: Sequence[Reading], on: date) -> dict[ResourceRef, set[date]]:
    """For each order the days on which a dispense or administration of it gives a dose."""
    told: dict[ResourceRef, set[date]] = {}
    for reading in readings:
        if _RANKS[reading.use.kind] < _ORDERS and reading.use.based_on:
            days = _doses(reading, date.min, on).keys()
            for ref in reading.use.based_on:
                told.setdefault(ref, set()).update(days)
    return told


def _spared(reading: Reading, told: Set[date], on: date) -> set[date]:
    """The earliest days of an order that other days have taken the place of."""
    # A day of an order that runs on after today may still take the place of one before.
    planned = _doses(reading, date.min, on + timedelta(days=len(told))).keys()
    left = max(0, len(planned) - len(told))
    own = sorted(day for day in planned - told if day <= on)
    return set(own[: max(0, len(own) - left)])


def without_given_pulses(
    readings: Sequence[Reading], equivalents: Equivalents, on: date
) -> list[Reading]:
    """The same records; orders and statements without the pulse days that stand in others too."""
    pulses = {r.use.ref: own for r in readings if (own := _ordered_pulses(r, equivalents, on))}
    if not pulses:
        return list(readings)
    ordered = [r for r in readings if r.use.kind == "request" and r.use.ref in pulses]
    given = _given_pulses(readings, equivalents, on)
    kept: list[Reading] = []
    for reading in readings:
        own = pulses.get(reading.use.ref, ())
        told = _told(reading, own, ordered, pulses, given, equivalents) if own else set()
        kept.append(_without(reading, own, told, equivalents) if told else reading)
    return kept


def _told(
    reading: Reading,
    own: Sequence[Stay],
    ordered: Iterable[Reading],
    pulses: Mapping[ResourceRef, Sequence[Stay]],
    given: Mapping[str, Sequence[tuple[date, Set[ResourceRef]]]],
    equivalents: Equivalents,
) -> set[Stay]:
    """Which of a record's own pulses others tell."""
    orders = [r.use.ref for r in ordered if r.ingredient == reading.ingredient]
    all_ordered = [*own, *(pulse for ref in orders for pulse in pulses[ref])]
    days = [
        day
        for day, named in given.get(reading.ingredient, ())
        if not named or reading.use.ref in named
    ]
    gap_days = equivalents.short_course_gap_days
    return {p for p in own if any(_speaks(day, p, all_ordered, gap_days) for day in days)}


def _ordered_pulses(reading: Reading, equivalents: Equivalents, on: date) -> tuple[Stay, ...]:
    """The pulses of an order or a statement, one for each course of it."""
    if _RANKS[reading.use.kind] < _ORDERS:
        return ()
    stays = [stay for stay in reading.stays if _is_pulse(reading, stay.mg, equivalents)]
    return tuple(run for stay in stays for run in _courses_of(stay, equivalents, on))


def _is_pulse(reading: Reading, mg: float, equivalents: Equivalents) -> bool:
    return mg * equivalents.factors[reading.ingredient] >= equivalents.pulse_mg


def _courses_of(stay: Stay, equivalents: Equivalents, on: date) -> Iterator[Stay]:
    """A pulse every four weeks is a course each time."""
    if stay.interval_days <= equivalents.short_course_gap_days:
        yield stay
    else:
        yield from (Stay(day, day, stay.mg, 1) for day in stay.days(date.min, on))


def _given_pulses(
    readings: Sequence[Reading], equivalents: Equivalents, on: date
) -> dict[str, list[tuple[date, Set[ResourceRef]]]]:
    """Per ingredient the days with a pulse dose given or dispensed, and the orders they name."""
    doses: dict[tuple[str, date], tuple[float, Set[ResourceRef]]] = {}
    for reading in readings:
        if _RANKS[reading.use.kind] < _ORDERS:
            for day, mg in _doses(reading, date.min, on).items():
                before, orders = doses.get((reading.ingredient, day), (0.0, frozenset()))
                doses[reading.ingredient, day] = (before + mg, orders | {*reading.use.based_on})
    found: dict[str, list[tuple[date, Set[ResourceRef]]]] = {}
    for (ingredient, day), (mg, orders) in doses.items():
        if mg * equivalents.factors[ingredient] >= equivalents.pulse_mg:
            found.setdefault(ingredient, []).append((day, orders))
    return found


def _speaks(day: date, pulse: Stay, ordered: Iterable[Stay], gap_days: float) -> bool:
    """Whether a pulse on a day is one of those that were ordered."""
    if _holds(pulse, day):
        return True
    is_near = -gap_days <= (day - pulse.first).days and (day - pulse.last).days <= gap_days
    return is_near and not any(_holds(other, day) for other in ordered)


def _holds(stay: Stay, day: date) -> bool:
    return stay.first <= day <= stay.last


def _without(
    reading: Reading, own: Sequence[Stay], told: Set[Stay], equivalents: Equivalents
) -> Reading:
    low = [stay for stay in reading.stays if not _is_pulse(reading, stay.mg, equivalents)]
    return replace(reading, stays=[*low, *(pulse for pulse in own if pulse not in told)])


def unsettled(
    readings: Sequence[Reading], series: Series, since: date, until: date
) -> tuple[UnclearUse, ...]:
    """One reason for each record that is unclear in the period and that no other record tells."""
    telling = [r for r in readings if any(True for s in r.stays for _ in s.days(since, until))]
    readable = {r.use.ref for r in telling}
    told_by_others = {ref for r in telling for ref in r.use.based_on}
    found: dict[ResourceRef, UnclearUse] = {}
    for reading in readings:
        use = reading.use
        if use.ref in told_by_others or not readable.isdisjoint(use.based_on):
            continue
        covered = series.get(reading.ingredient, {})
        for unclear in _touching(reading.unclear, since, until):
            if not _is_covered(unclear, covered, since, until):
                found.setdefault(unclear.source, unclear)
    return tuple(found[ref] for ref in sorted(found))


def _touching(unclear: Iterable[UnclearUse], since: date, until: date) -> Iterable[UnclearUse]:
    """Those that may have been taken on a day of the period."""
    for use in unclear:
        first = use.first or since
        if use.last >= max(first, since) and first <= until:
            yield use


def _is_covered(unclear: UnclearUse, covered: Mapping[date, Day], since: date, until: date) -> bool:
    if unclear.first is None:
        return False
    first, last = max(unclear.first, since), min(unclear.last, until)
    count = (last - first).days + 1
    return all(first + timedelta(days=offset) in covered for offset in range(count))
