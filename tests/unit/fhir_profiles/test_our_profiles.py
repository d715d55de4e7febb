"""The profiles say what the code says: the same names, systems and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.structuredefinition import StructureDefinition
from fhir.resources.R4B.valueset import ValueSet

from service.ehr.decision_reason import DECISION_REASON_SYSTEM
from service.ehr.delivery import communication, elements, flag, service_request, task
from service.screening.alert import (
    ALERT_CODE_SYSTEM,
    ALERT_IDENTIFIER_SYSTEM,
    CANONICAL_BASE,
    AlertKind,
)
from service.screening.decision_meaning import WRONG_DIAGNOSIS

ById = Mapping[str, dict[str, Any]]
MODELS: Mapping[str, Any] = {
    "CodeSystem": CodeSystem,
    "StructureDefinition": StructureDefinition,
    "ValueSet": ValueSet,
}


def _element(profile: dict[str, Any], element_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        e for e in profile["differential"]["element"] if e["id"] == element_id
    ]
    assert len(found) == 1, element_id
    return found[0]


def _codes(profiles: ById, name: str) -> set[str]:
    return {concept["code"] for concept in profiles[f"CodeSystem-{name}"]["concept"]}


def test_every_profile_is_valid_fhir(profiles: ById) -> None:
    for resource in profiles.values():
        MODELS[resource["resourceType"]].model_validate(resource)


def test_every_canonical_url_hangs_on_the_one_base_and_on_its_id(profiles: ById) -> None:
    for resource in profiles.values():
        expected = f"{CANONICAL_BASE}/{resource['resourceType']}/{resource['id']}"
        assert resource["url"] == expected


def test_the_code_system_of_alerts_knows_every_kind_of_alert(profiles: ById) -> None:
    assert _codes(profiles, "alert") == {kind.value for kind in AlertKind}


def test_the_displays_of_alerts_are_those_we_send(profiles: ById) -> None:
    displays = {c["code"]: c["display"] for c in profiles["CodeSystem-alert"]["concept"]}
    assert displays == {kind.value: title for kind, title in elements.TITLES.items()}


def test_the_code_system_of_closings_knows_every_closing_of_ours(profiles: ById) -> None:
    assert profiles["CodeSystem-alert-closing"]["url"] == elements.CLOSING_SYSTEM
    assert _codes(profiles, "alert-closing") == set(get_args(task.Closing))


def test_the_code_system_of_decisions_is_the_one_we_read(profiles: ById) -> None:
    assert profiles["CodeSystem-decision-reason"]["url"] == DECISION_REASON_SYSTEM
    assert _codes(profiles, "decision-reason") == {WRONG_DIAGNOSIS}


def test_the_code_system_of_inputs_is_the_one_we_send(profiles: ById) -> None:
    assert profiles["CodeSystem-task-input"]["url"] == elements.TASK_INPUT_SYSTEM
    assert _codes(profiles, "task-input") == {"evidence"}


def test_the_code_system_of_outputs_is_the_one_we_send(profiles: ById) -> None:
    assert profiles["CodeSystem-task-output"]["url"] == elements.TASK_OUTPUT_SYSTEM
    assert _codes(profiles, "task-output") == {"closed-by"}


def test_the_profiles_are_those_that_our_resources_name(profiles: ById) -> None:
    assert profiles["StructureDefinition-boneflag-flag"]["url"] == flag.FLAG_PROFILE
    assert profiles["StructureDefinition-boneflag-task"]["url"] == task.TASK_PROFILE
    message = profiles["StructureDefinition-boneflag-communication"]
    assert message["url"] == communication.COMMUNICATION_PROFILE
    order = profiles["StructureDefinition-boneflag-servicerequest"]
    assert order["url"] == service_request.SERVICE_REQUEST_PROFILE


def test_the_extensions_are_those_that_our_resources_carry(profiles: ById) -> None:
    digest = profiles["StructureDefinition-protocol-digest"]["url"]
    content = profiles["StructureDefinition-alert-content"]["url"]
    assert (digest, content) == (elements.PROTOCOL_DIGEST_URL, elements.ALERT_CONTENT_URL)


def test_every_profile_asks_for_the_business_identifier(profiles: ById) -> None:
    for name in ("Flag", "Task", "Communication", "ServiceRequest"):
        profile = profiles[f"StructureDefinition-boneflag-{name.lower()}"]
        assert _element(profile, f"{name}.identifier:alert")["min"] == 1
        system = _element(profile, f"{name}.identifier:alert.system")
        assert system["fixedUri"] == ALERT_IDENTIFIER_SYSTEM


def test_both_profiles_ask_for_a_code_of_our_alerts(profiles: ById) -> None:
    for name in ("Flag", "Task"):
        profile = profiles[f"StructureDefinition-boneflag-{name.lower()}"]
        assert _element(profile, f"{name}.code.coding:alert")["min"] == 1
        system = _element(profile, f"{name}.code.coding:alert.system")
        assert system["fixedUri"] == ALERT_CODE_SYSTEM


def test_a_flag_has_the_one_category_that_cpg_flag_asks_for(profiles: ById) -> None:
    category = _element(profiles["StructureDefinition-boneflag-flag"], "Flag.category")
    assert (category["min"], category["max"]) == (1, "1")


def test_a_task_and_an_order_are_never_more_than_a_proposal(profiles: ById) -> None:
    for name in ("Task", "ServiceRequest"):
        profile = profiles[f"StructureDefinition-boneflag-{name.lower()}"]
        assert _element(profile, f"{name}.intent")["fixedCode"] == "proposal"


def test_our_extensions_may_stand_in_everything_that_we_send(profiles: ById) -> None:
    for name in ("protocol-digest", "alert-content", "alert-reasons"):
        places = {c["expression"] for c in profiles[f"StructureDefinition-{name}"]["context"]}
        assert places == {"Flag", "Task", "Communication", "ServiceRequest"}


def test_the_source_of_a_code_may_stand_where_the_value_sets_put_it(profiles: ById) -> None:
    places = {c["expression"] for c in profiles["StructureDefinition-code-source"]["context"]}
    assert places == {"ValueSet.compose.include.concept", "ValueSet.compose.include.filter"}
