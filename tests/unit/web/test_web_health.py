"""When a deployment may call itself ready, and what it says when it may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.exceptions import ConnectionError as RedisGone

from service.ehr.errors import EHRUnavailable
from service.store.errors import StoreUnavailable
from service.web.health import Check, EHRWatch, Readiness, answers, in_a_thread

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAX_AGE = timedelta(seconds=1800)


class World:
    """A clock, a ledger's memory and an EHR on a string."""

    def __init__(self, last_read: datetime | None = None) -> None:
        self.now = NOON
        self.last_read = last_read
        self.is_ledger_away = False
        self.is_ehr_away = False
        self.asked = 0
        self.put_off: list[Callable[[], None]] = []
        self.is_paused = False
        self.watch = EHRWatch(
            self._read,
            self._ask,
            max_age=MAX_AGE,
            now=lambda: self.now,
            is_paused=self._paused,
            in_background=self._do,
        )
        self.is_slow = False

    def _read(self) -> datetime | None:
        if self.is_ledger_away:
            raise StoreUnavailable("the ledger is away")
        return self.last_read

    def _paused(self) -> bool:
        if self.is_ledger_away:
            raise StoreUnavailable("the ledger is away")
        return self.is_paused

    def _ask(self) -> None:
        self.asked += 1
        if self.is_ehr_away:
            raise EHRUnavailable("the EHR does not answer")

    def _do(self, work: Callable[[], None]) -> None:
        if self.is_slow:
            self.put_off.append(work)
        else:
            work()


def test_a_poll_a_few_minutes_ago_is_proof_enough_and_nothing_is_asked():
    world = World(last_read=NOON - timedelta(minutes=5))
    assert world.watch.check() == Check(True, age_seconds=300)
    assert world.asked == 0


def test_a_pause_that_was_forgotten_is_an_outage_and_the_ehr_is_left_alone():
    world = World(last_read=NOON - timedelta(days=1))
    world.is_paused = True
    assert world.watch.check() == Check(False, "Paused", age_seconds=86400)
    assert world.asked == 0


def test_a_pause_that_just_began_is_none():
    world = World(last_read=NOON - timedelta(minutes=20))
    world.is_paused = True
    assert world.watch.check() == Check(True, age_seconds=1200)


def test_a_pause_before_the_first_answer_has_no_age():
    world = World()
    world.is_paused = True
    assert world.watch.check() == Check(False, "Paused")


def test_after_a_pause_the_ehr_is_asked_at_once():
    world = World(last_read=NOON - timedelta(days=1))
    world.is_paused = True
    world.watch.check()
    world.is_paused = False
    assert world.watch.check() == Check(True, age_seconds=0)


def test_where_nobody_can_tell_of_a_pause_the_ehr_is_asked():
    world = World()
    world.is_ledger_away = True
    assert world.watch.check() == Check(True, age_seconds=0)


def test_without_any_poll_one_light_request_proves_the_way_to_the_ehr():
    world = World()
    assert world.watch.check() == Check(True, age_seconds=0)
    assert world.asked == 1


@pytest.mark.parametrize(("seconds", "is_ok"), [(1799, True), (1800, True), (1801, False)])
def test_the_last_answer_counts_up_to_the_age_that_is_set(seconds, is_ok):
    world = World(last_read=NOON - timedelta(seconds=seconds))
    world.is_ehr_away = True
    assert world.watch.check().is_ok is is_ok


def test_an_ehr_that_is_away_is_named_by_its_error_and_nothing_else():
    world = World(last_read=NOON - timedelta(hours=2))
    world.is_ehr_away = True
    assert world.watch.check().as_json() == {
        "ok": False,
        "problem": "EHRUnavailable",
        "age_seconds": 7200,
    }


def test_a_silent_ehr_is_asked_at_most_once_a_minute():
    world = World()
    world.is_ehr_away = True
    for _ in range(10):
        world.watch.check()
    assert world.asked == 1
    world.now += timedelta(seconds=60)
    world.watch.check()
    assert world.asked == 2


def test_readiness_comes_back_when_the_ehr_comes_back():
    world = World()
    world.is_ehr_away = True
    assert not world.watch.check().is_ok
    world.is_ehr_away = False
    world.now += timedelta(seconds=61)
    assert world.watch.check().is_ok


def test_a_probe_never_waits_for_the_ehr():
    world = World()
    world.is_slow = True
    assert world.watch.check() == Check(False, "NoAnswerYet")
    world.put_off.pop()()
    assert world.watch.check().is_ok


def test_an_answer_is_renewed_before_it_is_too_old():
    world = World(last_read=NOON - timedelta(seconds=901))
    assert world.watch.check().is_ok
    assert world.asked == 1


def test_a_watermark_of_a_clock_that_is_far_ahead_proves_nothing():
    world = World(last_read=NOON + timedelta(hours=1))
    world.is_ehr_away = True
    assert not world.watch.check().is_ok


def test_a_watermark_of_a_clock_that_is_a_little_ahead_is_as_young_as_can_be():
    world = World(last_read=NOON + timedelta(minutes=4))
    assert world.watch.check() == Check(True, age_seconds=0)


def test_a_ledger_that_is_away_does_not_make_the_ehr_look_away():
    world = World()
    world.is_ledger_away = True
    assert world.watch.check().is_ok


def test_somebody_who_does_not_answer_is_told_by_the_name_of_the_error():
    def gone() -> None:
        raise RedisGone("redis://:secret@host")

    assert answers(gone) == Check(False, "ConnectionError")


def test_all_three_are_asked_even_where_the_first_has_failed():
    asked = []

    def check(name: str, is_ok: bool) -> Callable[[], Check]:
        return lambda: (asked.append(name), Check(is_ok))[1]

    readiness = Readiness(check("ehr", False), check("database", True), check("redis", True))
    assert [c.is_ok for c in readiness.checks().values()] == [False, True, True]
    assert asked == ["ehr", "database", "redis"]


def test_work_in_the_background_is_done():
    import threading

    done = threading.Event()
    in_a_thread(done.set)
    assert done.wait(5)
