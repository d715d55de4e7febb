"""The CDS Hooks door on the wire: what is offered, what is refused, what a card looks like."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from service.web.cds_hooks.card_json import Addresses
from service.web.cds_hooks.routes import MOST_BYTES
from tests.lib.card_examples import check
from tests.lib.card_world import (
    PROTOCOL,
    SERVICE,
    URL,
    VOCABULARY,
    card_world,
    prefetch,
    sign,
    view,
)
from tests.lib.patients import condition, edss, icd, ms, woman
from tests.lib.source_tree import HOME

PATH = f"/cds-services/{SERVICE}"
ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
TEMPLATE = re.compile(
    r"Patient/\{\{context\.patientId\}\}"
    r"|[A-Z][A-Za-z]+\?patient=\{\{context\.patientId\}\}(&code=[A-Za-z0-9.\-]+(,[A-Za-z0-9.\-]+)*)?"
)


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


@pytest.fixture
def card(world):
    world.judge(*ANNA)
    (shown,) = world.cards(view())
    return shown


def nothing_empty(found):
    if isinstance(found, dict):
        return all(nothing_empty(value) for value in found.values())
    if isinstance(found, list):
        return bool(found) and all(map(nothing_empty, found))
    return found not in (None, "")


# Discovery


def test_both_hooks_are_offered_without_a_token(world):
    found = world.ask("GET", "/cds-services").json()["services"]
    assert [service["hook"] for service in found] == ["patient-view", "order-sign"]
    assert {service["id"] for service in found} == {SERVICE}


def test_the_prefetch_asks_for_every_type_that_the_protocol_needs(world):
    for service in world.ask("GET", "/cds-services").json()["services"]:
        assert set(service["prefetch"]) == {need.type for need in PROTOCOL.needs}


def test_the_prefetch_says_only_what_its_grammar_allows(world):
    templates = world.ask("GET", "/cds-services").json()["services"][0]["prefetch"].values()
    assert [t for t in templates if not TEMPLATE.fullmatch(t)] == []


def test_observations_are_asked_for_by_the_codes_of_the_protocol(world):
    template = world.ask("GET", "/cds-services").json()["services"][0]["prefetch"]["Observation"]
    need = next(need for need in PROTOCOL.needs if need.type == "Observation")
    codes = template.partition("&code=")[2].split(",")
    assert codes == list(VOCABULARY.search_codes(set(need.value_sets)))


def test_any_browser_may_look_at_what_is_offered(world):
    found = world.ask("GET", "/cds-services", headers={"Origin": "https://sandbox.example"})
    assert found.headers["Access-Control-Allow-Origin"] == "*"


def _may_ask(world, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return world.ask("OPTIONS", PATH, headers=headers).headers.get("Access-Control-Allow-Origin")


def test_only_browsers_of_the_hospital_may_ask_for_cards(world):
    assert _may_ask(world, "https://browser.example") == "https://browser.example"
    assert _may_ask(world, "https://other.example") is None


# What is refused


def test_a_service_that_is_not_there_is_not_found(world):
    assert world.post(view(), "/cds-services/other").status_code == 404


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_required_element_may_not_be_missing(world, name):
    body = {n: value for n, value in view().items() if n != name}
    answered = world.post(body)
    assert answered.status_code == 400
    assert name in answered.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "changes",
    [
        {"hook": "order-select"},
        {"hookInstance": "1"},
        {"context": {"patientId": "p"}},
        {"context": {"userId": "Practitioner/1"}},
        {"context": {"userId": "Practitioner/1", "patientId": "no id"}},
        {"hook": "order-sign"},
        {"prefetch": []},
        {"fhirAuthorization": {"access_token": "t"}},
        {"fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": {"access_token": "t"}},
    ],
)
def test_what_the_specification_does_not_allow_is_refused(world, changes):
    assert world.post(view(**changes)).status_code == 400


def test_access_may_be_lent_for_ever(world):
    lent = {"access_token": "t", "token_type": "Bearer", "scope": "user/*.read", "subject": "s"}
    elsewhere = {"fhirServer": "https://other.example/fhir"}
    call = view(**elsewhere, fhirAuthorization={**lent, "expires_in": 10**400})
    assert world.post(call).status_code == 412


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(world, body):
    headers = {"Authorization": f"Bearer {world.token(PATH)}"}
    assert world.ask("POST", PATH, content=body, headers=headers).status_code == 400


def test_a_body_that_is_too_large_is_refused(world):
    headers = {"Authorization": f"Bearer {world.token(PATH)}"}
    body = b" " * (MOST_BYTES + 1)
    assert world.ask("POST", PATH, content=body, headers=headers).status_code == 413


def test_a_call_that_breaks_off_is_no_fault_of_ours(world):
    came = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"{", "more_body": True}]
    sent = []

    async def receive():
        return came.pop() if len(came) > 1 else came[0]

    async def send(message):
        sent.append(message)

    token = world.token(PATH)
    headers = [(b"host", b"boneflag.example"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers}
    asyncio.run(world.web({**scope, "query_string": b""}, receive, send))
    assert sent[0]["status"] == 400


def test_a_refusal_repeats_nothing_that_came(world):
    secret = "Anna-Secret"
    answered = world.post(view(context={"userId": secret, "patientId": f"{secret} {secret}"}))
    assert secret not in answered.text


def test_nothing_about_a_person_reaches_the_log(world, capfd):
    world.judge(*ANNA, patient="anna-secret")
    assert world.cards(view("anna-secret", prefetch=prefetch(*ANNA)))
    said = "".join(capfd.readouterr())
    assert "card_asked_for" in said
    assert "anna-secret" not in said


# Cards


def test_nothing_to_show_is_an_empty_list(world):
    assert world.post(view(prefetch=prefetch(ANNA[0]))).json() == {"cards": []}


def test_an_answer_is_kept_by_nobody_on_the_way(world):
    assert world.post(view(prefetch=prefetch(ANNA[0]))).headers["Cache-Control"] == "no-store"


def test_a_card_holds_nothing_empty(card):
    assert nothing_empty(card)


def test_the_summary_of_a_card_is_short_enough(card):
    assert len(card["summary"]) < 140


def test_a_card_tells_its_evidence_and_that_it_is_a_local_decision(card):
    assert "EDSS" in card["detail"]
    assert "[Observation/observation-1]" in card["detail"]
    assert "A local decision" in card["detail"]
    assert f"Protocol {PROTOCOL.id} {PROTOCOL.version}" in card["detail"]


def test_a_reminder_is_never_critical(card):
    assert card["indicator"] == "info"


def test_a_recent_fracture_is_a_warning(world):
    hip = condition(icd("S72.001A"), onset="2026-11-01", category="encounter-diagnosis")
    world.judge(woman(born="1971-06-01"), *ANNA[1:], hip)
    (shown,) = world.cards(view())
    assert shown["indicator"] == "warning"


def test_the_source_names_the_protocol_and_leads_to_the_hospitals_page(card):
    source = card["source"]
    assert PROTOCOL.version in source["label"]
    assert source["url"] == "https://hospital.example/bones"
    assert source["topic"]["code"] == "ms-bone-health-review"


def test_the_suggestion_is_a_draft_of_a_proposal_for_this_patient(card):
    assert card["selectionBehavior"] == "at-most-one"
    ((suggestion,),) = [card["suggestions"]]
    (action,) = suggestion["actions"]
    order = action["resource"]
    assert action["type"] == "create"
    assert (order["resourceType"], order["status"], order["intent"]) == (
        "ServiceRequest",
        "draft",
        "proposal",
    )
    assert order["subject"] == {"reference": "Patient/p"}


def test_every_reason_is_one_that_the_protocol_knows_and_has_words(card):
    reasons = card["overrideReasons"]
    assert {reason["code"] for reason in reasons} <= set(PROTOCOL.reasons)
    assert all(reason["display"] for reason in reasons)


def test_the_words_of_the_reasons_are_those_of_the_packaged_value_set(card):
    text = (HOME / "fhir_profiles/generated/ValueSet-decline-reason.json").read_text("utf-8")
    (include, *_) = json.loads(text)["compose"]["include"]
    packaged = {c["code"]: c["display"].rstrip("*") for c in include["concept"]}
    told = {reason["code"]: reason["display"] for reason in card["overrideReasons"]}
    shared = packaged.keys() & told.keys()
    assert shared
    assert {code: packaged[code] for code in shared} == {code: told[code] for code in shared}


def test_the_card_of_an_order_is_the_card_of_the_chart(world, card):
    (again,) = world.cards(sign({"resourceType": "NutritionOrder", "status": "draft"}))
    assert again == card


def test_the_address_of_the_door_is_the_audience(world):
    other = world.token(PATH, aud=f"{URL}/elsewhere")
    headers = {"Authorization": f"Bearer {other}"}
    assert world.ask("POST", PATH, json=view(), headers=headers).status_code == 401


# Where it leads


def link_of(directory, **pages):
    addresses = Addresses(pages="https://boneflag.hospital.example", **pages)
    with card_world(directory, addresses=addresses) as world:
        key = world.judge(*ANNA)
        (shown,) = world.cards(view())
        check(world.ask("GET", "/openapi.json").json(), "Cards", {"cards": [shown]})
        return key, shown["links"]


def test_a_card_leads_to_the_page_of_its_patient_by_the_key_of_the_ledger(tmp_path):
    key, (link,) = link_of(tmp_path)
    assert link["url"] == f"https://boneflag.hospital.example/patients/{key}"
    assert link["type"] == "absolute"


def test_a_card_is_launched_where_the_ehr_tells_who_the_patient_is(tmp_path):
    _, (link,) = link_of(tmp_path, are_launched=True)
    assert (link["url"], link["type"]) == ("https://boneflag.hospital.example/launch", "smart")


def test_the_card_of_somebody_new_leads_to_their_page(tmp_path):
    addresses = Addresses(pages="https://boneflag.hospital.example")
    with card_world(tmp_path, addresses=addresses) as world:
        (shown,) = world.cards(view(prefetch=prefetch(*ANNA)))
        key = world.ledger.cohort.keys_of(["p"])["p"]
    assert shown["links"][0]["url"].endswith(f"/patients/{key}")


def test_without_pages_a_card_has_no_links(card):
    assert "links" not in card
