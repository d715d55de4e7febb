"""FHIR JSON -> a PatientRecord: each kind of part by its own module, lenient throughout.

A newcomer would get three things wrong. Nothing here raises: a bad optional field loses that field,
a status or date that cannot be understood is kept as unclear, and an entry without a readable code
is reported and costs only itself. Only what is in one of our value sets is kept, so that a record
of 500 resources stays small. And a part keeps the value sets of its codes (`concepts`), so that no
criterion ever compares a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from service.ehr.codes import CodeReader, report_modified
from service.ehr.conditions import conditions
from service.ehr.devices import devices
from service.ehr.documents import documents
from service.ehr.family_history import family_members
from service.ehr.fields import Json, objects_in, reference_in, text_in, when_in
from service.ehr.medicines import MEDICATION_TYPES, medication_use
from service.ehr.observations import (
    contained_observations,
    observations,
    with_linked_dates,
)
from service.ehr.orders import appointments, orders
from service.ehr.procedures import procedures, reports
from service.screening.record import (
    REQUIRED_TYPES,
    Concepts,
    MedicationUse,
    PatientRecord,
    Problem,
    ResourceRef,
    Sex,
)
from service.screening.value_sets import Vocabulary

Resources = Mapping[str, Sequence[Json]]
_SEXES: dict[str, Sex] = {"female": "female", "male": "male", "other": "other"}
_MOST_PROBLEMS = 100
_UNUSABLE_MEDICINE = frozenset({"entered-in-error", "cancelled", "draft"})


class RecordParser:
    """Builds records with one vocabulary; keeps nothing between patients."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._codes = CodeReader(vocabulary)

    def concepts_in(self, concept: Json) -> tuple[Concepts, bool]:
        """The value sets of a CodeableConcept, and whether it has any readable code at all."""
        return self._codes.concepts_in(concept)

    def record(
        self,
        patient_id: str,
        resources: Resources,
        medications: Mapping[str, Json] | None = None,
        unread: Iterable[str] = (),
        read_at: datetime | None = None,
        reported: Sequence[Problem] = (),
    ) -> PatientRecord:
        """One record from raw resources by type; `medications` are the separate Medications.

        A chart that makes this code fail still gives a record, with everything unread: one bad
        chart never costs a batch.
        """
        try:
            return self._record(
                patient_id, resources, medications or {}, frozenset(unread), read_at, reported
            )
        except Exception:
            return PatientRecord(
                patient=ResourceRef("Patient", patient_id),
                unread=frozenset({*REQUIRED_TYPES, *resources, *unread}),
                is_unreadable=True,
                reported=(Problem(f"Patient/{patient_id}", "the chart could not be parsed"),),
                read_at=read_at,
            )

    def _record(
        self,
        patient_id: str,
        resources: Resources,
        medications: Mapping[str, Json],
        unread: frozenset[str],
        read_at: datetime | None,
        reported: Sequence[Problem],
    ) -> PatientRecord:
        problems = list(reported)
        codes = self._codes
        person = next(iter(resources.get("Patient", ())), {})
        birth = when_in(person, "birthDate")
        if birth is None and person.get("birthDate") is not None:
            problems.append(Problem(f"Patient/{patient_id}", "birth date not understood"))
        raw_medicines = [r for t in MEDICATION_TYPES for r in resources.get(t, ())]
        raw_reports = resources.get("DiagnosticReport", ())
        raw_observations = resources.get("Observation", ())
        measured = [
            *observations(raw_observations, codes, problems),
            *contained_observations(raw_reports, codes),
        ]
        return PatientRecord(
            patient=ResourceRef("Patient", patient_id),
            birth=birth,
            sex=_SEXES.get(text_in(person, "gender").lower(), "unknown"),
            is_deceased=_is_deceased(person),
            is_active=person.get("active") is not False,
            replaced_by=_replaced_by(person),
            conditions=tuple(conditions(resources.get("Condition", ()), codes, birth, problems)),
            observations=with_linked_dates(measured, raw_observations, raw_reports),
            medicines=tuple(self._medicines(raw_medicines, medications, problems)),
            procedures=tuple(procedures(resources.get("Procedure", ()), codes, problems)),
            reports=tuple(reports(raw_reports, codes, problems)),
            orders=tuple(orders(resources.get("ServiceRequest", ()), codes, problems)),
            appointments=tuple(appointments(resources.get("Appointment", ()), codes, problems)),
            documents=tuple(documents(resources.get("DocumentReference", ()), codes)),
            devices=tuple(devices(resources, codes)),
            family=tuple(family_members(resources.get("FamilyMemberHistory", ()), codes, problems)),
            has_medicines=any(_is_usable_medicine(r) for r in raw_medicines),
            unread=unread,
            reported=tuple(problems[:_MOST_PROBLEMS]),
            read_at=read_at,
        )

    def _medicines(
        self, resources: Sequence[Json], medications: Mapping[str, Json], problems: list[Problem]
    ) -> Iterator[MedicationUse]:
        for resource in resources:
            use = medication_use(resource, medications, self._codes.vocabulary)
            if isinstance(use, Problem):
                problems.append(use)
            elif use is not None:
                report_modified(resource, problems)
                yield use


def _is_deceased(person: Json) -> bool:
    if person.get("deceasedBoolean") in (True, "true"):
        return True
    return bool(person.get("deceasedDateTime"))


def _replaced_by(person: Json) -> ResourceRef | None:
    for link in objects_in(person, "link"):
        if text_in(link, "type") == "replaced-by":
            return reference_in(link, "other") or ResourceRef("Patient", "(not stated)")
    return None


def _is_usable_medicine(resource: Json) -> bool:
    named: Any = resource.get("medicationCodeableConcept") or resource.get("medicationReference")
    return bool(named) and text_in(resource, "status") not in _UNUSABLE_MEDICINE
