"""What is said to a card becomes a decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.cards.feedback import Said
from service.web.cds_hooks.feedback_json import feedback_from
from tests.lib.card_world import AT, card_world, prefetch, view
from tests.lib.patients import edss, ms, woman

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
TYPED = "She fell last week"


@pytest.fixture
def world(tmp_path):
    with card_world(tmp_path) as made:
        made.judge(*ANNA)
        yield made


def shown(world):
    (card,) = world.cards(view())
    return card


def decisions(world):
    (key,) = world.ledger.cohort.keys_of(["p"]).values()
    return world.ledger.decisions.of([key]).get(key, ())


def reason(code, **more):
    return {"overrideReason": {"reason": {"system": SYSTEM, "code": code}, **more}}


def test_a_no_with_a_reason_is_a_decision_by_that_reason(world):
    assert world.say(shown(world)["uuid"], **reason("patient-refuses")).status_code == 200
    (no,) = decisions(world)
    assert (no.kind, no.code, no.decided_by) == ("declined", "patient-refuses", "clinician")


def test_after_a_no_the_card_is_not_shown(world):
    world.say(shown(world)["uuid"], **reason("limited-time"))
    assert world.cards(view()) == []
    assert world.cards(view(prefetch=prefetch(*ANNA))) == []


def test_the_line_is_asked_to_look_again_after_a_no(world):
    world.say(shown(world)["uuid"], **reason("limited-time"))
    (key,) = world.ledger.cohort.keys_of(["p"]).values()
    assert set(world.ledger.pending.runs_of([key])) == {key}


def test_a_no_without_a_reason_is_taken_as_for_a_task(world):
    world.say(shown(world)["uuid"])
    assert [no.code for no in decisions(world)] == ["cds-not-applicable"]


def test_a_reason_that_nobody_knows_is_a_no_without_one(world):
    other = {"overrideReason": {"reason": {"system": "https://ehr.example/r", "code": "d7ecf885"}}}
    world.say(shown(world)["uuid"], **other)
    assert [no.code for no in decisions(world)] == ["cds-not-applicable"]


def test_whoever_takes_the_suggestion_is_not_asked_again_until_an_order_would_be_old(world):
    card = shown(world)
    suggestion = card["suggestions"][0]["uuid"]
    world.say(card["uuid"], outcome="accepted", acceptedSuggestions=[{"id": suggestion}])
    assert [no.code for no in decisions(world)] == ["indication-order-exists"]


def test_feedback_that_comes_twice_is_one_decision(world):
    card = shown(world)["uuid"]
    for _ in range(3):
        world.say(card, **reason("limited-time"))
    assert len(decisions(world)) == 1


def test_feedback_sent_again_does_not_bring_back_a_no_that_was_taken_back(world):
    card = shown(world)["uuid"]
    world.say(card, **reason("limited-time"))
    (key,) = world.ledger.cohort.keys_of(["p"]).values()
    world.ledger.decisions.take_back(key, decisions(world), AT)
    world.say(card, **reason("limited-time"))
    assert decisions(world) == ()


def test_feedback_from_long_ago_holds_from_its_own_day(world):
    card = shown(world)["uuid"]
    long_ago = (AT - timedelta(days=200)).isoformat()
    world.say(card, outcomeTimestamp=long_ago, **reason("limited-time"))
    assert len(world.cards(view())) == 1


def test_feedback_from_the_future_holds_from_today(world):
    card = shown(world)["uuid"]
    ahead = (AT + timedelta(days=200)).isoformat()
    world.say(card, outcomeTimestamp=ahead, **reason("limited-time"))
    assert [no.made_on for no in decisions(world)] == [world.today()]


def test_of_what_is_said_at_the_same_moment_the_later_answer_stands_and_is_told_once(world):
    card, later = shown(world)["uuid"], AT + timedelta(minutes=1)
    answers = [Said(card, "overridden", "limited-time", AT)] * 6
    answers += [Said(card, "overridden", "patient-refuses", later)] * 6
    world.now = AT + timedelta(hours=1)
    with ThreadPoolExecutor(len(answers)) as threads:
        news = list(threads.map(world.feedback.hear, answers[::2] + answers[1::2]))
    assert 1 <= sum(news) <= 2
    assert decisions(world)[-1].code == "patient-refuses"
    told = [row for row in world.ledger.audit.rows() if row.what == "decide"]
    assert len(told) == sum(news)


def test_feedback_sent_again_by_a_clock_that_is_ahead_is_no_news(world):
    card = shown(world)["uuid"]
    ahead = (AT + timedelta(hours=2)).isoformat()
    world.say(card, outcomeTimestamp=ahead, **reason("limited-time"))
    (key,) = world.ledger.cohort.keys_of(["p"]).values()
    world.ledger.decisions.take_back(key, decisions(world), AT)
    world.now = AT + timedelta(minutes=1)
    world.say(card, outcomeTimestamp=ahead, **reason("limited-time"))
    assert decisions(world) == ()


def test_of_two_answers_by_a_clock_that_is_ahead_the_later_one_stands(world):
    card = shown(world)["uuid"]
    for minutes, code in ((90, "patient-refuses"), (60, "limited-time")):
        ahead = (AT + timedelta(minutes=minutes)).isoformat()
        world.say(card, outcomeTimestamp=ahead, **reason(code))
        world.now += timedelta(seconds=1)
    assert [no.code for no in decisions(world)] == ["patient-refuses"]


def test_a_clock_that_is_years_ahead_does_not_end_what_may_be_said(world):
    card = shown(world)["uuid"]
    world.say(card, outcomeTimestamp="2099-01-01T00:00:00Z", **reason("limited-time"))
    world.now = AT + timedelta(days=1)
    world.say(card, **reason("patient-refuses"))
    assert "patient-refuses" in {no.code for no in decisions(world)}


def test_feedback_about_a_card_that_nobody_was_shown_changes_nothing(world):
    said = world.say("f6b95768-b1c8-40dc-8385-bf3504b82ffb", **reason("limited-time"))
    assert said.status_code == 200
    assert decisions(world) == ()


def test_feedback_about_a_card_whose_name_no_database_takes_is_about_nobodys():
    entry = {"card": "a\0b", "outcome": "overridden", "outcomeTimestamp": AT.isoformat()}
    (said,) = feedback_from({"feedback": [entry]})
    assert "\0" not in said.card


def test_feedback_by_a_clock_that_was_never_set_ends_no_card_of_today(world):
    said = world.say(shown(world)["uuid"], outcomeTimestamp="0001-01-01T00:00:00+14:00")
    assert said.status_code == 200
    assert len(world.cards(view())) == 1


def test_what_a_clinician_typed_is_kept_nowhere(world, capfd):
    world.say(shown(world)["uuid"], **reason("limited-time", userComment=TYPED))
    kept = [str(row) for row in world.ledger.audit.rows()]
    assert kept
    assert not any(TYPED in text for text in (*kept, *capfd.readouterr()))


@pytest.mark.parametrize(
    "broken",
    [
        {"outcome": "ignored"},
        {"outcomeTimestamp": "2026-11-22"},
        {"outcome": "accepted"},
        {"card": ""},
        {"overrideReason": "no time"},
    ],
    ids=["outcome", "time", "no suggestion", "no card", "no object"],
)
def test_feedback_that_cannot_be_understood_is_refused_whole(world, broken):
    assert world.say(shown(world)["uuid"], **broken).status_code == 400
    assert decisions(world) == ()
