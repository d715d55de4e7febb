"""What the tasks do where charts come by bulk export."""

import pytest

from service.queue import BULK_STEP
from workers import tasks
from workers.site import Site


class Bulk:
    """Stands at the edge of the tasks: what it is asked for, and what it says."""

    def __init__(self, *, is_chosen=True, comes_first=True):
        self.asked = []
        self.is_chosen = lambda: is_chosen
        self.has_to_come_first = lambda: comes_first

    def start(self):
        self.asked.append("start")

    def step(self):
        self.asked.append("step")


@pytest.fixture
def with_bulk(here, monkeypatch):
    def make(**options):
        here.bulk = Bulk(**options)
        return here.bulk

    return make


def run(task):
    return task.apply(throw=True)


def test_a_sweep_begins_an_export_and_hands_nobody_out(with_bulk, sent):
    bulk = with_bulk()
    run(tasks.sweep)
    assert bulk.asked == ["start"]
    assert sent.names == [BULK_STEP]


def test_where_another_reading_is_chosen_a_sweep_is_a_search(with_bulk, sent):
    bulk = with_bulk(is_chosen=False)
    run(tasks.sweep)
    assert bulk.asked == []
    assert sent.messages


def test_a_tick_goes_on_with_the_export(with_bulk):
    bulk = with_bulk()
    run(tasks.bulk_step)
    assert bulk.asked == ["step"]


def test_a_tick_without_bulk_exports_does_nothing(here):
    assert here.bulk is None
    run(tasks.bulk_step)


def test_a_poll_does_not_begin_a_search_before_the_first_export(with_bulk, here):
    with_bulk()
    run(tasks.poll)
    assert here.pipeline.ledger.runs.newest(1) == []


def test_a_poll_after_the_first_export_is_a_poll(with_bulk, here):
    with_bulk(comes_first=False)
    run(tasks.poll)
    assert here.pipeline.ledger.runs.newest(1)


def test_a_step_is_acknowledged_before_it_begins():
    # It may take longer than the visibility timeout, after which Redis gives it to another worker.
    assert tasks.bulk_step.acks_late is False
    assert tasks.bulk_step.time_limit > tasks.bulk_step.soft_time_limit


def test_without_bulk_a_site_is_made_as_before(pipeline, client):
    assert Site(pipeline, None, client).bulk is None
