"""Bone density scans: what was done, on what device, and the lowest valid score.

A newcomer would get four things wrong. A T-score code may carry grams per square centimetre (a
real published example does): code, unit and range together tell what a number is, and one that
fails is "done, result unknown", never a normal result. A peripheral scan closes nothing. A scan
comes as a Procedure, a report and several Observations, days apart: what lies within 30 days is one
scan. And a T-score says "osteoporosis" only from age 50 or after menopause; a Z-score never does.
Source: specification 2.9, 3.5, 3.6 and section 7 "Bone density".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening import measurements
from service.screening.criterion import Evidence, Weight
from service.screening.diagnoses import is_future, words
from service.screening.edss import bare_unit
from service.screening.person import is_known_postmenopausal, youngest_age
from service.screening.record import Observation, PatientRecord, ResourceRef, When

CENTRAL = "dxa-central"
PERIPHERAL = "dxa-peripheral"
SITE_UNKNOWN = "dxa-site-unknown"
_SCORES = {"dxa-t-score": "T", "dxa-z-score": "Z"}
_UNITS = {
    "T": frozenset({"", "1", "t-score", "score", "sd"}),
    "Z": frozenset({"", "1", "z-score", "score", "sd"}),
}
_LOWEST, _HIGHEST = -6.0, 6.0
_ONE_SCAN = timedelta(days=30)
OSTEOPOROSIS_T = -2.5
OSTEOPENIA_T = -1.0
LOW_Z = -2.0
AGE_FOR_T = 50


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """One resource that tells of a scan; `kind` is "T", "Z" or "" where it gives no valid score."""

    ref: ResourceRef
    when: When
    kind: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Scan:
    """One central scan. `lowest_t` and `lowest_z` are None where no valid score was found."""

    when: When
    refs: tuple[ResourceRef, ...]
    lowest_t: float | None
    lowest_z: float | None

    @property
    def has_result(self) -> bool:
        """Whether any valid score was found."""
        return self.lowest_t is not None or self.lowest_z is not None

    def sentence(self) -> str:
        """The scan in words, with what was measured."""
        scores = []
        if self.lowest_t is not None:
            scores.append(f"lowest T-score {self.lowest_t:.1f}")
        if self.lowest_z is not None:
            scores.append(f"lowest Z-score {self.lowest_z:.1f}")
        return f"central DXA, {words(self.when)}, " + (", ".join(scores) or "result not found")


def central_scans(record: PatientRecord, on: date) -> tuple[Scan, ...]:
    """All central scans up to a day, oldest first; traces within 30 days make one scan."""
    scans: list[list[Trace]] = []
    for trace in sorted(_traces(record, on), key=lambda t: (t.when.last, t.ref)):
        if scans and trace.when.last - scans[-1][-1].when.last <= _ONE_SCAN:
            scans[-1].append(trace)
        else:
            scans.append([trace])
    return tuple(_scan(traces) for traces in scans)


def latest_scan(record: PatientRecord, on: date) -> Scan | None:
    """The newest central scan, None without one."""
    scans = central_scans(record, on)
    return scans[-1] if scans else None


def _scan(traces: list[Trace]) -> Scan:
    scored = [t for t in traces if t.kind]
    return Scan(
        when=max((t.when for t in scored or traces), key=lambda w: (w.last, w.first)),
        refs=tuple(dict.fromkeys(t.ref for t in traces)),
        lowest_t=min((t.score for t in scored if t.kind == "T"), default=None),
        lowest_z=min((t.score for t in scored if t.kind == "Z"), default=None),
    )


def _traces(record: PatientRecord, on: date) -> Iterator[Trace]:
    for ref, when, weight, observation in _events(record, CENTRAL, on):
        if weight is Weight.COUNTS and when is not None:
            kind, score = ("", 0.0) if observation is None else _score(observation)
            yield Trace(ref, when, kind, score)


def unclear_scans(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """Central scans whose status or date cannot be understood."""
    for ref, when, weight, _ in _events(record, CENTRAL, on):
        if weight is Weight.UNCLEAR:
            day = when.last if when else None
            yield Evidence(ref, "central DXA, status or date not understood", day, weight)


def other_scans(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """Scans that close nothing: peripheral ones, and those that do not say where."""
    for concept, what in (
        (PERIPHERAL, "peripheral bone density only, not a central DXA"),
        (SITE_UNKNOWN, "bone density at a site that is not stated, not counted as central DXA"),
    ):
        for ref, when, weight, _ in _events(record, concept, on):
            if weight is Weight.COUNTS and when is not None:
                yield Evidence(ref, f"{what}, {words(when)}", when.last, Weight.SEEN)


def _events(
    record: PatientRecord, concept: str, on: date
) -> Iterator[tuple[ResourceRef, When | None, Weight, Observation | None]]:
    for observation in measurements.measured(record, concept):
        weight, _ = measurements.weigh(observation, on)
        yield observation.ref, observation.when, weight, observation
    for procedure in record.procedures:
        if concept in procedure.concepts:
            yield procedure.ref, procedure.when, _done(procedure.status, procedure.when, on), None
    for report in record.reports:
        if concept in report.concepts:
            yield report.ref, report.when, _done(report.status, report.when, on), None


def _done(status: str, when: When | None, on: date) -> Weight:
    if is_future(when, on) or status not in ("completed", "final", "unclear"):
        return Weight.SEEN
    return Weight.UNCLEAR if status == "unclear" or when is None else Weight.COUNTS


def _score(observation: Observation) -> tuple[str, float]:
    """The kind and value of a score, or "" where code, unit and range do not agree."""
    for concept, kind in _SCORES.items():
        quantity = observation.quantity
        if (
            concept in observation.concepts
            and quantity is not None
            and bare_unit(quantity.unit) in _UNITS[kind]
            and _LOWEST <= quantity.value <= _HIGHEST
            and quantity.comparator in ("", "<", "<=")  # An upper bound is low enough to act on.
        ):
            return kind, quantity.value
    return "", 0.0


def t_applies(record: PatientRecord, on: date) -> bool:
    """Whether a T-score of that day may name osteoporosis: from age 50 or known menopause."""
    age = youngest_age(record, on)
    return (age is not None and age >= AGE_FOR_T) or is_known_postmenopausal(record, on)


def osteoporotic_scans(record: PatientRecord, on: date) -> Iterator[Scan]:
    """Scans whose T-score means known osteoporosis."""
    for scan in central_scans(record, on):
        low = scan.lowest_t is not None and scan.lowest_t <= OSTEOPOROSIS_T
        if low and t_applies(record, scan.when.last):
            yield scan


def is_low(scan: Scan) -> bool:
    """Whether a scan shows low bone mass: T ≤ −1.0 or Z ≤ −2.0 (MSO-17)."""
    return (scan.lowest_t is not None and scan.lowest_t <= OSTEOPENIA_T) or (
        scan.lowest_z is not None and scan.lowest_z <= LOW_Z
    )
