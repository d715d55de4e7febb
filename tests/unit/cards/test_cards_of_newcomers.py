"""Cards about people whom the line has not judged, by what a call brings alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service.cards.lent_charts import MOST_WAITING
from service.screening.alert import AlertKind, alert_key
from service.screening.record import ResourceRef
from tests.lib.card_world import (
    PROTOCOL,
    SITE,
    TODAY,
    card_world,
    nothing_there,
    prefetch,
    view,
)
from tests.lib.going_live import approve
from tests.lib.patients import dxa_done, edss, ms, woman
from tests.lib.wire import BASE, answer, bundle

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
STRANGER = (woman(born="1986-06-01"),)
LENT = {
    "access_token": "lent",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/*.read",
    "subject": "boneflag",
}


def lent(**changes):
    server = changes.pop("server", BASE)
    return {"fhirServer": server, "fhirAuthorization": {**LENT, **changes}}


class EHR:
    """Answers searches by a chart, and says that it can."""

    def __init__(self, *resources):
        self._resources = {}
        for type_, found in prefetch(*resources).items():
            listed = [found] if type_ == "Patient" else [e["resource"] for e in found["entry"]]
            self._resources[type_] = listed

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.removeprefix("/fhir/").split("/")
        if parts[0] == "metadata":
            listed = [
                {"type": t, "interaction": [{"code": "search-type"}, {"code": "read"}]}
                for t in self._resources
            ]
            rest = [{"mode": "server", "resource": listed}]
            statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
            return answer({**statement, "rest": rest})
        return answer(bundle(*self._resources.get(parts[0], ())))


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


def test_somebody_who_is_due_is_shown_the_card_that_the_line_would_open(world):
    (card,) = world.cards(view(prefetch=prefetch(*ANNA)))
    patient = ResourceRef("Patient", "p")
    assert card["uuid"] == alert_key(SITE, patient, PROTOCOL.id, AlertKind.SCREENING, 1)


def test_nothing_is_opened_by_a_card_and_the_line_is_asked_to_look(world):
    world.cards(view(prefetch=prefetch(*ANNA)))
    (key,) = world.ledger.cohort.keys_of(["p"]).values()
    assert world.ledger.alerts.history([key]) == {}
    assert set(world.ledger.pending.runs_of([key])) == {key}


def test_a_card_that_is_shown_again_asks_the_line_once(world):
    for _ in range(3):
        world.cards(view(prefetch=prefetch(*ANNA)))
    assert len(world.ledger.runs.newest(10)) == 1


def test_of_somebody_without_ms_nothing_is_kept(world):
    assert world.cards(view(prefetch=prefetch(*STRANGER))) == []
    assert world.ledger.cohort.keys_of(["p"]) == {}


def test_one_look_at_the_diagnoses_is_enough_for_somebody_without_ms(world):
    only = {"Condition": prefetch(*STRANGER)["Condition"]}
    assert world.cards(view(prefetch=only)) == []


def test_somebody_who_was_scanned_is_shown_nothing(world):
    scanned = prefetch(*ANNA, dxa_done(on=TODAY.isoformat()))
    assert world.cards(view(prefetch=scanned)) == []


def test_in_a_canary_nobody_new_is_shown_a_card(tmp_path):
    with card_world(tmp_path, is_approved=False) as world:
        approve(world.ledger, PROTOCOL.digest, stage="canary", canary=[])
        assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_where_flags_tell_a_newcomer_waits_for_their_flag(tmp_path):
    with card_world(tmp_path, is_channel=False, beside=True) as world:
        assert world.cards(view(prefetch=prefetch(*ANNA))) == []


# What is missing


def test_without_a_chart_and_without_access_nobody_can_tell(world):
    answered = world.post(view())
    assert answered.status_code == 412
    assert "Condition" in answered.json()["issue"][0]["diagnostics"]


def test_somebody_with_ms_whose_medicines_do_not_come_is_not_guessed_at(world):
    some = prefetch(*ANNA, leaving_out=("MedicationRequest",))
    assert world.post(view(prefetch=some)).status_code == 412


def test_a_type_that_many_an_ehr_does_not_give_keeps_nobody_from_being_told(world):
    rare = ("Device", "DeviceUseStatement", "FamilyMemberHistory")
    (card,) = world.cards(view(prefetch=prefetch(*ANNA, leaving_out=rare)))
    assert "Not known:" in card["detail"]


def test_an_order_may_be_in_what_did_not_come(world):
    some = prefetch(*ANNA, leaving_out=("ServiceRequest",))
    assert world.post(view(prefetch=some)).status_code == 412


def test_what_is_missing_is_fetched_with_the_access_that_is_lent(tmp_path):
    with card_world(tmp_path, EHR(*ANNA)) as world:
        assert len(world.cards(view(**lent()))) == 1


def test_the_lent_token_is_the_one_that_is_shown(tmp_path):
    with card_world(tmp_path, EHR(*ANNA)) as world:
        world.cards(view(**lent()))
        assert {r.headers["Authorization"] for r in world.requests} == {"Bearer lent"}


def test_only_what_is_missing_is_fetched(tmp_path):
    with card_world(tmp_path, EHR(*ANNA)) as world:
        some = prefetch(*ANNA, leaving_out=("Procedure",))
        assert len(world.cards(view(prefetch=some, **lent()))) == 1
        paths = {r.url.path.removeprefix("/fhir/") for r in world.requests}
        assert {path.split("/")[0] for path in paths} <= {"metadata", "Procedure", "Patient"}


def test_for_somebody_without_ms_only_the_diagnoses_are_fetched(tmp_path):
    with card_world(tmp_path, EHR(*STRANGER)) as world:
        assert world.cards(view(**lent())) == []
        paths = {r.url.path.removeprefix("/fhir/") for r in world.requests}
        assert {path.split("/")[0] for path in paths} <= {"metadata", "Condition", "Patient"}


def test_a_lent_token_never_goes_to_another_server(world):
    answered = world.post(view(**lent(server="https://evil.example/fhir")))
    assert answered.status_code == 412
    assert world.requests == []


def test_a_token_for_another_patient_is_not_used(world):
    assert world.post(view(**lent(patient="other"))).status_code == 412
    assert world.requests == []


def test_a_type_outside_the_scopes_is_not_asked_for(tmp_path):
    with card_world(tmp_path, EHR(*ANNA)) as world:
        scope = "user/Condition.rs user/Patient.read"
        assert world.cards(view(**lent(scope=scope))) == []
        paths = {r.url.path.removeprefix("/fhir/") for r in world.requests}
        assert {path.split("/")[0] for path in paths} <= {"metadata", "Condition", "Patient"}


def test_a_scope_that_shows_a_part_of_a_type_leaves_it_unread(tmp_path):
    with card_world(tmp_path, EHR(*ANNA)) as world:
        whole = [f"user/{need.type}.rs" for need in PROTOCOL.needs if need.type != "Observation"]
        scope = " ".join([*whole, "user/Observation.rs?category=vital-signs"])
        some = prefetch(*ANNA, leaving_out=("Observation",))
        assert world.cards(view(prefetch=some, **lent(scope=scope))) == []
        paths = {r.url.path.removeprefix("/fhir/").split("/")[0] for r in world.requests}
        assert "Observation" not in paths


def test_where_the_ehr_is_slow_not_everybody_waits_for_it(tmp_path):
    is_back = threading.Event()

    def slow(request):
        is_back.wait(10)
        return nothing_there(request)

    with card_world(tmp_path, slow) as world, ThreadPoolExecutor(MOST_WAITING) as others:
        waiting = [others.submit(world.post, view(f"p{n}", **lent())) for n in range(MOST_WAITING)]
        while world.line._new._lent_charts._places._value:
            time.sleep(0.01)
        try:
            began = time.monotonic()
            assert world.post(view(**lent())).status_code == 412
            assert time.monotonic() - began < 5  # The EHR takes ten.
        finally:
            is_back.set()
        assert {call.result().status_code for call in waiting} == {412}


def test_an_ehr_that_is_away_leaves_the_answer_to_what_came(tmp_path):
    with card_world(tmp_path, nothing_there) as world:
        some = prefetch(*ANNA, leaving_out=("MedicationRequest",))
        assert world.cards(view(prefetch=some, **lent())) == []


def test_an_ehr_that_is_away_and_no_diagnoses_leave_nothing_to_answer(tmp_path):
    with card_world(tmp_path, nothing_there) as world:
        assert world.post(view(**lent())).status_code == 412


def test_the_call_of_a_stranger_stands_in_the_audit_without_a_person(world):
    world.cards(view(prefetch=prefetch(*STRANGER)))
    (row,) = [r for r in world.ledger.audit.rows() if r.what == "card"]
    assert (row.patient_key, row.reason, row.by_whom) == (
        "",
        "nothing to show",
        "Practitioner/neuro",
    )


def test_a_call_that_could_not_be_answered_stands_in_the_audit_too(world):
    world.post(view())
    reasons = [r.reason for r in world.ledger.audit.rows() if r.what == "card"]
    assert reasons == ["chart missing"]


def test_medicines_whose_drug_did_not_come_are_not_taken_for_none(world):
    came = prefetch(*ANNA)
    unnamed = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationReference": {"reference": "Medication/1"},
    }
    came["MedicationRequest"]["entry"] = [{"resource": unnamed, "search": {"mode": "match"}}]
    assert world.post(view(prefetch=came)).status_code == 412
