"""Calls and feedback in the shapes of published examples, each named for where its shape is from.

Spec: the specification's own page. Hook: the page of a hook. Inferno: fixtures of the CRD test kit.
"""

from __future__ import annotations

from typing import Any

import jsonschema

from tests.lib.card_world import searchset, sign, view

_ACCESS = {
    "access_token": "some-opaque-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.read user/Observation.read",
    "subject": "boneflag-at-the-ehr",
}
_SERVER = {"fhirServer": "https://fhir.example.org/r4", "fhirAuthorization": _ACCESS}
_SOMEBODY = {"resourceType": "Patient", "gender": "male", "birthDate": "1950-01-31"}
_AT_AN_ENCOUNTER = {"userId": "PractitionerRole/7", "patientId": "p", "encounterId": "e1"}
_DIET = {
    "resourceType": "NutritionOrder",
    "id": "diet",
    "extension": [{"url": "https://example.org/own", "valueString": "x"}],
    "identifier": [{"system": "https://example.org/diets", "value": "1"}],
    "status": "draft",
    "patient": {"reference": "Patient/somebody-else"},
    "dateTime": "2016-02-29",
    "oralDiet": {"type": [{"text": "Soft"}], "schedule": [{"repeat": {"frequency": 3}}]},
}
_DRUG = {
    "resourceType": "MedicationRequest",
    "id": "drug",
    "text": {"status": "generated", "div": "<div>Penicillin</div>"},
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Penicillin V 500 mg"},
    "subject": {"reference": "Patient/p"},
    "dosageInstruction": [{"text": "1 tablet three times a day for 7 days"}],
}
_DSTU2_DRUG = {"resourceType": "MedicationOrder", "id": "drug", "status": "draft"}
_STU3_ORDER = {"resourceType": "ProcedureRequest", "id": "xray", "status": "draft"}
_FIRST_OF_TWO_PAGES = {
    **searchset({**_DRUG, "id": "m1", "status": "active"}),
    "total": 2,
    "link": [{"relation": "next", "url": "https://fhir.example.org/r4/MedicationRequest?page=2"}],
}
_REFUSED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "forbidden"}],
}

CALLS: dict[str, dict[str, Any]] = {
    "Spec: calling a service, with access and a key of its own": view(
        **_SERVER, prefetch={"patientToGreet": _SOMEBODY}
    ),
    "Spec: prefetch data, a resource and a search": view(
        prefetch={"patient": _SOMEBODY, "hemoglobin-a1c": searchset(), "user": searchset()}
    ),
    "Spec: prefetch with nothing found": view(prefetch={"Condition": None, "Procedure": None}),
    "Spec: prefetch that could not be made": view(prefetch={"Condition": _REFUSED}),
    "Spec: prefetch of one page of two": sign(
        _DRUG, **_SERVER, prefetch={"MedicationRequest": _FIRST_OF_TWO_PAGES}
    ),
    "Spec: access without prefetch": view(**_SERVER),
    "Spec: access for one patient": view(
        **_SERVER | {"fhirAuthorization": {**_ACCESS, "scope": "patient/*.read", "patient": "p"}}
    ),
    "Spec: an extension of a request": view(
        extension={"org.example.timestamp": "2026-01-01T00:00:00Z", "org.example.ward": {"bed": 3}}
    ),
    "Spec: a key that nobody knows": view(somethingNew={"of": ["version", 3]}),
    "Hook: patient-view at an encounter": view(context=_AT_AN_ENCOUNTER),
    "Hook: patient-view without an encounter": view(),
    "Hook: patient-view by a patient": view(context={"userId": "Patient/p", "patientId": "p"}),
    "Hook: order-sign, R4, a diet and a drug": sign(_DIET, _DRUG),
    "Hook: order-sign, STU3": sign(_DIET, _STU3_ORDER),
    "Hook: order-sign, DSTU2": sign(_DSTU2_DRUG),
    "Hook: order-sign without orders": sign(),
    "Inferno: order-sign with access, a diet with extensions and a drug": sign(
        _DIET, _DRUG, **_SERVER
    ),
}

_DRAFTS = sign(_DIET, _DRUG)["context"]
# What each of these hooks adds to the context.
OTHER_HOOKS: dict[str, dict[str, Any]] = {
    "order-select": {"context": {**_DRAFTS, "selections": ["NutritionOrder/diet"]}},
    "order-dispatch": {"context": {**_AT_AN_ENCOUNTER, "dispatchedOrders": ["Task/1"]}},
    "order-review": {"context": {**_AT_AN_ENCOUNTER, "orders": searchset(_DIET)}},
    "medication-prescribe": {"context": {**_AT_AN_ENCOUNTER, "medications": searchset(_DRUG)}},
    "medication-refill": {"context": {**_AT_AN_ENCOUNTER, "medications": searchset(_DRUG)}},
    "encounter-start": {"context": _AT_AN_ENCOUNTER},
    "encounter-discharge": {"context": _AT_AN_ENCOUNTER},
    "appointment-book": {"context": {**_AT_AN_ENCOUNTER, "appointments": searchset()}},
    "allergyintolerance-create": {"context": {**_AT_AN_ENCOUNTER, "allergyIntolerance": {}}},
    "problem-list-item-create": {"context": {**_AT_AN_ENCOUNTER, "conditions": searchset()}},
    # Inferno's own, of no hook that exists: lists within lists, not two alike.
    "fancy-structure": {"context": {**_AT_AN_ENCOUNTER, "list": [{"id": {"value": "1"}}, ["a"]]}},
}

# The specification's examples shorten; two of its older ones are of version 1.0.
INCOMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "Spec: the example of extensions has no patient": (
        view(context={"userId": "Practitioner/1"}, extension={"org.example.x": "y"}),
        "context.patientId",
    ),
    "Spec: examples of prefetch and of tokens have no user": (
        view(context={"patientId": "p"}),
        "context.userId",
    ),
    "Spec: an example of 1.0 has no orders, but medicines": (
        {**view(context={**_AT_AN_ENCOUNTER, "medications": [_DSTU2_DRUG]}), "hook": "order-sign"},
        "context.draftOrders",
    ),
}

_SAID = {
    "card": "0c6f2a51-8a63-4a44-8c0e-2f0d9c1b7e11",
    "outcome": "overridden",
    "outcomeTimestamp": "2026-01-31T12:00:00Z",
}
_CODED = {"code": "too-late", "system": "https://example.org/reasons", "display": "Too late"}
FEEDBACK: dict[str, dict[str, Any]] = {
    "Spec: a suggestion was accepted": {
        **_SAID,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "5d1b4b7c-7c9a-4d3e-9b5f-3f1f0a2b6c22"}],
    },
    "Spec: overridden without a reason": _SAID,
    "Spec: overridden with a reason and a comment": _SAID
    | {"overrideReason": {"reason": _CODED, "userComment": "What somebody typed."}},
    "Spec: overridden with a comment alone": _SAID
    | {"overrideReason": {"userComment": "What somebody typed."}},
}


def check(document: dict[str, Any], name: str, instance: object) -> None:
    """Hold something against a schema of our OpenAPI file; jsonschema.ValidationError if not."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(instance)


def is_complete(found: object) -> bool:
    """Whether nothing in it is null or empty, as CDS Hooks asks of whoever sends JSON."""
    if isinstance(found, dict):
        return all(map(is_complete, found.values()))
    if isinstance(found, list):
        return bool(found) and all(map(is_complete, found))
    return found not in (None, "")
