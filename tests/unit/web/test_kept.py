from __future__ import annotations

import threading
import time

import pytest

from service.web.kept import Kept


def test_what_was_counted_is_kept_for_its_seconds_and_no_longer():
    now, counted = [0.0], iter(range(10))
    kept = Kept(lambda: next(counted), 60, tick=lambda: now[0])
    assert kept.get() == 0
    now[0] = 59.9
    assert kept.get() == 0
    now[0] = 60.0
    assert kept.get() == 1


def test_one_counts_while_the_others_wait():
    counted = []

    def count() -> int:
        counted.append(1)
        time.sleep(0.02)
        return len(counted)

    kept = Kept(count, 60)
    threads = [threading.Thread(target=kept.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [1]


def test_a_failure_is_not_kept():
    answers = iter([ValueError, 7])

    def count() -> int:
        answer = next(answers)
        if answer is ValueError:
            raise ValueError
        return answer

    kept = Kept(count, 60)
    with pytest.raises(ValueError):
        kept.get()
    assert kept.get() == 7
