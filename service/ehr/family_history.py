"""FHIR FamilyMemberHistory -> relatives with a condition of ours.

A newcomer would get two things wrong. A relationship in words alone is not read, as no diagnosis
is: the relative is kept, and whoever asks cannot tell who it is. And a relative without any
condition of ours is no record of ours, whatever the rest says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from service.ehr.codes import CodeReader, codings_in, ref_of, report_modified
from service.ehr.fields import Json, object_in, objects_in, text_in
from service.ehr.statuses import is_modified
from service.screening.record import FamilyMember, Problem

_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_SOME_RELATIVE = "FAMMEMB"
FamilyStatus = Literal["usable", "health-unknown", "withdrawn", "unclear"]
_STATUS: dict[str, FamilyStatus] = {
    "partial": "usable",
    "completed": "usable",
    "health-unknown": "health-unknown",
    "entered-in-error": "withdrawn",
}


def _status(resource: Json) -> FamilyStatus:
    status = _STATUS.get(text_in(resource, "status").lower(), "unclear")
    return "unclear" if status != "withdrawn" and is_modified(resource) else status


def family_members(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[FamilyMember]:
    """The relatives of whom a condition is in one of our value sets."""
    for resource in resources:
        conditions = objects_in(resource, "condition")
        concepts = codes.all_concepts(object_in(c, "code") for c in conditions)
        if concepts:
            report_modified(resource, problems)
            relationship = object_in(resource, "relationship")
            codings = codings_in(relationship)
            yield FamilyMember(
                ref=ref_of(resource),
                concepts=concepts,
                status=_status(resource),
                relationship=codes.concepts_in(relationship)[0],
                is_relation_clear=any(
                    coding.system == _ROLES and coding.code != _SOME_RELATIVE for coding in codings
                ),
            )
