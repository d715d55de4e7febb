"""What a CDS Hooks request brings of a chart: the templates we ask by, and what came for them.

A newcomer would get three things wrong. The templates are derived from what the protocol needs, and
say only what the prefetch grammar of CDS Hooks 2.0 allows: reads, and searches by reference and by
token. The EHR may leave any of them out, or bring one page of many: then the type is unread, and
what did come still counts. And whatever is about another patient than the one in the context is
not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.ehr.bundle import Resource, read_page, withholds
from service.ehr.delivery.elements import objects
from service.ehr.errors import EHRMisunderstood
from service.ehr.parse import RecordParser
from service.ehr.references import MEDICINE_TYPES, is_unnamed
from service.ehr.subject import patient_id_of
from service.screening.bone_density import CENTRAL
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, Vocabulary

_PATIENT = "{{context.patientId}}"


@dataclass(frozen=True, slots=True, repr=False)
class BroughtChart:
    """What came of one chart: resources by type, and the needed types that did not come whole."""

    patient_id: str
    resources: Mapping[str, Sequence[Resource]]
    medications: Mapping[str, Resource] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def record(self, parser: RecordParser) -> PatientRecord:
        """The record; what did not come may hide what speaks against an alert."""
        record = parser.record(self.patient_id, self.resources, self.medications, self.unread)
        return replace(record, withheld=self.unread) if self.unread else record

    def completed_by(self, other: BroughtChart) -> BroughtChart:
        """The same, with the types of `other` in place of those that did not come whole here.

        What came in part both times is put together: it counts, and nothing is concluded from it.
        """
        taken = {
            t: _put_together(self.resources.get(t, ()), found) if t in other.unread else found
            for t, found in other.resources.items()
            if t in self.unread
        }
        still = frozenset(t for t in self.unread if t in other.unread or t not in other.resources)
        return BroughtChart(
            self.patient_id,
            {**self.resources, **taken},
            {**self.medications, **other.medications},
            still,
        )


def _put_together(some: Sequence[Resource], more: Sequence[Resource]) -> Sequence[Resource]:
    known = {resource.get("id") for resource in more}
    return [*more, *(resource for resource in some if resource.get("id") not in known)]


def prefetch_templates(needs: Iterable[DataRequirement], vocabulary: Vocabulary) -> dict[str, str]:
    """The templates by key; the key is the type."""
    return {need.type: _template(need, vocabulary) for need in needs}


def _template(need: DataRequirement, vocabulary: Vocabulary) -> str:
    if need.type == "Patient":
        return f"Patient/{_PATIENT}"
    search = f"{need.type}?patient={_PATIENT}"
    if need.type != "Observation" or not need.value_sets:
        return search
    return f"{search}&code={','.join(vocabulary.search_codes(set(need.value_sets)))}"


def chart_in(
    prefetch: Mapping[str, Any], patient_id: str, needs: Iterable[DataRequirement]
) -> BroughtChart:
    """The chart in the prefetch of a request; keys that we did not ask for are passed over."""
    resources: dict[str, list[Resource]] = {}
    medications: dict[str, Resource] = {}
    unread: set[str] = set()
    for type_ in (need.type for need in needs):
        came = _resources_in(prefetch.get(type_), type_)
        if came is None:
            unread.add(type_)
            continue
        found, others, is_whole = came
        own = [r for r in found if _is_about(r, patient_id)]
        resources[type_] = own
        medications |= {f"Medication/{r.get('id')}": r for r in others if _is_medication(r)}
        if not is_whole or (type_ == "Patient" and not own):
            unread.add(type_)
    unread |= {
        type_
        for type_ in MEDICINE_TYPES
        if any(_lacks_its_drug(r, medications) for r in resources.get(type_, ()))
    }
    return BroughtChart(patient_id, resources, medications, frozenset(unread))


def drafts_a_scan(bundle: Mapping[str, Any], patient_id: str, parser: RecordParser) -> bool:
    """Whether a central DXA is among the orders that somebody is about to sign for this patient."""
    drafts = [
        resource
        for entry in objects(bundle, "entry")
        if isinstance(resource := entry.get("resource"), dict)
        and resource.get("resourceType") == "ServiceRequest"
        and resource.get("doNotPerform") is not True
    ]
    record = parser.record(patient_id, {"ServiceRequest": drafts})
    return any(CENTRAL in order.concepts for order in record.orders)


def _resources_in(
    value: object, type_: str
) -> tuple[Sequence[Resource], Sequence[Resource], bool] | None:
    """The resources of a type, others that came along, and whether that is all; None for none."""
    if not isinstance(value, dict):
        return None
    if value.get("resourceType") == type_:
        return [value], [], True
    try:
        page = read_page(value, b"", type_, None)
    except EHRMisunderstood:
        return None
    came = len(page.matches) + len(page.included)
    is_whole = (
        page.next_url is None
        and not any(withholds(issue) for issue in page.issues)
        and (page.total is None or page.total <= came)
    )
    return page.matches, page.included, is_whole


def _is_about(resource: Resource, patient_id: str) -> bool:
    if resource.get("resourceType") == "Patient":
        return resource.get("id") == patient_id
    return patient_id_of(resource) == patient_id


def _is_medication(resource: Resource) -> bool:
    return resource.get("resourceType") == "Medication"


def _lacks_its_drug(medicine: Resource, medications: Mapping[str, Resource]) -> bool:
    """Whether nothing that came tells which drug it is."""
    reference = medicine.get("medicationReference")
    if not isinstance(reference, Mapping) or not is_unnamed(medicine):
        return False
    named = str(reference.get("reference", ""))
    return not named.startswith("#") and named not in medications
