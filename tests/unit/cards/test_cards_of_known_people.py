"""Cards about people whom the line has judged and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.deciding import Answer, Deciding
from service.ehr.card_channel import CARDS
from tests.lib.card_world import AT, PROTOCOL, TODAY, card_world, prefetch, sign, view
from tests.lib.going_live import approve
from tests.lib.patients import (
    condition,
    cpt,
    dxa,
    dxa_done,
    dxa_order,
    edss,
    icd,
    ms,
    ordered,
    procedure,
    woman,
)

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
RECENT = TODAY.isoformat()


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        yield made


def test_somebody_who_was_told_by_a_card_is_shown_it_without_any_prefetch(world):
    world.judge(*ANNA)
    (card,) = world.cards(view())
    assert card["summary"].startswith("Bone health: consider bone density assessment")


def test_a_card_is_the_same_one_whenever_it_is_shown(world):
    world.judge(*ANNA)
    (first,) = world.cards(view())
    (again,) = world.cards(view(prefetch=prefetch(*ANNA)))
    assert first["uuid"] == again["uuid"]


def test_somebody_who_is_not_due_is_shown_nothing(world):
    world.judge(*ANNA[:2])
    assert world.cards(view()) == []


def test_somebody_who_is_due_and_not_told_yet_waits_for_their_run(world):
    world.judge(*ANNA, told_by="")
    assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_what_a_flag_tells_is_not_repeated_as_a_card(world):
    world.judge(*ANNA, told_by="flag-and-task")
    assert world.cards(view()) == []


def test_what_a_flag_tells_is_a_card_too_where_the_hospital_wants_both(tmp_path):
    with card_world(tmp_path, is_channel=False, beside=True) as world:
        world.judge(*ANNA, told_by="flag-and-task")
        assert len(world.cards(view())) == 1


@pytest.mark.parametrize(("told_by", "questions"), [(CARDS, 9), ("", 6)])
def test_a_call_asks_the_ledger_little(world, told_by, questions):
    """At 200 calls a second each further question is a queue."""
    world.judge(*ANNA, told_by=told_by)
    asked = []
    pool = world.ledger._database._pool
    sa.event.listen(pool, "before_cursor_execute", lambda *told: asked.append(told[2]))
    world.cards(view(prefetch=prefetch(*ANNA)))
    assert len([statement for statement in asked if not statement.startswith("BEGIN")]) == questions


def test_without_an_approval_no_card_is_shown(tmp_path):
    with card_world(tmp_path, is_approved=False) as world:
        world.judge(*ANNA)
        assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_in_shadow_mode_no_card_is_shown(tmp_path):
    with card_world(tmp_path, mode="shadow") as world:
        world.judge(*ANNA)
        assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_while_the_hospital_pauses_no_card_is_shown(world):
    world.judge(*ANNA)
    world.ledger.switches.pause("", AT)
    assert world.cards(view()) == []


def test_outside_of_a_canary_no_card_is_shown(tmp_path):
    with card_world(tmp_path, is_approved=False) as world:
        inside = world.judge(*ANNA)
        world.judge(*ANNA, patient="q")
        approve(world.ledger, PROTOCOL.digest, stage="canary", canary=[inside], at=AT)
        assert [len(world.cards(view(p))) for p in ("p", "q")] == [1, 0]


def test_whoever_is_left_out_is_not_looked_at(world):
    world.judge(*ANNA)
    world.ledger.cohort.leave_out(["p"], AT)
    assert world.cards(view(prefetch=prefetch(*ANNA))) == []


# What the request brings


@pytest.mark.parametrize(
    "news",
    [
        dxa_done(on=RECENT),
        dxa(t=-1.0, on=RECENT),
        dxa_order(on=RECENT),
    ],
    ids=["a scan", "a result", "an order"],
)
@pytest.mark.parametrize("leaving_out", [(), ("MedicationRequest", "Condition")])
def test_what_answers_it_silences_a_card_at_once(world, news, leaving_out):
    world.judge(*ANNA)
    came = prefetch(*ANNA, news, leaving_out=leaving_out)
    assert world.cards(view(prefetch=came)) == []


def test_a_no_in_the_chart_silences_a_card_at_once(world):
    world.judge(*ANNA)
    refused = procedure(cpt("77080"), on=RECENT, status="not-done", statusReason=_refusal())
    only = {"Procedure": prefetch(*ANNA, refused)["Procedure"]}
    assert world.cards(view(prefetch=only)) == []


def test_an_exclusion_silences_a_card_at_once(world):
    world.judge(*ANNA)
    pregnant = condition(icd("Z33.1"), onset=RECENT, recorded=RECENT)
    only = {"Condition": prefetch(*ANNA, pregnant)["Condition"]}
    assert world.cards(view(prefetch=only)) == []


def test_an_old_scan_that_the_ledger_knows_silences_nothing(world):
    steroids_matter = (*ANNA, dxa(t=-1.0, on="2023-01-01"))
    world.judge(*steroids_matter)
    only = {"Observation": prefetch(*steroids_matter)["Observation"]}
    assert len(world.cards(view(prefetch=only))) == 1


def test_what_does_not_come_silences_nothing(world):
    world.judge(*ANNA)
    nothing = {"Condition": None, "Observation": {"resourceType": "OperationOutcome"}}
    assert len(world.cards(view(prefetch=nothing))) == 1


def test_one_page_of_many_silences_nothing(world):
    world.judge(*ANNA)
    came = prefetch(*ANNA[:2])
    came["Observation"]["link"] = [{"relation": "next", "url": "https://ehr.example.org/fhir?p=2"}]
    assert len(world.cards(view(prefetch=came))) == 1


def test_another_persons_scan_silences_nothing(world):
    world.judge(*ANNA)
    scan = dxa_done(on=RECENT, subject={"reference": "Patient/other"})
    assert len(world.cards(view(prefetch={"Procedure": _page(scan)}))) == 1


def test_a_chart_that_came_whole_speaks_for_itself(world):
    world.judge(*ANNA)
    drug = ordered("Cyanocobalamin", on="2026-01-01", since="2026-01-01", until="2026-12-31")
    corrected = prefetch(*ANNA[:2], edss(1.0, on="2026-09-01"), drug)
    assert world.cards(view(prefetch=corrected)) == []


def test_a_chart_without_what_many_an_ehr_does_not_give_speaks_for_itself(world):
    world.judge(*ANNA)
    low = prefetch(*ANNA, dxa_done(on=RECENT), leaving_out=("Device", "DeviceUseStatement"))
    assert world.cards(view(prefetch=low)) == []


# Orders about to be signed


def test_a_scan_among_the_drafts_needs_no_card(world):
    world.judge(*ANNA)
    assert world.cards(sign(dxa_order(on=RECENT, status="draft"))) == []


def test_another_order_is_signed_beside_the_card(world):
    world.judge(*ANNA)
    other = dxa_order(on=RECENT, status="draft") | {"code": {"text": "Blood count"}}
    assert len(world.cards(sign(other))) == 1


def test_an_order_not_to_scan_is_no_order(world):
    world.judge(*ANNA)
    not_to = dxa_order(on=RECENT, status="draft", doNotPerform=True)
    assert len(world.cards(sign(not_to))) == 1


# What was decided


def _decide(world, code):
    deciding = Deciding(world.ledger, PROTOCOL, "live")
    deciding.decide("p", Answer(code, "neurologist"), world.today(), world.now)


def test_a_no_of_this_morning_silences_a_card_at_once(world):
    world.judge(*ANNA)
    _decide(world, "patient-refuses")
    assert world.cards(view()) == []
    assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_a_no_that_has_lapsed_silences_no_more(world):
    world.judge(*ANNA)
    _decide(world, "limited-time")
    world.now += timedelta(days=100)
    assert len(world.cards(view())) == 1


def test_a_card_of_somebody_ordered_for_is_not_shown(world):
    world.judge(*ANNA)
    world.judge(*ANNA, dxa_order(on=RECENT), told_by="")
    assert world.cards(view()) == []


def test_what_became_unknown_closes_nothing(world):
    world.judge(*ANNA)
    world.now += timedelta(hours=1)
    world.judge(woman(born=None), *ANNA[1:], told_by="")
    (card,) = world.cards(view())
    assert "EDSS" in card["detail"]


def _page(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}


def _refusal():
    return {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z53.20"}]}


def test_an_osteoporosis_without_treatment_has_a_card_without_an_order(world):
    world.judge(*ANNA, condition(icd("M81.0"), recorded="2020-01-01"))
    (card,) = world.cards(view())
    assert "no treatment is visible" in card["summary"]
    assert "suggestions" not in card
