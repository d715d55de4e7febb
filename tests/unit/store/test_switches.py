"""The pause stands in the ledger."""

from __future__ import annotations

import pytest

from service.store.errors import StoreUnavailable
from service.store.ledger import Ledger
from service.store.switches import LONGEST_REASON, Pause, PauseWatch, switches_at

from .builders import MINUTE, NOW


def test_it_is_not_paused_before_anybody_paused_it(ledger):
    assert ledger.switches.paused() is None


def test_a_pause_tells_since_when_and_why(ledger):
    assert ledger.switches.pause("EHR upgrade", NOW)
    assert ledger.switches.paused() == Pause(NOW, "EHR upgrade")


def test_a_second_pause_changes_nothing(ledger):
    ledger.switches.pause("EHR upgrade", NOW)
    assert not ledger.switches.pause("", NOW + MINUTE)
    assert ledger.switches.paused() == Pause(NOW, "EHR upgrade")


def test_resuming_ends_it_and_says_whether_there_was_one(ledger):
    ledger.switches.pause("", NOW)
    assert ledger.switches.resume()
    assert ledger.switches.paused() is None
    assert not ledger.switches.resume()


def test_a_reason_without_end_is_cut(ledger):
    ledger.switches.pause("x" * 1000, NOW)
    assert len(ledger.switches.paused().reason) == LONGEST_REASON


def test_another_process_sees_it(ledger, url):
    ledger.switches.pause("", NOW)
    with Ledger(url, attempts_in_a_run=1) as other:
        assert other.switches.paused() is not None


def watch(switches, seconds):
    ticks = iter(seconds)
    return PauseWatch(lambda: switches, tick=lambda: next(ticks))


def test_the_watch_sees_a_pause_within_a_second(ledger):
    sees = watch(ledger.switches, [0.0, 0.0, 0.9, 1.0, 1.0])
    assert not sees()
    ledger.switches.pause("", NOW)
    assert [sees(), sees()] == [False, True]


def test_a_ledger_that_cannot_be_asked_leaves_things_as_they_were(ledger):
    ledger.switches.pause("", NOW)
    asked = []

    class Breaks:
        def paused(self):
            asked.append(1)
            if len(asked) > 1:
                raise StoreUnavailable("locked")
            return ledger.switches.paused()

    sees = watch(Breaks(), [0.0, 0.0, 5.0, 5.0])
    assert [sees(), sees()] == [True, True]


@pytest.mark.parametrize("name", ["none.sqlite3", "empty.sqlite3"])
def test_a_ledger_that_was_never_made_is_not_paused_and_not_made_by_asking(tmp_path, name):
    path = tmp_path / name
    if name.startswith("empty"):
        path.touch()
    assert not PauseWatch(lambda: switches_at(f"sqlite:///{path}"))()
    assert path.exists() == name.startswith("empty")
