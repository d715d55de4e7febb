"""What others publish as examples is answered validly: the same shapes, with people of our own.

Each call names the example for which it stands, in CDS Hooks 2.0 and 3.0.0-ballot (the pages of the
specification and of the hooks) and among the fixtures of Inferno's CRD test kit. The originals were
run once as they are: docs/testing.md.
"""

from __future__ import annotations

import re
import uuid

import pytest

from tests.lib.card_examples import (
    CALLS,
    FEEDBACK,
    INCOMPLETE,
    OTHER_HOOKS,
    check,
    is_complete,
)
from tests.lib.card_world import SERVICE, card_world, view
from tests.lib.patients import edss, ms, woman

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with card_world(tmp_path_factory.mktemp("examples")) as made:
        made.judge(*ANNA)
        yield made


@pytest.fixture(scope="module")
def document(world):
    return world.ask("GET", "/openapi.json").json()


@pytest.mark.parametrize("name", CALLS)
def test_a_published_call_is_one_by_our_file(document, name):
    check(document, "Call", CALLS[name])


@pytest.mark.parametrize("name", CALLS)
def test_a_published_call_about_somebody_whom_we_know_is_answered_with_a_card(
    world, document, name
):
    answered = world.post(CALLS[name])
    assert answered.status_code == 200
    check(document, "Cards", answered.json())
    (card,) = answered.json()["cards"]
    assert is_complete(card)


@pytest.mark.parametrize("name", CALLS)
def test_a_published_call_about_a_stranger_is_answered_412(world, document, name):
    call = CALLS[name]
    stranger = {**call, "context": {**call["context"], "patientId": "stranger"}}
    answered = world.post(stranger)
    assert answered.status_code == 412
    check(document, "OperationOutcome", answered.json())


@pytest.mark.parametrize("hook", OTHER_HOOKS)
def test_a_hook_on_which_we_are_not_offered_is_refused_with_those_on_which_we_are(
    world, document, hook
):
    answered = world.post({**view(), "hook": hook, **OTHER_HOOKS[hook]})
    assert answered.status_code == 400
    check(document, "OperationOutcome", answered.json())
    assert "patient-view, order-sign" in answered.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_example_that_lacks_what_the_specification_requires_is_told_what(world, document, name):
    call, lacks = INCOMPLETE[name]
    answered = world.post(call)
    assert answered.status_code == 400
    check(document, "OperationOutcome", answered.json())
    assert lacks in answered.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("name", FEEDBACK)
def test_published_feedback_is_heard(world, document, name):
    body = {"feedback": [FEEDBACK[name]]}
    check(document, "Feedback", body)
    answered = world.post(body, f"/cds-services/{SERVICE}/feedback")
    assert (answered.status_code, answered.json()) == (200, {})


def test_a_card_keeps_what_the_specification_says_of_every_card(world):
    (card,) = world.cards(view())
    assert len(card["summary"]) < 140
    assert card["indicator"] in ("info", "warning", "critical")
    assert re.match(r"https?://", card["source"]["url"])
    assert bool(card.get("suggestions")) == bool(card.get("selectionBehavior"))
    assert sum(s["isRecommended"] for s in card["suggestions"]) <= 1
    assert all(action["description"] for s in card["suggestions"] for action in s["actions"])
    assert all(reason["display"] for reason in card["overrideReasons"])
    names = [card["uuid"], *(s["uuid"] for s in card["suggestions"])]
    assert [str(uuid.UUID(name)) for name in names] == names
