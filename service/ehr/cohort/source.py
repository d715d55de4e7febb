"""Asking every source of the cohort, so that one that fails does not cost the others.

A newcomer would get two things wrong. Half a cohort is not a cohort: a source that fails while
others answer makes the reading incomplete, and nobody leaves by it; where all fail, the first fault
is raised. And the list of people to leave out is no source that may fail: without it nobody is read
at all, because whoever opted out must not be looked at (integration notes 7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers, CohortRead, LeftOut, together
from service.ehr.errors import EHRError
from service.screening.value_sets import Vocabulary

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, repr=False)
class Asking:
    """What a source may use.

    `capability` is a function, so that a source which does not need it costs no request. `known`
    gives the Patient id for the digest of an identifier that was looked up before.
    """

    client: FHIRClient
    vocabulary: Vocabulary
    capability: Callable[[], Capability]
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CohortSource:
    """One place that names people; `which` tells several of one `name` apart, as Groups by id."""

    name: str
    read: Callable[[Asking], CohortMembers]
    which: str = ""

    @property
    def label(self) -> str:
        """The same every night: the ledger keeps members by it."""
        return f"{self.name} {self.which}".strip()


ReadLeftOut = Callable[[Asking], LeftOut]


def read_cohort(
    sources: Sequence[CohortSource], asking: Asking, read_left_out: ReadLeftOut | None = None
) -> CohortRead:
    """Ask every source in turn; EHRError where all fail, or the list of those to leave out does."""
    left_out = LeftOut() if read_left_out is None else read_left_out(asking)
    answers: list[CohortMembers] = []
    faults: list[EHRError] = []
    for source in sources:
        try:
            answers.append(replace(source.read(asking), source=source.label))
        except EHRError as error:
            faults.append(error)
            answers.append(CohortMembers((), source.label, is_complete=False, problem=str(error)))
            _log.error("cohort_source_failed", kind=type(error).__name__, status=error.status)
    if faults and len(faults) == len(sources):
        raise faults[0]
    return together(answers, left_out)
