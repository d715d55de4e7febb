"""FHIR JSON -> the parts of a PatientRecord. Lenient, one function per resource type.

A newcomer would get three things wrong. Nothing here raises: a bad optional field loses that field,
a status or date that cannot be understood is kept as unclear, and an entry without a readable code
is reported and costs only itself. Only what is in one of our value sets is kept, so that a record
of 500 resources stays small. And a part keeps the value sets of its codes (`concepts`), so that no
criterion ever compares a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from service.ehr import statuses
from service.ehr.fields import (
    Json,
    number_in,
    object_in,
    objects_in,
    reference_in,
    text_in,
    when_in,
)
from service.ehr.medicines import MEDICATION_TYPES, medication_use
from service.screening.record import (
    NO_CONCEPTS,
    REQUIRED_TYPES,
    Coding,
    Concepts,
    Condition,
    DeviceUse,
    MedicationUse,
    Observation,
    Order,
    PatientRecord,
    Problem,
    Procedure,
    Quantity,
    Report,
    ResourceRef,
    Sex,
    When,
)
from service.screening.value_sets import Vocabulary, fold_code, fold_system

Resources = Mapping[str, Sequence[Json]]
_SEXES: dict[str, Sex] = {"female": "female", "male": "male", "other": "other"}
_PLAIN_NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?")
_MOST_PROBLEMS = 100
_UNUSABLE_MEDICINE = frozenset({"entered-in-error", "cancelled", "draft"})
# Where else than under `code` an Observation may hold a code of ours.
_HOLDS_MORE_CODES = frozenset({"valueCodeableConcept", "component"})
_RECORDED = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-recorded"
NO_CODE = "no readable code"


class RecordParser:
    """Builds records with one vocabulary; keeps nothing between patients."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

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
        person = next(iter(resources.get("Patient", ())), {})
        birth = when_in(person, "birthDate")
        if birth is None and person.get("birthDate") is not None:
            problems.append(Problem(f"Patient/{patient_id}", "birth date not understood"))
        raw_medicines = [r for t in MEDICATION_TYPES for r in resources.get(t, ())]
        observations = [
            *self._observations(resources.get("Observation", ()), problems),
            *self._contained_observations(resources.get("DiagnosticReport", ())),
        ]
        return PatientRecord(
            patient=ResourceRef("Patient", patient_id),
            birth=birth,
            sex=_SEXES.get(text_in(person, "gender").lower(), "unknown"),
            is_deceased=_is_deceased(person),
            is_active=person.get("active") is not False,
            replaced_by=_replaced_by(person),
            conditions=tuple(self._conditions(resources.get("Condition", ()), birth, problems)),
            observations=tuple(observations),
            medicines=tuple(self._medicines(raw_medicines, medications, problems)),
            procedures=tuple(self._procedures(resources.get("Procedure", ()), problems)),
            reports=tuple(self._reports(resources.get("DiagnosticReport", ()), problems)),
            orders=tuple(self._orders(resources.get("ServiceRequest", ()))),
            devices=tuple(self._devices(resources)),
            has_medicines=any(_is_usable_medicine(r) for r in raw_medicines),
            unread=unread,
            reported=tuple(problems[:_MOST_PROBLEMS]),
            read_at=read_at,
        )

    def concepts_in(self, concept: Json) -> tuple[Concepts, bool]:
        """The value sets of a CodeableConcept, and whether it has any readable code at all."""
        found: Concepts = NO_CONCEPTS
        is_readable = False
        for coding in objects_in(concept, "coding"):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str) and system and code.strip():
                is_readable = True
                held = self._vocabulary.concepts_of(system, code)
                if held:
                    found = found | held
        return found, is_readable

    def _all_concepts(self, concepts: Iterable[Json]) -> Concepts:
        return NO_CONCEPTS.union(*(self.concepts_in(c)[0] for c in concepts))

    def _coded(
        self, resources: Sequence[Json], problems: list[Problem]
    ) -> Iterator[tuple[ResourceRef, Json, Concepts]]:
        """The resources with a code of ours; what has no code is reported."""
        for resource in resources:
            concepts = self._concepts_of(resource, problems)
            if concepts:
                yield _ref(resource), resource, concepts

    def _concepts_of(self, resource: Json, problems: list[Problem]) -> Concepts:
        concepts, is_readable = self.concepts_in(object_in(resource, "code"))
        if not is_readable:
            problems.append(Problem(str(_ref(resource)), NO_CODE))
        return concepts

    def _conditions(
        self, resources: Sequence[Json], birth: When | None, problems: list[Problem]
    ) -> Iterator[Condition]:
        for ref, resource, concepts in self._coded(resources, problems):
            yield Condition(
                ref=ref,
                concepts=concepts,
                codings=_codings(object_in(resource, "code")),
                verification=statuses.verification_of(resource),
                clinical=statuses.clinical_of(resource),
                is_encounter_diagnosis=statuses.is_encounter_diagnosis(resource),
                onset=_onset(resource, birth),
                recorded=when_in(resource, "recordedDate"),
                encounter=text_in(object_in(resource, "encounter"), "reference") or None,
            )

    def _observations(
        self, resources: Sequence[Json], problems: list[Problem]
    ) -> Iterator[Observation]:
        for resource in resources:
            concepts = self._concepts_of(resource, problems)
            # Most of a chart is neither: what follows would cost it ten times as much.
            if concepts or not _HOLDS_MORE_CODES.isdisjoint(resource):
                yield from self._parts(_ref(resource), resource, concepts, _effective(resource))

    def _contained_observations(self, reports: Sequence[Json]) -> Iterator[Observation]:
        """Results inside a report, under its reference and date; its status wins if not final."""
        for report in reports:
            for contained in objects_in(report, "contained"):
                if contained.get("resourceType") == "Observation":
                    concepts, _ = self.concepts_in(object_in(contained, "code"))
                    merged = {"status": report.get("status"), **contained}
                    if statuses.observation_status(report) != "final":
                        merged["status"] = report.get("status")
                    when = _effective(contained) or _effective(report)
                    yield from self._parts(_ref(report), merged, concepts, when)

    def _parts(
        self, ref: ResourceRef, resource: Json, concepts: Concepts, when: When | None
    ) -> Iterator[Observation]:
        """The observation itself and its components, where one of our value sets holds them."""
        whole = self._observation(ref, resource, concepts, when, resource)
        if whole is not None:
            yield whole
        for component in objects_in(resource, "component"):
            inner, _ = self.concepts_in(object_in(component, "code"))
            part = self._observation(ref, component, inner, when, resource)
            if part is not None:
                yield part

    def _observation(
        self, ref: ResourceRef, source: Json, concepts: Concepts, when: When | None, whole: Json
    ) -> Observation | None:
        answer = object_in(source, "valueCodeableConcept")
        answered, _ = self.concepts_in(answer) if answer else (NO_CONCEPTS, False)
        if not concepts and not answered:
            return None
        boolean = source.get("valueBoolean")
        has_value = any(k.startswith("value") and v is not None for k, v in source.items())
        return Observation(
            ref=ref,
            concepts=concepts,
            codings=_codings(object_in(source, "code")),
            status=statuses.observation_status(whole),
            when=when,
            has_value=has_value,
            is_absent=not has_value and bool(source.get("dataAbsentReason")),
            quantity=_quantity(source),
            boolean=boolean if isinstance(boolean, bool) else None,
            value_concepts=answered,
            value_codings=_codings(answer) if answer else (),
        )

    def _procedures(
        self, resources: Sequence[Json], problems: list[Problem]
    ) -> Iterator[Procedure]:
        for ref, resource, concepts in self._coded(resources, problems):
            reasons = [object_in(resource, "statusReason"), *objects_in(resource, "reasonCode")]
            yield Procedure(
                ref=ref,
                concepts=concepts,
                status=statuses.procedure_status(resource),
                when=_first_date(resource, "performedDateTime", "performedPeriod")
                or _recorded(resource),
                reason_concepts=self._all_concepts(reasons),
            )

    def _reports(self, resources: Sequence[Json], problems: list[Problem]) -> Iterator[Report]:
        for ref, resource, concepts in self._coded(resources, problems):
            results = (reference_in({"r": r}, "r") for r in objects_in(resource, "result"))
            yield Report(
                ref=ref,
                concepts=concepts,
                status=statuses.observation_status(resource),
                when=_effective(resource),
                results=tuple(r for r in results if r is not None),
            )

    def _orders(self, resources: Sequence[Json]) -> Iterator[Order]:
        for resource in resources:
            concepts, _ = self.concepts_in(object_in(resource, "code"))
            if not concepts:
                continue
            intent = text_in(resource, "intent").lower()
            is_odd = intent not in statuses.ORDER_INTENTS | statuses.NO_ORDER_INTENTS
            status = statuses.order_status(resource)
            reasons = [
                *objects_in(resource, "reasonCode"),
                *(
                    object_in(extension, "valueCodeableConcept")
                    for extension in objects_in(resource, "extension")
                    if text_in(extension, "url").endswith("/request-statusReason")
                ),
            ]
            yield Order(
                ref=_ref(resource),
                concepts=concepts,
                status="unclear" if status == "active" and is_odd else status,
                is_order=intent not in statuses.NO_ORDER_INTENTS
                and resource.get("doNotPerform") is not True,
                authored=when_in(resource, "authoredOn"),
                reason_concepts=self._all_concepts(reasons),
            )

    def _devices(self, resources: Resources) -> Iterator[DeviceUse]:
        """Devices assigned to the patient, and statements of use with the device they name."""
        devices = {str(_ref(d)): d for d in resources.get("Device", ())}
        for device in devices.values():
            concepts, _ = self.concepts_in(object_in(device, "type"))
            status = text_in(device, "status")
            if concepts and object_in(device, "patient") and status != "entered-in-error":
                yield DeviceUse(_ref(device), concepts, status in ("", "active"))
        for statement in resources.get("DeviceUseStatement", ()):
            status = text_in(statement, "status")
            device = _device_of(statement, devices)
            concepts, _ = self.concepts_in(object_in(device, "type"))
            if concepts and status != "entered-in-error":
                yield DeviceUse(
                    _ref(statement),
                    concepts,
                    status == "active",
                    _first_date(statement, "timingDateTime", "timingPeriod"),
                )

    def _medicines(
        self, resources: Sequence[Json], medications: Mapping[str, Json], problems: list[Problem]
    ) -> Iterator[MedicationUse]:
        for resource in resources:
            use = medication_use(resource, medications, self._vocabulary)
            if isinstance(use, Problem):
                problems.append(use)
            elif use is not None:
                yield use


def _ref(resource: Json) -> ResourceRef:
    kind, own = resource.get("resourceType"), resource.get("id")
    return ResourceRef(str(kind), own if isinstance(own, str) and own else "(no id)")


def _codings(concept: Json) -> tuple[Coding, ...]:
    found = []
    for coding in objects_in(concept, "coding"):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str):
            folded = fold_system(system)
            found.append(Coding(folded, fold_code(folded, code), text_in(coding, "display")))
    return tuple(found)


def _is_deceased(person: Json) -> bool:
    if person.get("deceasedBoolean") in (True, "true"):
        return True
    return bool(person.get("deceasedDateTime"))


def _replaced_by(person: Json) -> ResourceRef | None:
    for link in objects_in(person, "link"):
        if text_in(link, "type") == "replaced-by":
            return reference_in(link, "other") or ResourceRef("Patient", "(not stated)")
    return None


def _first_date(resource: Json, point: str, period: str) -> When | None:
    """A date, or of a period its end, or where it has none its start."""
    if resource.get(point) is not None:
        return when_in(resource, point)
    stretch = object_in(resource, period)
    return when_in(stretch, "end") or when_in(stretch, "start")


def _recorded(procedure: Json) -> When | None:
    """When it was written down that something was not done, which has no performed date."""
    if text_in(procedure, "status") != "not-done":
        return None
    extensions = objects_in(procedure, "extension")
    return next(
        (when_in(e, "valueDateTime") for e in extensions if e.get("url") == _RECORDED), None
    )


def _effective(resource: Json) -> When | None:
    """When it was true; when it was issued only where nothing at all is said about that."""
    when = _first_date(resource, "effectiveDateTime", "effectivePeriod")
    if when is not None or any(key.startswith("effective") for key in resource):
        return when or when_in(resource, "effectiveInstant")
    return when_in(resource, "issued")


def _onset(resource: Json, birth: When | None) -> When | None:
    if resource.get("onsetDateTime") is not None:
        return when_in(resource, "onsetDateTime")
    start = when_in(object_in(resource, "onsetPeriod"), "start")
    if start is not None:
        return start
    age = object_in(resource, "onsetAge")
    years = number_in(age, "value")
    unit = text_in(age, "code") or text_in(age, "unit")
    if birth is None or years is None or unit not in ("a", "year", "years") or not 0 <= years < 150:
        return None
    return When(_in_years(birth.first, int(years)), _in_years(birth.last, int(years) + 1))


def _in_years(day: date, years: int) -> date:
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February.
        return day.replace(year=day.year + years, day=28) + timedelta(days=1)


def _quantity(source: Json) -> Quantity | None:
    """A number in any of the forms that servers use; text only where it is a plain number."""
    given = object_in(source, "valueQuantity")
    if given:
        value = number_in(given, "value")
        if value is None:
            return None
        unit = text_in(given, "code") or text_in(given, "unit")
        return Quantity(value, unit or None, text_in(given, "comparator"))
    for key in ("valueInteger", "valueDecimal"):
        value = number_in(source, key)
        if value is not None:
            return Quantity(value, None)
    text = text_in(source, "valueString")
    return Quantity(float(text), None) if _PLAIN_NUMBER.fullmatch(text) else None


def _device_of(statement: Json, devices: Mapping[str, Json]) -> Json:
    target = object_in(statement, "device")
    reference = text_in(target, "reference")
    if reference.startswith("#"):
        contained = objects_in(statement, "contained")
        return next((c for c in contained if c.get("id") == reference[1:]), {})
    ref = reference_in({"r": target}, "r")
    return devices.get(str(ref), {})


def _is_usable_medicine(resource: Json) -> bool:
    named: Any = resource.get("medicationCodeableConcept") or resource.get("medicationReference")
    return bool(named) and text_in(resource, "status") not in _UNUSABLE_MEDICINE
