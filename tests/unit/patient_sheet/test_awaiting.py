"""Work that is waited for, and what is kept of it."""

from __future__ import annotations

import threading
import time

import pytest

from service.patient_sheet.awaiting import Awaiting, Shelf, TooSlow


def until(claim):
    end = time.monotonic() + 5
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.005)


class Slow:
    """Work that ends when it is let go, and counts how often it was begun."""

    def __init__(self):
        self.begun = 0
        self.goes = threading.Event()

    def __call__(self):
        self.begun += 1
        self.goes.wait(5)
        return "came"


def test_what_comes_in_time_is_given_and_not_kept():
    awaiting = Awaiting(5)
    assert awaiting.do("a", lambda: 1) == 1
    assert awaiting.do("a", lambda: 2) == 2


def test_what_is_too_slow_is_waited_for_again_and_not_begun_again():
    awaiting, work = Awaiting(0.01), Slow()
    for _ in range(2):
        with pytest.raises(TooSlow):
            awaiting.do("a", work)
    work.goes.set()
    until(lambda: awaiting._late.find("a"))
    assert awaiting.do("a", work) == "came"
    assert work.begun == 1


def test_what_somebody_got_in_time_lies_there_for_no_later_look():
    awaiting, work = Awaiting(0.01), Slow()
    with pytest.raises(TooSlow):
        awaiting.do("a", work)
    awaiting._patience_seconds = 5
    threading.Timer(0.02, work.goes.set).start()
    assert awaiting.do("a", work) == "came"
    awaiting._threads.shutdown()
    assert awaiting._late.find("a") is None


def test_what_came_late_is_for_nobody_of_another_name():
    awaiting, work = Awaiting(0.01), Slow()
    with pytest.raises(TooSlow):
        awaiting.do(("one visitor", "p"), work)
    work.goes.set()
    until(lambda: awaiting._late.find(("one visitor", "p")))
    assert awaiting.do(("another", "p"), lambda: "their own") == "their own"


def test_an_error_of_the_work_passes_through_and_the_next_look_begins_anew():
    awaiting = Awaiting(5)
    with pytest.raises(ZeroDivisionError):
        awaiting.do("a", lambda: 1 // 0)
    assert awaiting.do("a", lambda: 1) == 1


def test_an_error_that_came_late_is_forgotten():
    awaiting, goes = Awaiting(0.01), threading.Event()

    def fails():
        goes.wait(5)
        raise ZeroDivisionError

    with pytest.raises(TooSlow):
        awaiting.do("a", fails)
    goes.set()
    until(lambda: not awaiting._begun)
    assert awaiting.do("a", lambda: 1) == 1


def test_nothing_stays_on_the_shelf_longer_than_its_time():
    shelf = Shelf(0.02)
    shelf.put("a", "events")
    assert shelf.find("a") == "events"
    until(lambda: shelf.find("a") is None)
    until(lambda: not shelf._things)


def test_however_much_lies_on_the_shelf_one_thread_clears_it():
    shelf = Shelf(0.2)
    before = threading.active_count()
    for number in range(20):
        shelf.put(number, "events")
    assert threading.active_count() <= before + 1
    until(lambda: not shelf._things)


def test_a_newer_thing_is_not_taken_away_with_the_older_one():
    shelf = Shelf(0.4)
    shelf.put("a", "older")
    time.sleep(0.25)
    newer = ["newer"]
    shelf.put("a", newer)
    time.sleep(0.2)
    assert shelf.find("a") is newer
