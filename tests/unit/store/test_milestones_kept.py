from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.screening.alert import AlertKind
from service.screening.record import ResourceRef
from service.store.entries import Milestone

from .builders import NOW, TODAY, begin, people, screening

DAY = timedelta(days=1)
DUE = Milestone(AlertKind.SCREENING, TODAY, "due", TODAY)
DONE = Milestone(AlertKind.SCREENING, TODAY, "done", TODAY + DAY, ResourceRef("Observation", "o1"))


@pytest.fixture
def key(ledger):
    return people(ledger, "p1")[0]


def store(ledger, key, *milestones):
    found = replace(screening(key, begin(ledger, [key])), milestones=milestones)
    ledger.screenings.store(found, NOW)


def test_milestones_are_written_with_the_screening_that_found_them(ledger, key):
    store(ledger, key, DUE, DONE)
    assert ledger.milestones.of([key]) == {key: (DUE, DONE)}
    assert list(ledger.milestones.everything()) == [(key, DUE), (key, DONE)]


def test_a_day_that_was_written_down_stays(ledger, key):
    store(ledger, key, DUE)
    store(ledger, key, replace(DUE, on=TODAY + DAY))
    assert ledger.milestones.of([key])[key] == (DUE,)


def test_an_overtaken_screening_writes_no_milestones(ledger, key):
    older = begin(ledger, [key])
    store(ledger, key)
    ledger.screenings.store(replace(screening(key, older), milestones=(DUE,)), NOW)
    assert ledger.milestones.of([key]) == {}
