"""What keeps a delivery waiting and costs no plan: a pause, and a login that is refused."""

from datetime import timedelta

import pytest

from service.ehr.errors import EHRNotAsked
from tests.lib.demo_site import due

UNAUTHORIZED = (401, {}, b"{}")


@pytest.fixture
def planned(ward):
    """A line with plans for two people that nobody has sent yet, and their ids."""
    ids = ward.admit_all([due, due])
    line = ward.line()
    line.start_sweep()
    for keys in line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta()):
        line.screen(keys)
    ward.proxy.forget()
    return line, ids


def test_no_plan_leaves_during_a_pause_and_every_plan_after_it(ward, planned):
    line, ids = planned
    line.ledger.switches.pause("upgrade", ward.clock.now())
    line.deliver()
    assert ward.proxy.requests == []
    line.ledger.switches.resume()
    line.deliver()
    assert [ward.shown(i) for i in ids] == [["Flag active", "Task requested"]] * 2


def test_a_pause_in_the_middle_of_a_delivery_keeps_the_next_plan_back(ward, planned):
    line, ids = planned

    def pause_after_the_first_write(method, path, status):
        if method == "POST" and "_search" not in path:
            line.ledger.switches.pause("", ward.clock.now())

    # The pause is seen by the delivery; the watch of the requests looks once a second.
    line.ehr.client.politeness.ignore_pause()
    ward.proxy.on_answer = pause_after_the_first_write
    line.deliver()
    assert sorted(map(len, (ward.shown(i) for i in ids))) == [0, 2]


def test_nothing_is_begun_during_a_pause(ward, planned):
    planned[0].ledger.switches.pause("upgrade", ward.clock.now())
    line = ward.line()
    with pytest.raises(EHRNotAsked, match="boneflag resume"):
        line.start_sweep()
    with pytest.raises(EHRNotAsked):
        line.start_poll()
    assert line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta()) == []
    assert ward.proxy.requests == []
    assert len(line.ledger.runs.newest(5)) == 1


def test_a_login_that_is_refused_in_the_middle_of_a_delivery_costs_no_plan(ward, planned):
    line, ids = planned
    ward.proxy.on_request = lambda method, path: UNAUTHORIZED
    for _ in range(8):
        line.deliver()
        ward.clock.advance(hours=2)
    assert line.ledger.runs.newest(1)[0].open_plans == 2
    ward.proxy.on_request = None
    line.deliver()
    assert [ward.shown(i) for i in ids] == [["Flag active", "Task requested"]] * 2


def test_a_write_that_is_forbidden_is_still_given_up(ward, planned):
    line, _ = planned
    ward.proxy.on_request = lambda method, path: (
        (403, {}, b"{}") if method == "POST" and "_search" not in path else None
    )
    line.deliver()
    assert line.ledger.runs.newest(1)[0].open_plans == 0
