"""FHIR Condition -> diagnoses, problems and findings of a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.ehr import statuses
from service.ehr.codes import CodeReader, codings_in
from service.ehr.dated import onset
from service.ehr.fields import Json, object_in, text_in, when_in
from service.screening.record import Condition, Problem, When


def conditions(
    resources: Sequence[Json], codes: CodeReader, birth: When | None, problems: list[Problem]
) -> Iterator[Condition]:
    """Those with a code of ours; an onset given as an age needs the birth date."""
    for ref, resource, concepts in codes.coded(resources, problems):
        yield Condition(
            ref=ref,
            concepts=concepts,
            codings=codings_in(object_in(resource, "code")),
            verification=statuses.verification_of(resource),
            clinical=statuses.clinical_of(resource),
            is_encounter_diagnosis=statuses.is_encounter_diagnosis(resource),
            onset=onset(resource, birth),
            recorded=when_in(resource, "recordedDate"),
            encounter=text_in(object_in(resource, "encounter"), "reference") or None,
        )
