"""What a record has, or lacks, of the things that criteria ask for: one line each, in words.

A newcomer would get one thing wrong: these are about the EHR, not about the person. Whether a value
is high or low, new or old does not matter here; whether it is there, and can be read, does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from service.screening.body import body_masses, heights, weights
from service.screening.bone_density import Scan, central_scans
from service.screening.criterion import Parameters, Weight
from service.screening.diagnoses import weigh as weigh_diagnosis
from service.screening.edss import edss_value
from service.screening.measurements import measured, weigh
from service.screening.record import NO_CONCEPTS, Concepts, PatientRecord
from service.screening.scan_traces import SITE_UNKNOWN, other_scans

_MS = "multiple-sclerosis"
_VITAMIN_D = "vitamin-d-25oh"


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One record, with what several sights ask of it. `held` are the value sets on file."""

    record: PatientRecord
    on: date
    held: Concepts
    scans: tuple[Scan, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """A thing to look for. `among` names the sight whose people it is a share of, "" for all."""

    id: str
    words: str
    sees: Callable[[Look], bool]
    among: str = ""


def _any(*value_sets: str) -> Callable[[Look], bool]:
    return lambda look: not look.held.isdisjoint(value_sets)


def _any_beginning(*beginnings: str) -> Callable[[Look], bool]:
    return lambda look: any(concept.startswith(beginnings) for concept in look.held)


def _only_at_visits(look: Look) -> bool:
    believed = [c for c in look.record.conditions if _MS in c.concepts and c.is_believed]
    return bool(believed) and all(c.is_encounter_diagnosis for c in believed)


def _usable_edss(look: Look) -> bool:
    return any(
        weigh(o, look.on)[0] is Weight.COUNTS and edss_value(o) is not None
        for o in measured(look.record, "edss")
    )


def _vitamin_d_without_unit(look: Look) -> bool:
    return any(
        weigh(o, look.on)[0] is Weight.COUNTS and o.quantity is not None and o.quantity.unit is None
        for o in measured(look.record, _VITAMIN_D)
    )


def _scan_without_score(look: Look) -> bool:
    return any(not scan.has_result for scan in look.scans)


def _scan_as_document(look: Look) -> bool:
    return any(report.has_document for report in look.record.reports)


def _scan_elsewhere(look: Look) -> bool:
    return any(True for _ in other_scans(look.record, look.on))


def _hip_fracture_in_family(look: Look) -> bool:
    return bool(look.record.family) or "parental-hip-fracture" in look.held


SIGHTS = (
    Sight("ms", "multiple sclerosis under a code we know", _any(_MS)),
    Sight("ms-only-at-visits", "… only as encounter diagnoses", _only_at_visits, "ms"),
    Sight("birth-date", "a birth date", lambda look: look.record.birth is not None),
    Sight("edss", "an EDSS under a code we know", _any("edss")),
    Sight("edss-usable", "… that can be used", _usable_edss, "edss"),
    Sight("edss-part", "an EDSS under a code that is no observation code", _any("edss-invalid")),
    Sight(
        "mobility",
        "walking aid, gait, wheelchair or bed",
        _any("walking-aid", "poor-mobility", "wheelchair-or-bed", "wheelchair-device"),
    ),
    Sight("bmi", "a body mass index as measured", _any("bmi")),
    Sight("weight", "a weight that can be read", lambda k: bool(weights(k.record, k.on))),
    Sight("height", "a height that can be read", lambda k: bool(heights(k.record, k.on))),
    Sight(
        "body-mass",
        "a body mass index, measured or computed",
        lambda k: bool(body_masses(k.record, k.on, date.min)),
    ),
    Sight("vitamin-d", "a 25-OH vitamin D", _any(_VITAMIN_D)),
    Sight("vitamin-d-no-unit", "… without a unit", _vitamin_d_without_unit, "vitamin-d"),
    Sight("dxa", "a central DXA", lambda look: bool(look.scans)),
    Sight("dxa-no-score", "… without a score", _scan_without_score, "dxa"),
    Sight("dxa-document", "… with a document attached that nobody reads", _scan_as_document, "dxa"),
    Sight("dxa-site-unknown", "a bone density scan of unknown kind", _any(SITE_UNKNOWN)),
    Sight("dxa-other", "any scan that closes nothing", _scan_elsewhere),
    Sight("dxa-in-a-title", "a scan only named by a document", lambda k: bool(k.record.documents)),
    Sight(
        "fracture",
        "a fracture",
        _any_beginning("fracture", "fragility-fracture", "osteoporotic-fracture"),
    ),
    Sight(
        "falls",
        "a fall, or the question after falls",
        _any("fall", "repeated-falls", "falls-question", "fall-from-wheelchair"),
    ),
    Sight(
        "smoking",
        "a smoking status",
        _any("smoking-status", "smoker", "not-smoker"),
    ),
    Sight("alcohol", "how much alcohol", _any("alcohol-intake", "alcohol-per-drinking-day")),
    Sight("menopause", "menopause", _any("menopause", "premature-menopause")),
    Sight("family", "a hip fracture in the family", _hip_fracture_in_family),
    Sight("medicines", "any medicine", lambda look: look.record.has_medicines),
)
"""Everything that is looked for, in the order in which it is told."""


def sights_of(record: PatientRecord, dxa_numbers: Parameters, on: date) -> frozenset[str]:
    """The ids of what is seen in one record."""
    scans = central_scans(record, dxa_numbers, on)
    look = Look(record, on, NO_CONCEPTS.union(*_usable(record, on)), scans)
    return frozenset(sight.id for sight in SIGHTS if sight.sees(look))


def _usable(record: PatientRecord, on: date) -> Iterator[Concepts]:
    """The value sets of each part that was not taken back; not of relatives."""
    for condition in record.conditions:
        if weigh_diagnosis(condition, on)[0] is not Weight.SEEN:
            yield condition.concepts
    for observation in record.observations:
        if weigh(observation, on)[0] is not Weight.SEEN:
            yield observation.concepts
            yield observation.value_concepts
    for procedure in record.procedures:
        if procedure.status not in ("withdrawn", "not-done"):
            yield procedure.concepts
    for report in record.reports:
        if report.status != "withdrawn":
            yield report.concepts
    for device in record.devices:
        yield device.concepts
