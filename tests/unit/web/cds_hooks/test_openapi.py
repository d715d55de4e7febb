"""The OpenAPI file, held against the examples of the specification and against what we answer.

The calls are those of CDS Hooks 2.0 and 3.0.0-ballot and the shapes of the fixtures that Inferno's
CRD test kit sends a server, written down anew: their elements, with people of our own.
"""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.lib.card_world import SERVICE, card_world, prefetch, sign, view
from tests.lib.patients import edss, ms, woman

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
ACCESS = {
    "access_token": "SAMPLE_TOKEN",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.read user/Observation.read",
    "subject": "cds-service4",
}
SERVER = {"fhirServer": "http://hooks.example:9080", "fhirAuthorization": ACCESS}
GREETED = {"resourceType": "Patient", "gender": "male", "birthDate": "1925-12-23", "active": True}
DIET = {
    "resourceType": "NutritionOrder",
    "id": "diet",
    "status": "draft",
    "patient": {"reference": "Patient/1288992"},
    "dateTime": "2014-09-17",
}
DRUG = {
    "resourceType": "MedicationRequest",
    "id": "drug",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Amoxicillin"},
    "subject": {"reference": "Patient/1288992"},
}
WHERE = {"userId": "PractitionerRole/123", "patientId": "p", "encounterId": "89284"}
CALLS = {
    "patient-view with a key of its own": view(**SERVER, prefetch={"patientToGreet": GREETED}),
    "patient-view at an encounter": view(context=WHERE),
    "patient-view without access": view(prefetch={"Patient": {**GREETED, "id": "p"}}),
    "patient-view with nothing found": view(prefetch={"Condition": None}),
    "order-sign with a diet and a drug": sign(DIET, DRUG, **SERVER),
    "order-sign with an extension": sign(DIET, extension={"org.example": {"x": 1}}),
    "order-sign without orders": sign(),
    "order-sign with a referral": sign(
        {"resourceType": "ServiceRequest", "status": "draft", "code": {"text": "Home oxygen"}}
    ),
}
SAID = {
    "card": "9368d37b-283f-44a0-93ea-547cebab93ed",
    "outcome": "overridden",
    "outcomeTimestamp": "2020-12-11T00:00:00Z",
}
CODED = {"code": "d7ecf885", "system": "https://example.com/cds-hooks/override-reason-system"}
FEEDBACK = {
    "accepted": {
        "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
        "outcomeTimestamp": "2021-12-11T10:05:31Z",
    },
    "overridden": SAID,
    "overridden with a reason": SAID
    | {"overrideReason": {"reason": CODED, "userComment": "Typed by a clinician."}},
}


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


@pytest.fixture
def document(world):
    return world.ask("GET", "/openapi.json").json()


def check(document, name, instance):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(instance)


def test_every_schema_of_the_file_is_one(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_address_of_the_file_is_there(world, document):
    for path, methods in document["paths"].items():
        for method in methods:
            answered = world.ask(method.upper(), path.replace("{id}", SERVICE))
            assert answered.status_code in (200, 401), path


def test_what_is_offered_is_as_the_file_says(world, document):
    check(document, "Services", world.ask("GET", "/cds-services").json())


@pytest.mark.parametrize("name", CALLS)
def test_every_call_of_the_specification_is_one_by_the_file(document, name):
    check(document, "Call", CALLS[name])


@pytest.mark.parametrize("name", CALLS)
def test_every_call_of_the_specification_is_answered_validly(world, document, name):
    world.judge(*ANNA)
    answered = world.post(CALLS[name])
    assert answered.status_code == 200
    check(document, "Cards", answered.json())
    assert len(answered.json()["cards"]) == 1


@pytest.mark.parametrize("name", FEEDBACK)
def test_every_feedback_of_the_specification_is_heard(world, document, name):
    body = {"feedback": [FEEDBACK[name]]}
    check(document, "Feedback", body)
    assert world.post(body, f"/cds-services/{SERVICE}/feedback").status_code == 200


def test_a_refusal_is_as_the_file_says(world, document):
    check(document, "OperationOutcome", world.post(view()).json())


def test_a_card_from_the_chart_alone_is_as_the_file_says(world, document):
    found = world.post(view(prefetch=prefetch(*ANNA))).json()
    assert found["cards"]
    check(document, "Cards", found)


def test_the_file_is_json_that_a_person_can_read(document):
    assert json.dumps(document).count("critical") == 0
