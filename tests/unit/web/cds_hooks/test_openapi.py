"""The OpenAPI file, held against what we answer; `test_openapi_fuzzed` tries every corner of it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.lib.card_examples import check
from tests.lib.card_world import SERVICE, card_world, prefetch, view
from tests.lib.patients import edss, ms, woman

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


@pytest.fixture
def document(world):
    return world.ask("GET", "/openapi.json").json()


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


def test_a_refusal_is_as_the_file_says(world, document):
    check(document, "OperationOutcome", world.post(view()).json())


def test_a_card_from_the_chart_alone_is_as_the_file_says(world, document):
    found = world.post(view(prefetch=prefetch(*ANNA))).json()
    assert found["cards"]
    check(document, "Cards", found)


def test_the_file_is_json_that_a_person_can_read(document):
    assert json.dumps(document).count("critical") == 0
