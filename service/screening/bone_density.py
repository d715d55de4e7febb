"""Central bone density scans: when, and the lowest valid score.

A newcomer would get three things wrong. A scan comes as a Procedure, a report and several
Observations, days apart: what lies within the days of the protocol is one scan. A T-score says
"osteoporosis" only from the protocol's age or after menopause; a Z-score never does, and before
that age a Z-score that was given decides instead of the T-score. And a score of the forearm counts
only where the same scan gives none of spine or hip.
Source: specification 2.9, 3.5, 3.6 and section 7 "Bone density". All numbers are the protocol's
policy `bone-density`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.criterion import Parameters
from service.screening.diagnoses import words
from service.screening.person import is_known_postmenopausal, oldest_age, youngest_age
from service.screening.record import NO_CONCEPTS, Concepts, PatientRecord, ResourceRef, When
from service.screening.scan_traces import (
    CENTRAL,
    NOT_FOUND,
    RANGE,
    SHORTFALLS,
    Trace,
    central_traces,
    forearm_traces,
)

__all__ = ["CENTRAL"]  # Criteria look for it and for scans in one place.

AGE_FOR_T = "bone-density.age_for_t_score"
OSTEOPOROSIS_T = "bone-density.osteoporosis_t_at_most"
LOW_T = "bone-density.low_t_at_most"
OSTEOPENIA_T = "bone-density.osteopenia_t_at_most"
LOW_Z = "bone-density.low_z_at_most"
SAME_SCAN = "bone-density.same_scan_days"
SCAN_PARAMETERS = RANGE | {AGE_FOR_T, SAME_SCAN}
"""What a criterion names that asks for scans."""
PARAMETERS = SCAN_PARAMETERS | {OSTEOPOROSIS_T, LOW_T, OSTEOPENIA_T, LOW_Z}
"""All numbers of the policy `bone-density`, with its name before the dot."""


@dataclass(frozen=True, slots=True, repr=False)
class Scan:
    """One central scan. `lowest_t` and `lowest_z` are None where no valid score was found.

    `t_counts` is False where a Z-score decides because T does not apply for certain. `is_forearm`
    says that neither spine nor hip could be read. `concludes` is what a report's coded conclusion
    names.
    """

    when: When
    refs: tuple[ResourceRef, ...]
    lowest_t: float | None
    lowest_z: float | None
    t_counts: bool = True
    is_forearm: bool = False
    concludes: Concepts = NO_CONCEPTS
    shortfall: str = NOT_FOUND

    @property
    def deciding_t(self) -> float | None:
        """The T-score that bands are compared with; None where there is none, or Z decides."""
        return self.lowest_t if self.t_counts else None

    @property
    def has_result(self) -> bool:
        """Whether any valid score was found: else it is "done, result unknown"."""
        return self.lowest_t is not None or self.lowest_z is not None

    @property
    def says_something(self) -> bool:
        """Whether it has a score, or at least a coded conclusion."""
        return self.has_result or bool(self.concludes)

    def sentence(self) -> str:
        """The scan in words, with what was measured."""
        said = []
        if self.lowest_t is not None:
            said.append(f"lowest T-score {_tenths(self.lowest_t)}")
        if self.lowest_z is not None:
            said.append(f"lowest Z-score {_tenths(self.lowest_z)}")
        if self.is_forearm:
            said.append("of the forearm, none of spine or hip")
        said += [f"concluded as {what}" for what in sorted(self.concludes)]
        if not self.has_result:
            said.append(self.shortfall)
        return f"central DXA, {words(self.when)}, " + ", ".join(said)


def _tenths(score: float) -> str:
    """A score as scanners print it; with more digits where these would hide a side of a band."""
    text = f"{score:.1f}"
    return text if float(text) == score else f"{score:g}"


def central_scans(record: PatientRecord, numbers: Parameters, on: date) -> tuple[Scan, ...]:
    """All central scans up to a day, oldest first."""
    if CENTRAL not in record.concepts:
        return ()
    name = (central_scans, on, *(numbers[number] for number in SCAN_PARAMETERS))
    return record.lookup.kept(name, lambda: _scans(record, numbers, on))


def _scans(record: PatientRecord, numbers: Parameters, on: date) -> tuple[Scan, ...]:
    traces = list(central_traces(record, numbers, on))
    if not traces:
        return ()
    reach = timedelta(days=numbers[SAME_SCAN])
    forearm = list(forearm_traces(record, numbers, on))
    scans = [_scan(group, forearm, reach, record, numbers) for group in _groups(traces, reach)]
    return tuple(sorted(scans, key=lambda scan: (scan.when.last, scan.when.first)))


def latest_scan(record: PatientRecord, numbers: Parameters, on: date) -> Scan | None:
    """The newest central scan, None without one."""
    scans = central_scans(record, numbers, on)
    return scans[-1] if scans else None


def _groups(traces: list[Trace], reach: timedelta) -> list[list[Trace]]:
    """Traces that are one scan; a year or a month joins an exact day that it holds."""
    groups: list[list[Trace]] = []
    for trace in sorted(traces, key=lambda t: (not _is_exact(t), t.when.last, t.ref)):
        gap = reach if _is_exact(trace) else timedelta()
        near = (g for g in reversed(groups) if _is_near(trace.when, g[-1].when, gap))
        group = next(near, None)
        if group is None:
            groups.append([trace])
        elif _is_exact(trace):
            group.append(trace)
        else:
            group.insert(0, trace)  # The last one stays exact.
    return groups


def _is_exact(trace: Trace) -> bool:
    return trace.when.first == trace.when.last


def _is_near(one: When, other: When, reach: timedelta) -> bool:
    return one.first - other.last <= reach and other.first - one.last <= reach


def _when(traces: list[Trace], scored: list[Trace]) -> When:
    """The day of the newest score, else of the newest trace; as late as a vague trace may mean."""
    dated = scored or list(filter(_is_exact, traces)) or traces
    when = max((t.when for t in dated), key=lambda w: (w.last, w.first))
    vague = (t.when.last for t in traces if not _is_exact(t))
    return When(when.first, max(when.last, *vague, when.last))


def _scan(
    traces: list[Trace],
    forearm: list[Trace],
    reach: timedelta,
    record: PatientRecord,
    numbers: Parameters,
) -> Scan:
    scored = [t for t in traces if t.kind]
    when = _when(traces, scored)
    is_forearm = not scored
    if is_forearm:
        scored = [t for t in forearm if _is_near(t.when, when, reach)]
    lowest_z = min((t.score for t in scored if t.kind == "Z"), default=None)
    return Scan(
        when=when,
        refs=tuple(dict.fromkeys(t.ref for t in (*scored, *traces))),
        lowest_t=min((t.score for t in scored if t.kind == "T"), default=None),
        lowest_z=lowest_z,
        t_counts=lowest_z is None or _may_t_apply(record, numbers, when.last),
        is_forearm=is_forearm and bool(scored),
        concludes=NO_CONCEPTS.union(*(t.concludes for t in traces)),
        shortfall=min((t.shortfall for t in traces), key=SHORTFALLS.index),
    )


def t_applies(record: PatientRecord, numbers: Parameters, on: date) -> bool:
    """Whether a T-score of that day may name osteoporosis: from that age or known menopause."""
    age = youngest_age(record, on)
    return (age is not None and age >= numbers[AGE_FOR_T]) or is_known_postmenopausal(record, on)


def _may_t_apply(record: PatientRecord, numbers: Parameters, on: date) -> bool:
    """Whether T applies, or might if more could be read: no score is left out on a guess."""
    oldest = oldest_age(record, on)
    is_too_young = oldest is not None and oldest < numbers[AGE_FOR_T]
    return not is_too_young or "Condition" in record.unread or is_known_postmenopausal(record, on)


def osteoporotic_scans(record: PatientRecord, numbers: Parameters, on: date) -> Iterator[Scan]:
    """Scans whose T-score means known osteoporosis, or whose report concludes it without one."""
    for scan in central_scans(record, numbers, on):
        if scan.lowest_t is not None:
            names_it = scan.lowest_t <= numbers[OSTEOPOROSIS_T]
        else:
            names_it = not scan.has_result and "osteoporosis" in scan.concludes
        if names_it and t_applies(record, numbers, scan.when.last):
            yield scan


def is_low(scan: Scan, numbers: Parameters) -> bool:
    """Whether a scan shows low bone mass (MSO-17): by its deciding score, else its conclusion."""
    if not scan.has_result:
        return bool(scan.concludes)
    return (scan.deciding_t is not None and scan.deciding_t <= numbers[OSTEOPENIA_T]) or (
        scan.lowest_z is not None and scan.lowest_z <= numbers[LOW_Z]
    )
