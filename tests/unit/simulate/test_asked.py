"""A simulation that was asked for on a page: however it ends, it says so."""

from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis

from service.ehr.errors import EHRNotAsked, EHRUnavailable
from service.simulate.asked import FAULT, CannotBeTried, carry_out
from service.simulate.tally import Simulation
from service.store.errors import StoreUnavailable
from service.store.simulations import (
    KEPT_SECONDS,
    SILENT_SECONDS,
    WAITING_SECONDS,
    Question,
    Simulations,
)
from tests.lib.redis_server import running_redis

from .builders import ON, PROTOCOL

QUESTION = Question("overlay: here\n", "Younger", "A. Lead", 500, 12, 3)


@pytest.fixture(scope="module")
def redis_url():
    with running_redis() as url:
        yield url


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def asked(client):
    return Simulations(client, "ward")


def now(seconds=0):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def answer(*_):
    return Simulation(ON, PROTOCOL, PROTOCOL, 0, True, 0)


def test_what_was_asked_comes_back_until_it_is_answered(asked):
    asked.begin(QUESTION, now())
    newest = asked.newest(now())
    assert (newest.state, newest.question, newest.is_under_way) == ("waiting", QUESTION, True)


def test_an_answer_is_kept_as_counts_and_goes_after_some_hours(asked, client):
    number = asked.begin(QUESTION, now())
    carry_out(asked, number, answer)
    newest = asked.newest(now())
    assert (newest.state, newest.counts["judged"]) == ("done", 0)
    (key,) = client.keys()
    assert 0 < client.ttl(key) <= KEPT_SECONDS


def test_while_one_is_under_way_nobody_begins_another(asked):
    number = asked.begin(QUESTION, now())
    assert asked.begin(QUESTION, now()) is None
    asked.take(number, now())
    assert asked.begin(QUESTION, now()) is None
    asked.finish(number, {})
    assert asked.begin(QUESTION, now()) is not None


def test_one_that_no_worker_took_is_lost_and_keeps_nobody_off(asked):
    asked.begin(QUESTION, now())
    assert asked.newest(now(WAITING_SECONDS + 1)).state == "lost"
    assert asked.begin(QUESTION, now(WAITING_SECONDS + 1)) is not None


def test_one_whose_worker_is_silent_is_lost_and_each_batch_is_a_sign_of_life(asked):
    number = asked.begin(QUESTION, now())
    asked.take(number, now())
    assert asked.progress(number, 60, 120, now(SILENT_SECONDS))
    newest = asked.newest(now(SILENT_SECONDS + 1))
    assert (newest.state, newest.done, newest.total) == ("reading", 60, 120)
    assert asked.newest(now(2 * SILENT_SECONDS + 1)).state == "lost"


def test_a_worker_that_is_long_at_one_batch_says_that_it_lives(asked, monkeypatch):
    monkeypatch.setattr("service.simulate.asked.BEAT_SECONDS", 0.01)
    number = asked.begin(QUESTION, now())
    seen = []

    def run(*_):
        without_a_beat = now(SILENT_SECONDS)
        seen.append(asked.newest(without_a_beat).state)
        patience = time.monotonic() + 10
        while asked.newest(without_a_beat).state == "lost" and time.monotonic() < patience:
            time.sleep(0.01)
        seen.append(asked.newest(without_a_beat).state)
        return answer()

    carry_out(asked, number, run)
    assert seen == ["lost", "reading"]
    assert asked.newest(now()).state == "done"


def read_for_ever(redis_url, number):
    """What the worker's process does until it is killed."""
    with redis.Redis.from_url(redis_url) as client:
        carry_out(Simulations(client, "ward"), number, lambda *_: time.sleep(60))


def test_a_worker_that_was_killed_is_noticed_after_two_minutes(asked, client, redis_url):
    number = asked.begin(QUESTION, now())
    worker = multiprocessing.get_context("fork").Process(
        target=read_for_ever, args=(redis_url, number)
    )
    worker.start()
    patience = time.monotonic() + 10
    while asked.newest(now()).state == "waiting" and time.monotonic() < patience:
        time.sleep(0.01)
    worker.kill()
    worker.join()
    assert asked.newest(now()).state == "reading"
    assert asked.newest(now(121)).state == "lost"
    assert asked.begin(QUESTION, now(121)) is not None


def test_what_was_cancelled_stops_at_the_next_batch_and_writes_nothing(asked):
    number = asked.begin(QUESTION, now())

    def run(_, progress):
        asked.cancel(number)
        progress(60, 120)
        raise AssertionError("it went on")

    carry_out(asked, number, run)
    newest = asked.newest(now())
    assert (newest.state, newest.counts) == ("cancelled", None)


def test_what_was_cancelled_before_a_worker_came_is_not_read_at_all(asked):
    number = asked.begin(QUESTION, now())
    asked.cancel(number)
    ran = []
    carry_out(asked, number, lambda *_: ran.append(1))
    assert ran == []


def test_a_worker_that_was_taken_for_lost_does_not_write_into_the_next_one(asked):
    old = asked.begin(QUESTION, now())
    asked.take(old, now())
    asked.begin(QUESTION, now(SILENT_SECONDS + 1))
    assert not asked.finish(old, {"judged": 1})
    assert asked.newest(now(SILENT_SECONDS + 1)).state == "waiting"


@pytest.mark.parametrize(
    "error",
    [
        EHRUnavailable("The EHR is away"),
        EHRNotAsked("Paused"),
        StoreUnavailable("No ledger"),
        CannotBeTried("the protocol overlay cannot be read"),
    ],
)
def test_an_ehr_that_is_away_or_a_pause_is_told_in_a_sentence(asked, error):
    number = asked.begin(QUESTION, now())

    def run(*_):
        raise error

    carry_out(asked, number, run)
    newest = asked.newest(now())
    assert (newest.state, newest.why) == ("failed", f"{error}.")


def test_a_redis_that_is_away_for_a_moment_costs_no_reading(asked, client):
    number = asked.begin(QUESTION, now())

    def run(_, progress):
        client.execute_command("ACL SETUSER default -evalsha")
        try:
            progress(60, 120)
        finally:
            client.execute_command("ACL SETUSER default +evalsha")
        progress(120, 120)
        return answer()

    carry_out(asked, number, run)
    assert asked.newest(now()).state == "done"


def test_a_fault_of_ours_is_told_without_its_words_and_still_is_one(asked):
    number = asked.begin(QUESTION, now())

    def run(*_):
        raise ZeroDivisionError("Patient/1")

    with pytest.raises(ZeroDivisionError):
        carry_out(asked, number, run)
    assert asked.newest(now()).why == FAULT


def test_two_sites_on_one_redis_have_each_their_own(asked, client):
    asked.begin(QUESTION, now())
    assert Simulations(client, "other").newest(now()) is None
    assert b"ward" not in b"".join(client.keys())
