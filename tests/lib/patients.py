"""Builders of FHIR JSON that read aloud: `edss(6.5, on="2026-09-01")`.

No builder hides a date or a dose: whoever reads a case sees every fact that the answer rests on.
Resources come without ids; `bundle` numbers them by type in the order given.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any, NamedTuple

Resource = dict[str, Any]

HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"

# Why there is no value, for charts that give one all the same.
NO_VALUE = {"coding": [{"system": f"{HL7}/data-absent-reason", "code": "error"}]}
# What nobody here knows, and what may turn the meaning round.
MODIFIED = [{"url": "https://hospital.example/negated", "valueBoolean": True}]


class Code(NamedTuple):
    """One code of one system."""

    system: str
    code: str


def icd(code: str) -> Code:
    """ICD-10-CM."""
    return Code("http://hl7.org/fhir/sid/icd-10-cm", code)


def snomed(code: str) -> Code:
    """SNOMED CT."""
    return Code("http://snomed.info/sct", code)


def loinc(code: str) -> Code:
    """LOINC."""
    return Code("http://loinc.org", code)


def cpt(code: str) -> Code:
    """CPT; numbers only."""
    return Code("http://www.ama-assn.org/go/cpt", code)


def hcpcs(code: str) -> Code:
    """HCPCS level II."""
    return Code("https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", code)


def rxnorm(code: str) -> Code:
    """RxNorm."""
    return Code("http://www.nlm.nih.gov/research/umls/rxnorm", code)


def concept(*codes: Code, text: str = "") -> Resource:
    """A CodeableConcept."""
    coding = [{"system": c.system, "code": c.code} for c in codes]
    return ({"coding": coding} if coding else {}) | ({"text": text} if text else {})


def status_of(system: str, code: str) -> Resource:
    """A status from one of HL7's own code systems."""
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


def _made(kind: str, **elements: Any) -> Resource:
    return {"resourceType": kind} | {k: v for k, v in elements.items() if v is not None}


# People


def person(born: str | None, gender: str | None = None, **elements: Any) -> Resource:
    """A Patient."""
    return _made("Patient", birthDate=born, gender=gender, **elements)


def woman(born: str | None, **elements: Any) -> Resource:
    """A woman."""
    return person(born, "female", **elements)


def man(born: str | None, **elements: Any) -> Resource:
    """A man."""
    return person(born, "male", **elements)


# Diagnoses


def condition(
    code: Code | Resource,
    *,
    onset: str | None = None,
    recorded: str | None = None,
    verification: str | None = "confirmed",
    clinical: str | None = "active",
    category: str | None = "problem-list-item",
    encounter: str | None = None,
    **elements: Any,
) -> Resource:
    """A diagnosis, problem or finding."""
    said = verification and status_of("condition-ver-status", verification)
    stands = clinical and status_of("condition-clinical", clinical)
    return _made(
        "Condition",
        code=concept(code) if isinstance(code, Code) else code,
        verificationStatus=said,
        clinicalStatus=stands,
        category=[status_of("condition-category", category)] if category else None,
        onsetDateTime=onset,
        recordedDate=recorded,
        encounter={"reference": f"Encounter/{encounter}"} if encounter else None,
        **elements,
    )


def ms(code: str = "G35.A", *, recorded: str = "2019-03-01", **elements: Any) -> Resource:
    """Multiple sclerosis on the problem list, confirmed."""
    return condition(icd(code), recorded=recorded, **elements)


def visit_for_ms(on: str, **elements: Any) -> Resource:
    """Multiple sclerosis as the diagnosis of one encounter."""
    return condition(
        icd("G35.A"), recorded=on, category="encounter-diagnosis", clinical=None, **elements
    )


# Measurements


def observation(
    code: Code,
    *,
    on: str | None,
    value: Any = None,
    unit: str | None = None,
    status: str | None = "final",
    **elements: Any,
) -> Resource:
    """One observation; `value` in `unit`, or without any unit where `unit` is None."""
    quantity: Resource | None = None
    if value is not None:
        quantity = {"value": value}
        if unit is not None:
            quantity |= {"unit": unit, "system": UCUM, "code": unit}
    said = {"status": status, "code": concept(code), "effectiveDateTime": on}
    return _made("Observation", **(said | {"valueQuantity": quantity} | elements))


def edss(value: float, *, on: str | None, **elements: Any) -> Resource:
    """Disability on the Kurtzke scale."""
    return observation(snomed("273554001"), on=on, value=value, unit="{score}", **elements)


def bmi(value: float, *, on: str | None, unit: str | None = "kg/m2", **elements: Any) -> Resource:
    """Body mass index."""
    return observation(loinc("39156-5"), on=on, value=value, unit=unit, **elements)


def weight(value: float, *, on: str | None, unit: str | None = "kg", **elements: Any) -> Resource:
    """Body weight."""
    return observation(loinc("29463-7"), on=on, value=value, unit=unit, **elements)


def height(value: float, *, on: str | None, unit: str | None = "cm", **elements: Any) -> Resource:
    """Standing height."""
    return observation(loinc("8302-2"), on=on, value=value, unit=unit, **elements)


def vitamin_d(
    value: float, unit: str | None, *, on: str | None, code: str = "62292-8", **elements: Any
) -> Resource:
    """25-hydroxyvitamin D."""
    return observation(loinc(code), on=on, value=value, unit=unit, **elements)


# Bone density


def dxa(
    *, on: str | None, t: float | None = None, z: float | None = None, **elements: Any
) -> Resource:
    """A T-score (lumbar spine, 38267-1) or a Z-score (lumbar spine, 85394-5) of a central DXA."""
    if t is not None:
        return observation(loinc("38267-1"), on=on, value=t, unit="{T-score}", **elements)
    return observation(loinc("85394-5"), on=on, value=z, unit="{Z-score}", **elements)


def procedure(
    code: Code, *, on: str | None, status: str = "completed", **elements: Any
) -> Resource:
    """Something done, or on purpose not done."""
    return _made("Procedure", status=status, code=concept(code), performedDateTime=on, **elements)


def dxa_done(*, on: str | None, **elements: Any) -> Resource:
    """A central DXA (77080) as a Procedure, without any result."""
    return procedure(cpt("77080"), on=on, **elements)


def report(
    code: Code, *, on: str | None, status: str | None = "final", **elements: Any
) -> Resource:
    """A diagnostic report."""
    return _made(
        "DiagnosticReport", status=status, code=concept(code), effectiveDateTime=on, **elements
    )


def dxa_order(
    *, on: str | None, status: str = "active", intent: str | None = "order", **elements: Any
) -> Resource:
    """An order for a central DXA."""
    return _made(
        "ServiceRequest",
        status=status,
        intent=intent,
        code=concept(cpt("77080")),
        authoredOn=on,
        **elements,
    )


def dxa_appointment(
    *, on: str | None, status: str | None = "booked", code: Code | None = None, **elements: Any
) -> Resource:
    """An appointment, for a central DXA unless another code is given as its service."""
    return _made(
        "Appointment",
        status=status,
        serviceType=[concept(code or cpt("77080"))],
        start=f"{on}T09:30:00Z" if on and on.count("-") == 2 else on,
        participant=[{"actor": {"reference": "Patient/p"}, "status": "accepted"}],
        **elements,
    )


def document(title: str, *, on: str | None, status: str = "current", **elements: Any) -> Resource:
    """A document of which only the title tells anything."""
    content = [{"attachment": {"contentType": "application/pdf", "title": title}}]
    when = on and f"{on}T10:00:00Z"
    return _made("DocumentReference", status=status, date=when, content=content, **elements)


# Medicines


def _medicine(medicine: Code | str) -> Resource:
    return concept(text=medicine) if isinstance(medicine, str) else concept(medicine)


def _dosage(
    mg_daily: float | None, since: str | None, until: str | None, route: str | None
) -> Resource:
    bounds = {k: v for k, v in {"start": since, "end": until}.items() if v}
    repeat: Resource = {"frequency": 1, "period": 1, "periodUnit": "d"}
    found: Resource = {"timing": {"repeat": repeat | ({"boundsPeriod": bounds} if bounds else {})}}
    if mg_daily is not None:
        quantity = {"value": mg_daily, "unit": "mg", "system": UCUM, "code": "mg"}
        found["doseAndRate"] = [{"doseQuantity": quantity}]
    if route:
        found["route"] = concept(text=route)
    return found


def ordered(
    medicine: Code | str,
    *,
    on: str | None,
    mg_daily: float | None = None,
    since: str | None = None,
    until: str | None = None,
    route: str | None = None,
    status: str | None = "active",
    **elements: Any,
) -> Resource:
    """A MedicationRequest: one dose a day from `since` to `until`, both included."""
    return _made(
        "MedicationRequest",
        status=status,
        intent=elements.pop("intent", "order"),
        medicationCodeableConcept=_medicine(medicine),
        authoredOn=on,
        dosageInstruction=[_dosage(mg_daily, since, until, route)],
        **elements,
    )


def dispensed(medicine: Code | str, *, on: str, days: int, **elements: Any) -> Resource:
    """A MedicationDispense with its days' supply."""
    return _made(
        "MedicationDispense",
        status="completed",
        medicationCodeableConcept=_medicine(medicine),
        whenHandedOver=on,
        daysSupply={"value": days, "unit": "d", "system": UCUM, "code": "d"},
        **elements,
    )


def given(
    medicine: Code | str,
    *,
    on: str | None,
    mg: float | None = None,
    route: str | None = None,
    status: str = "completed",
    **elements: Any,
) -> Resource:
    """A MedicationAdministration."""
    dosage: Resource = {"route": concept(text=route)} if route else {}
    if mg is not None:
        dosage["dose"] = {"value": mg, "unit": "mg", "system": UCUM, "code": "mg"}
    return _made(
        "MedicationAdministration",
        status=status,
        medicationCodeableConcept=_medicine(medicine),
        effectiveDateTime=on,
        dosage=dosage or None,
        **elements,
    )


# Files


def bundle(*resources: Resource) -> Resource:
    """A collection Bundle: every resource gets an id, and the Patient `p` as its subject."""
    numbers: Counter[str] = Counter()
    entries = []
    for given_resource in resources:
        resource = copy.deepcopy(given_resource)
        kind = resource.get("resourceType", "Nothing")
        numbers[kind] += 1
        if kind == "Patient":
            resource.setdefault("id", "p")
        else:
            resource.setdefault("id", f"{kind.lower()}-{numbers[kind]}")
            subject = "patient" if kind in ("Device", "FamilyMemberHistory") else "subject"
            if kind not in ("Task", "Appointment"):
                resource.setdefault(subject, {"reference": "Patient/p"})
        entries.append({"resource": resource})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def file_of(*resources: Resource) -> bytes:
    """The same as the bytes of a file."""
    return json.dumps(bundle(*resources)).encode()
