from __future__ import annotations

import threading
import time

import pytest

from service.store.errors import StoreUnavailable
from service.web.kept import Kept


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def until(claim) -> None:
    """Wait for a thread, a second at most."""
    for _ in range(200):
        if claim():
            return
        time.sleep(0.005)
    raise AssertionError("it never came")


def test_what_was_counted_is_kept_for_its_seconds():
    clock, counted = Clock(), iter(range(10))
    kept = Kept(lambda: next(counted), seconds=60, at_most_seconds=60, tick=clock)
    assert kept.get() == 0
    clock.now = 59.9
    assert kept.get() == 0
    clock.now = 60.0
    assert kept.get() == 1


def test_nobody_waits_while_what_is_a_little_old_is_counted_anew():
    clock, gate, counted = Clock(), threading.Event(), []

    def count() -> int:
        if counted:
            gate.wait(5)
        counted.append(1)
        return len(counted)

    kept = Kept(count, seconds=60, at_most_seconds=900, tick=clock)
    assert kept.get() == 1
    clock.now = 899.9
    assert [kept.get() for _ in range(3)] == [1, 1, 1]
    gate.set()
    until(lambda: kept.get() == 2)
    assert counted == [1, 1]


def test_what_is_too_old_makes_whoever_asks_wait():
    clock, counted = Clock(), iter(range(10))
    kept = Kept(lambda: next(counted), seconds=60, at_most_seconds=900, tick=clock)
    assert kept.get() == 0
    clock.now = 900.0
    assert kept.get() == 1


def test_one_counts_while_the_others_wait():
    counted = []

    def count() -> int:
        counted.append(1)
        time.sleep(0.02)
        return len(counted)

    kept = Kept(count, seconds=60, at_most_seconds=900)
    threads = [threading.Thread(target=kept.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [1]


def test_a_failure_is_not_kept():
    answers = iter([True, False])

    def count() -> int:
        if next(answers):
            raise StoreUnavailable("away")
        return 7

    kept = Kept(count, seconds=60, at_most_seconds=900)
    with pytest.raises(StoreUnavailable):
        kept.get()
    assert kept.get() == 7


def test_a_failure_that_nobody_waits_for_leaves_what_was_counted():
    clock, calls = Clock(), []

    def count() -> int:
        calls.append(1)
        if len(calls) == 2:
            raise StoreUnavailable("away")
        return len(calls)

    kept = Kept(count, seconds=60, at_most_seconds=900, tick=clock)
    assert kept.get() == 1
    clock.now = 100.0
    assert kept.get() == 1
    until(lambda: kept.get() == 3)
