"""FHIR Procedure and DiagnosticReport -> what was done, and what was reported of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.ehr import statuses
from service.ehr.body_site import at_site
from service.ehr.codes import CodeReader
from service.ehr.dated import effective, first_date
from service.ehr.fields import Json, object_in, objects_in, references_in, text_in, when_in
from service.screening.record import Problem, Procedure, Report, When

_RECORDED = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-recorded"


def procedures(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[Procedure]:
    """Those with a code of ours; what has no code is reported."""
    for ref, resource, concepts in codes.coded(resources, problems):
        reasons = [object_in(resource, "statusReason"), *objects_in(resource, "reasonCode")]
        yield Procedure(
            ref=ref,
            concepts=at_site(concepts, resource, codes),
            status=statuses.procedure_status(resource),
            when=first_date(resource, "performedDateTime", "performedPeriod")
            or _recorded(resource),
            reason_concepts=codes.all_concepts(reasons),
            based_on=references_in(resource, "basedOn"),
        )


def reports(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[Report]:
    """Reports with a code of ours, each with the Observations that it points to."""
    for ref, resource, concepts in codes.coded(resources, problems):
        yield Report(
            ref=ref,
            concepts=concepts,
            status=statuses.observation_status(resource),
            when=effective(resource),
            results=references_in(resource, "result"),
            conclusions=codes.all_concepts(objects_in(resource, "conclusionCode")),
            has_document=bool(objects_in(resource, "presentedForm")),
            based_on=references_in(resource, "basedOn"),
        )


def _recorded(procedure: Json) -> When | None:
    """When it was written down that something was not done, which has no performed date."""
    if text_in(procedure, "status") != "not-done":
        return None
    extensions = objects_in(procedure, "extension")
    return next(
        (when_in(e, "valueDateTime") for e in extensions if e.get("url") == _RECORDED), None
    )
