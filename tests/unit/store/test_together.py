"""Small writes that are carried out together: each is written once, and none fails for another."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from service.store.errors import StoreConflict, StoreError, StoreUnavailable
from service.store.together import Together


class Disk:
    """Takes writes; the first one waits until it may go on, so that others come meanwhile."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.tries = 0
        self.may_go_on = threading.Event()

    def write(self, items: Sequence[str]) -> None:
        if "first" in items:
            assert self.may_go_on.wait(10)
        self.tries += 1
        if "away" in items:
            raise StoreUnavailable("away")
        if "bad" in items:
            raise StoreConflict("bad")
        if items == ["worse"]:
            raise KeyError
        self.groups.append(list(items))


def hand_in_beside_a_slow_one(items: Sequence[str]) -> tuple[Disk, dict[str, str]]:
    """What was written, and who was told of an error, when all these came during one write."""
    disk, failed = Disk(), {}
    together = Together(disk.write)

    def hand_in(item: str) -> None:
        try:
            together.hand_in(item)
        except StoreError as error:
            failed[item] = type(error).__name__
        except KeyError:
            failed[item] = "KeyError"

    threads = [threading.Thread(target=hand_in, args=(item,)) for item in ("first", *items)]
    for thread in threads:
        thread.start()
        while thread is threads[0] and together._waiting:
            pass  # Until it is being written.
    while len(together._waiting) < len(items):
        pass
    disk.may_go_on.set()
    for thread in threads:
        thread.join(10)
    return disk, failed


def test_whoever_comes_during_a_write_is_written_together():
    disk, failed = hand_in_beside_a_slow_one(["a", "b", "c"])
    assert [sorted(group) for group in disk.groups] == [["first"], ["a", "b", "c"]]
    assert failed == {}


def test_nobody_fails_for_what_another_handed_in():
    disk, failed = hand_in_beside_a_slow_one(["a", "bad", "c"])
    assert failed == {"bad": "StoreConflict"}
    assert sorted(item for group in disk.groups for item in group) == ["a", "c", "first"]


def test_a_ledger_that_is_away_is_not_tried_for_each_who_waits():
    everybody = {"away", "a", "b", "c", "d"}
    disk, failed = hand_in_beside_a_slow_one(["away", "a", "b", "c", "d"])
    assert failed == dict.fromkeys(everybody, "StoreUnavailable")
    assert disk.tries == 3


def test_whoever_was_not_written_for_a_fault_that_nobody_knows_is_told():
    disk, failed = hand_in_beside_a_slow_one(["a", "bad", "worse", "c"])
    written = {item for group in disk.groups for item in group}
    assert written | set(failed) == {"first", "a", "bad", "worse", "c"}


def test_a_fault_that_nobody_knows_leaves_nobody_waiting():
    def break_down(_items: Sequence[str]) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        Together(break_down).hand_in("a")
