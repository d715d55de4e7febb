"""A criterion, the evidence it finds, and the verdict: met, not met, or unknown.

A criterion never returns a verdict. It returns evidence, and `evaluate` works the verdict out in
one place, so that no criterion can forget that data which was refused is not data that says no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement


class Verdict(StrEnum):
    """Kleene's three values; UNKNOWN neither raises nor closes an alert."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """MAJOR is enough alone; two MINOR from different domains are needed."""

    MAJOR = "major"
    MINOR = "minor"


class Role(StrEnum):
    """What a criterion is for."""

    COHORT = "cohort"
    RISK_FACTOR = "risk factor"
    EXCLUSION = "exclusion"
    COMPLETION = "completion"


class Weight(StrEnum):
    """Whether evidence counts, was merely seen, or was relevant but could not be judged."""

    COUNTS = "counts"
    SEEN = "seen"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """One fact with its source. `grade` overrides the criterion's own where arms differ."""

    source: ResourceRef
    statement: str
    date: date | None
    weight: Weight
    grade: Grade | None = None


Parameters = Mapping[str, float]
Find = Callable[[PatientRecord, Parameters, date], Iterable[Evidence]]


@dataclass(frozen=True, slots=True)
class Criterion:
    """The computable part of a criterion; number, grade, domain and thresholds are the protocol's.

    `parameters` names every number that `find` reads: a protocol that lacks one is refused.
    `helped_by` are types that are read too, but whose absence only `find` can judge: it leaves
    most patients' verdict as it is. `looks_for` are the value sets without any of which, in codes
    or answers, `find` yields nothing whatever else is on file: then it is not asked. None where it
    also looks at what has no code, or at what is absent.
    """

    id: str
    role: Role
    needs: tuple[DataRequirement, ...]
    find: Find
    parameters: frozenset[str] = frozenset()
    helped_by: tuple[DataRequirement, ...] = ()
    looks_for: frozenset[str] | None = None

    @property
    def reads(self) -> tuple[DataRequirement, ...]:
        """Everything that is to be read for it."""
        return self.needs + self.helped_by


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """What one criterion said about one patient on one day.

    `grade` is None for every role but risk factor; for a met risk factor it is the highest grade
    among the evidence that counts. `missing` are the needed resource types that were not read.
    """

    criterion: str
    number: str
    title: str
    role: Role
    verdict: Verdict
    grade: Grade | None
    domain: str
    evidence: tuple[Evidence, ...]
    missing: frozenset[str] = frozenset()

    @property
    def is_met(self) -> bool:
        """Whether evidence counted."""
        return self.verdict is Verdict.MET

    @property
    def counting(self) -> tuple[Evidence, ...]:
        """The evidence that counted."""
        return tuple(e for e in self.evidence if e.weight is Weight.COUNTS)

    @property
    def is_unclear(self) -> bool:
        """Nothing counted, and something relevant could not be judged."""
        return not self.is_met and any(e.weight is Weight.UNCLEAR for e in self.evidence)


def evaluate(
    criterion: Criterion,
    evidence: tuple[Evidence, ...],
    record: PatientRecord,
    *,
    number: str,
    title: str,
    grade: Grade | None,
    domain: str,
) -> Finding:
    """The finding that evidence leads to; the only place where UNKNOWN is decided.

    Unknown: nothing counted, and a needed type is unread or evidence was unclear (section 7).
    """
    if len(evidence) > 1:
        evidence = tuple(sorted(evidence, key=_by_date))
    # Nothing is unread for nearly everybody, and this is asked many times for each.
    missing = record.unread and record.unread.intersection(need.type for need in criterion.needs)
    counting = [e for e in evidence if e.weight is Weight.COUNTS]
    if counting:
        verdict = Verdict.MET
    elif missing or any(e.weight is Weight.UNCLEAR for e in evidence):
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.NOT_MET
    if grade is not None and counting:
        grades = {e.grade or grade for e in counting}
        grade = Grade.MAJOR if Grade.MAJOR in grades else Grade.MINOR
    return Finding(
        criterion.id, number, title, criterion.role, verdict, grade, domain, evidence, missing
    )


def _by_date(evidence: Evidence) -> tuple[bool, date | None, ResourceRef, str]:
    return evidence.date is None, evidence.date, evidence.source, evidence.statement
