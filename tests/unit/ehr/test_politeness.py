"""Waiting for a turn, on a stopped clock: what sleeps, what goes up, and what is told."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from service.ehr.errors import EHRNotAsked, EHRUnavailable
from service.ehr.options import RetryOptions
from service.ehr.pace import Pace
from service.ehr.politeness import Politeness
from service.ehr.turns import Breaker, LocalTurns
from tests.lib.wire import Wire, answer

MIDNIGHT_IS_IN = timedelta(hours=3)
NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)
FHIR = {"resourceType": "CapabilityStatement"}
ONCE = RetryOptions(attempts=1)


class Stopped:
    """A clock that only sleeping moves, and what was slept."""

    def __init__(self):
        self.seconds = 100.0
        self.slept = []
        self.while_asleep = lambda: None

    def tick(self):
        return self.seconds

    def now(self):
        return NOW + timedelta(seconds=self.seconds - 100)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds
        self.while_asleep()


class Away:
    """Shared turns whose Redis is gone."""

    def take(self, request):
        return None

    check = look = take

    def answered(self, verdict, hold_seconds):
        return None


@pytest.fixture
def clock():
    return Stopped()


def polite(clock, rate=10.0, per_day=0, turns=None, **options):
    turns = turns or LocalTurns(Breaker(failures=3), tick=clock.tick)
    pace = Pace(rate, per_day, None, UTC)
    return Politeness(turns, pace, now=clock.now, sleep=clock.sleep, **options)


def refusal(politeness, **options):
    with pytest.raises(EHRNotAsked) as raised:
        politeness.wait_for_turn(**options)
    return raised.value


# Waiting


def test_a_limit_that_is_not_reached_costs_no_wait(clock):
    polite(clock).wait_for_turn()
    assert clock.slept == []


def test_short_waits_are_slept(clock):
    politeness = polite(clock, rate=0.5)
    politeness.wait_for_turn()
    politeness.wait_for_turn()
    assert sum(clock.slept) == pytest.approx(2.2, abs=0.3)


def test_a_server_that_asks_for_a_moment_is_waited_for(clock):
    politeness = polite(clock)
    politeness.answered(429, 5.0)
    politeness.wait_for_turn()
    assert clock.seconds >= 105


def test_a_server_that_asks_for_longer_puts_the_work_off_until_then(clock):
    politeness = polite(clock)
    politeness.answered(503, 600.0)
    assert refusal(politeness).retry_after_seconds == pytest.approx(600)
    assert clock.slept == []


def test_who_waits_for_a_turn_sees_that_the_server_asked_meanwhile(clock):
    politeness = polite(clock, rate=0.5)
    politeness.wait_for_turn()
    clock.while_asleep = lambda: politeness.answered(429, 600.0)
    assert "asked us to wait" in str(refusal(politeness))


def test_who_waits_for_a_turn_sees_a_pause(clock):
    paused = []
    politeness = polite(clock, rate=0.5, is_paused=lambda: bool(paused))
    politeness.wait_for_turn()
    clock.while_asleep = lambda: paused.append(True)
    assert "boneflag resume" in str(refusal(politeness))


def test_a_server_that_asks_for_moments_again_and_again_is_not_waited_for_for_ever(clock):
    politeness = polite(clock)
    clock.while_asleep = lambda: politeness.answered(429, 9.0)
    politeness.answered(429, 9.0)
    refusal(politeness)
    assert sum(clock.slept) <= 120


def test_a_wait_that_is_a_date_far_ahead_is_cut_to_an_hour_and_told(clock):
    politeness = polite(clock)
    with capture_logs() as events, politeness.turn() as tell:
        tell(429, {"Retry-After": "1795356104176"})
    assert [(e["event"], e["seconds"]) for e in events] == [("ehr_asked_us_to_wait", 3600)]
    assert refusal(politeness).retry_after_seconds == pytest.approx(3600)


def test_a_retry_after_on_a_success_holds_nobody_up(clock):
    # 202 with Retry-After is how an export says when to look again.
    politeness = polite(clock)
    politeness.answered(202, 600.0)
    politeness.wait_for_turn()


# Pause, budget, outage


def test_a_pause_stops_every_request(clock):
    politeness = polite(clock, is_paused=lambda: True)
    assert refusal(politeness).retry_after_seconds is None
    assert politeness.standstill().reason == "paused"


def test_an_operator_who_asks_by_hand_may_ask_during_a_pause_and_is_told_of_it(clock):
    politeness = polite(clock, is_paused=lambda: True)
    politeness.ignore_pause()
    politeness.wait_for_turn()
    assert "PAUSED" in str(politeness)


def test_a_budget_that_is_used_up_puts_the_rest_off_until_tomorrow(clock):
    politeness = polite(clock, per_day=1)
    politeness.wait_for_turn()
    assert refusal(politeness).retry_after_seconds == MIDNIGHT_IS_IN.total_seconds()
    assert politeness.standstill().seconds == MIDNIGHT_IS_IN.total_seconds()


def test_the_next_day_begins_with_a_new_budget(clock):
    politeness = polite(clock, per_day=1)
    politeness.wait_for_turn()
    clock.seconds += MIDNIGHT_IS_IN.total_seconds()
    politeness.wait_for_turn()


@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 504])
def test_a_server_that_fails_again_and_again_is_left_alone_and_the_log_says_so(clock, status):
    politeness = polite(clock)
    with capture_logs() as events:
        for _ in range(3):
            politeness.answered(status, None)
    assert [(e["event"], e["seconds"]) for e in events] == [("ehr_left_alone", 30)]
    assert refusal(politeness).retry_after_seconds == pytest.approx(30)
    assert politeness.standstill().reason == "outage"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 412, 501])
def test_an_answer_that_says_no_is_an_answer(clock, status):
    politeness = polite(clock)
    for _ in range(3):
        politeness.answered(status, None)
    politeness.wait_for_turn()


def test_the_log_says_that_it_is_back(clock):
    politeness = polite(clock)
    for _ in range(3):
        politeness.answered(503, None)
    clock.seconds += 31
    politeness.wait_for_turn()
    with capture_logs() as events:
        politeness.answered(200, None)
    assert [e["event"] for e in events] == ["ehr_is_back"]


def test_without_a_reason_work_may_begin(clock):
    assert polite(clock).standstill() is None


# Without Redis


def test_without_redis_each_process_goes_on_at_a_quarter_of_the_rate(clock):
    politeness = polite(clock, rate=10.0, turns=Away())
    politeness._spare = LocalTurns(tick=clock.tick)
    for _ in range(101):
        politeness.wait_for_turn()
    assert clock.seconds - 100 == pytest.approx(100 / (0.25 * 9.0), abs=1)


def test_without_redis_each_process_has_a_quarter_of_the_budget(clock):
    politeness = polite(clock, per_day=8, turns=Away())
    politeness.wait_for_turn()
    politeness.wait_for_turn()
    refusal(politeness)


def test_without_redis_a_process_keeps_to_what_it_was_told_itself(clock):
    politeness = polite(clock, turns=Away())
    politeness.answered(429, 600.0)
    refusal(politeness)


# The client


def test_every_attempt_waits_for_its_turn(clock):
    wire = Wire([answer({}, 503), answer({}, 503), answer(FHIR)])
    politeness = polite(clock, rate=0.5, turns=LocalTurns(tick=clock.tick))
    with wire.client(politeness=politeness) as client:
        client.get_json("metadata")
    assert sum(clock.slept) >= 3


def test_pages_wait_for_their_turn(clock):
    pages = [
        answer({"resourceType": "Bundle", "type": "searchset", "link": [link]})
        for link in ({"relation": "next", "url": "?page=2"}, {"relation": "self", "url": "x"})
    ]
    with Wire(pages).client(politeness=polite(clock, rate=0.5)) as client:
        client.search("Flag", {"patient": "p"})
    assert clock.slept


def test_a_request_that_may_not_be_sent_is_not_sent(clock):
    wire = Wire([answer(FHIR)])
    with (
        wire.client(politeness=polite(clock, is_paused=lambda: True)) as client,
        pytest.raises(EHRNotAsked),
    ):
        client.get_json("metadata")
    assert wire.sent == []


def test_a_write_that_was_not_sent_has_a_known_outcome(clock):
    with (
        Wire([]).client(politeness=polite(clock, is_paused=lambda: True)) as client,
        pytest.raises(EHRUnavailable) as raised,
    ):
        client.create({"resourceType": "Flag"})
    assert raised.value.outcome_unknown is False


def test_a_server_that_does_not_answer_counts_as_failing(clock):
    politeness = polite(clock)
    wire = Wire([httpx.ConnectError("no") for _ in range(3)])
    with wire.client(politeness=politeness, retries=ONCE) as client:
        for _ in range(3):
            with pytest.raises(EHRUnavailable):
                client.get_json("metadata")
    assert politeness.standstill().reason == "outage"


def test_what_another_server_holds_needs_no_turn(clock):
    wire = Wire([answer(b"{}")])
    with (
        wire.client(politeness=polite(clock, is_paused=lambda: True)) as client,
        client.download("file", "https://files.example.org/1", False) as file,
    ):
        assert file.status == 200
