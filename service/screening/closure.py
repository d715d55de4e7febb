"""What closed a gap: the fact in words, and the resource that it stands in.

A newcomer would get two things wrong. The fact that is told is the fact that is pointed at, the
first that counted. And not everything can be pointed at: charts hold ids that FHIR allows nobody to
reference, and a reference to the patient (who died, say) would put their id where it does not
belong and tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.screening.assess import Assessment, Status
from service.screening.criterion import Evidence
from service.screening.decision import Decision
from service.screening.record import ResourceRef

_CRITERIA = {
    Status.SATISFIED: ("osteoporosis-therapy", "central-dxa"),
    Status.DUE_SOON: ("central-dxa",),
    Status.RESULT_NEEDS_ACTION: ("treatment-gap",),
}


def close_reason(assessment: Assessment) -> str:
    """Why an alert is closed: the status, and the first fact that made it so."""
    found = _facts(assessment)
    status = str(assessment.status)
    return f"{status}: {found[0].statement}" if found else status


def closing_ref(assessment: Assessment) -> ResourceRef | None:
    """Where that fact stands; None where there is none, or none that may be referenced."""
    found = _facts(assessment)
    return _pointed_at(found[0].source) if found else None


def source_of(decision: Decision | None) -> ResourceRef | None:
    """Where a person's no stands; None for one that was said elsewhere than in the EHR."""
    return None if decision is None or decision.source is None else _pointed_at(decision.source)


def _facts(assessment: Assessment) -> Sequence[Evidence]:
    if assessment.status is Status.EXCLUDED:
        exclusions = (f for f in assessment.findings if f.role == "exclusion")
        return [e for finding in exclusions for e in finding.counting]
    names = _CRITERIA.get(assessment.status, ())
    return [e for name in names for e in assessment.finding(name).counting]


def _pointed_at(ref: ResourceRef) -> ResourceRef | None:
    return ref if ref.is_valid and ref.type != "Patient" else None
