"""Age and menopause as far as the chart tells them.

A birth date may be a year: then the youngest possible age stands for every line, so that nobody is
counted old by a missing month (specification 3.5). Unknown menopausal status counts as
postmenopausal from the age of the protocol on, for T against Z and for age only (3.3).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.screening.criterion import Weight
from service.screening.dates import age_on
from service.screening.diagnoses import coded, weigh
from service.screening.record import PatientRecord, Problem

# Nobody was ever proved to be older than 122; 1800-01-01 and 1900-01-01 are fillers of old systems.
_OLDEST_AGE = 122


def with_possible_birth(
    record: PatientRecord, on: date
) -> tuple[PatientRecord, tuple[Problem, ...]]:
    """The record without a birth date that cannot be, and the problem to report."""
    oldest, youngest = oldest_age(record, on), youngest_age(record, on)
    if oldest is None or youngest is None or (oldest >= 0 and youngest <= _OLDEST_AGE):
        return record, ()
    problem = Problem(str(record.patient), "birth date is not possible")
    return replace(record, birth=None), (problem,)


def youngest_age(record: PatientRecord, on: date) -> int | None:
    """Completed years at the latest possible birth date; None where none is known."""
    return None if record.birth is None else age_on(record.birth.last, on)


def oldest_age(record: PatientRecord, on: date) -> int | None:
    """Completed years at the earliest possible birth date; None where none is known."""
    return None if record.birth is None else age_on(record.birth.first, on)


def is_known_postmenopausal(record: PatientRecord, on: date) -> bool:
    """Whether the chart says so; never for a man, whose chart may carry a wrong code."""
    return record.sex != "male" and any(
        weigh(condition, on)[0] is Weight.COUNTS
        for condition in coded(record, "menopause", "premature-menopause", "ovaries-absent")
    )
