"""The audit as AuditEvents: BALP's profiles, by hand, element by element."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.audit_events import Source, events_of
from tests.lib.audit_rows import ROW

SOURCE = Source("ward", "machine", "https://ehr.example/fhir")
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def events(**changes):
    return list(events_of(replace(ROW, **changes), {"k1": "p1"}, SOURCE))


def event(**changes):
    (one,) = events(**changes)
    return one


def agents(one):
    return {agent["type"]["coding"][0]["code"]: agent for agent in one["agent"]}


def entities(one):
    return {entity["type"]["code"]: entity for entity in one["entity"]}


def test_reading_a_chart_is_a_patient_read_of_balp():
    one = event()
    assert one["meta"]["profile"] == [f"{BALP}PatientRead"]
    assert (one["type"]["code"], one["action"], one["outcome"]) == ("rest", "R", "0")
    assert [s["code"] for s in one["subtype"]] == ["read", "search-type"]
    assert entities(one)["1"]["what"] == {"reference": "Patient/p1"}
    assert entities(one)["1"]["role"]["code"] == "1"
    assert entities(one)["2"]["what"] == {"reference": "Patient/p1"}
    assert entities(one)["2"]["role"]["code"] == "4"


def test_what_is_read_flows_from_the_server_to_the_client():
    found = agents(event())
    assert found["110153"]["network"] == {"address": "https://ehr.example/fhir", "type": "5"}
    assert found["110152"]["who"]["identifier"]["value"] == "client-7"
    assert found["110152"]["network"] == {"address": "machine", "type": "1"}


@pytest.mark.parametrize(
    ("what", "profile", "action", "subtype"),
    [
        ("create", "PatientCreate", "C", "create"),
        ("update", "PatientUpdate", "U", "update"),
        ("close", "PatientUpdate", "U", "update"),
        ("withdraw", "PatientUpdate", "U", "update"),
        ("retire", "PatientUpdate", "U", "update"),
    ],
)
def test_a_write_is_one_of_balps_for_each_resource(what, profile, action, subtype):
    flag, task = events(what=what, resource="Flag/1 Task/2")
    assert flag["meta"]["profile"] == task["meta"]["profile"] == [BALP + profile]
    assert (flag["action"], flag["subtype"][0]["code"]) == (action, subtype)
    assert entities(flag)["2"]["what"] == {"reference": "Flag/1"}
    assert entities(task)["2"]["what"] == {"reference": "Task/2"}
    assert [flag["id"], task["id"]] == ["audit-7", "audit-7-1"]
    assert agents(flag)["110153"]["who"]["identifier"]["value"] == "client-7"


def test_whoever_asked_for_it_is_told_and_is_the_only_requestor():
    one = event(what="explain", by_whom="weber: boneflag explain")
    assert agents(one)["IRCP"]["who"] == {"display": "weber: boneflag explain"}
    assert [a["requestor"] for a in one["agent"]] == [False, False, True]


def test_a_failure_has_no_profile_because_balps_are_for_success():
    one = event(outcome="failed", reason="EHRRefused")
    assert "meta" not in one
    assert (one["outcome"], one["outcomeDesc"]) == ("4", "failed; EHRRefused")


@pytest.mark.parametrize("outcome", ["sent", "unknown"])
def test_what_nobody_knows_has_no_outcome(outcome):
    one = event(what="create", outcome=outcome)
    assert "outcome" not in one
    assert "meta" not in one


def test_a_person_who_was_forgotten_keeps_the_key_only():
    one = event(patient_key="gone")
    assert entities(one)["1"]["what"]["identifier"]["value"] == "gone"
    assert "reference" not in entities(one)["1"]["what"]


def test_the_place_in_the_chain_stands_in_the_event():
    job = entities(event())["4"]
    assert job["what"]["identifier"]["value"] == "7"
    told = {d["type"]: d["valueString"] for d in job["detail"]}
    assert told == {"hash": "f" * 64, "run": "3 sweep", "protocol": "digest"}


def test_an_act_of_an_operator_is_no_request_of_fhir():
    one = event(what="pause", patient_key="", detail="")
    assert (one["type"]["code"], one["action"]) == ("110100", "E")
    assert "110153" not in agents(one)
    assert set(entities(one)) == {"4"}


def test_a_list_that_somebody_made_is_an_export_about_a_patient():
    one = event(what="list")
    assert (one["type"]["code"], entities(one)["1"]["what"]["reference"]) == (
        "110106",
        "Patient/p1",
    )
