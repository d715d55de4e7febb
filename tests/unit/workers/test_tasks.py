"""The tasks: a lease, one call of the line, and what comes next."""

import inspect

import pytest
from celery.exceptions import Retry

from service.queue import DELIVER, ROUTES, SCREEN, SIMULATE
from workers import tasks
from workers.app import app


def run(task, *args):
    """Run a task as a worker would, without a worker; its exception comes out."""
    return task.apply(args=args, throw=True)


def keys_of(here):
    return here.pipeline.ledger.cohort.members()


def test_a_sweep_hands_out_the_whole_cohort_in_batches(here, sent):
    run(tasks.sweep)

    batches = [args[0] for name, args in sent.messages if name == SCREEN]
    assert [len(batch) for batch in batches] == [2, 1]
    assert sorted(key for batch in batches for key in batch) == sorted(keys_of(here))


def test_a_message_holds_no_id_of_the_ehr(here, sent):
    run(tasks.sweep)

    assert not any(fhir_id in str(sent.messages) for fhir_id in ("p1", "p2", "p3"))


def test_the_last_batch_of_a_run_asks_for_its_delivery(here, sent):
    run(tasks.sweep)
    first, last = [args[0] for name, args in sent.messages if name == SCREEN]

    run(tasks.screen, first)
    after_first = list(sent.names)
    run(tasks.screen, last)

    assert DELIVER not in after_first
    assert sent.names[-1] == DELIVER


def test_a_delivery_ends_the_run(here, sent):
    run(tasks.sweep)
    run(tasks.screen, keys_of(here))

    run(tasks.deliver)

    assert here.pipeline.ledger.runs.newest(1)[0].state == "done"


def test_a_poll_of_whom_nothing_changed_hands_nobody_out(here, sent):
    run(tasks.sweep)
    run(tasks.screen, keys_of(here))
    sent.messages.clear()

    run(tasks.poll)

    assert sent.messages == []


def test_a_sweep_that_finds_the_ehr_away_comes_again(here, ehr):
    ehr.is_down = True

    with pytest.raises(Retry):
        run(tasks.sweep)


def test_a_batch_that_finds_the_ehr_away_is_postponed_and_not_lost(here, ehr, sent):
    run(tasks.sweep)
    ehr.is_down = True

    run(tasks.screen, keys_of(here))

    assert here.pipeline.ledger.runs.newest(1)[0].waiting == 3


def test_a_poll_that_finds_the_ehr_away_leaves_it_to_the_next_tick(here, ehr):
    run(tasks.sweep)
    ehr.is_down = True

    with pytest.raises(Exception, match="try again later"):
        run(tasks.poll)


def test_no_message_is_put_off_longer_than_half_the_visibility_timeout():
    assert tasks._POLICY["retry_backoff_max"] <= app.conf.visibility_timeout / 2


@pytest.mark.parametrize("name", ["sweep", "poll", "refill"])
def test_a_task_whose_lease_is_taken_elsewhere_does_nothing(here, make_site, sent, name):
    run(tasks.sweep)
    elsewhere = make_site(sent)
    sent.messages.clear()
    before = here.pipeline.ledger.runs.newest(10)

    with elsewhere.alone(name) as other:
        assert other is not None
        run(getattr(tasks, name))

    assert sent.messages == []
    assert here.pipeline.ledger.runs.newest(10) == before


def test_a_delivery_that_finds_another_at_work_comes_back_a_few_times_and_then_gives_way(
    here, make_site, sent
):
    """The other one may have looked before the last batch of a run had reported."""
    run(tasks.sweep)
    run(tasks.screen, keys_of(here))

    with make_site(sent).alone("deliver"):
        with pytest.raises(Retry):
            run(tasks.deliver)
        tasks.deliver.apply(throw=True, retries=tasks._MOST_RETURNS)

    assert here.pipeline.ledger.runs.newest(1)[0].state == "open"


def test_a_batch_that_is_screened_elsewhere_is_left_alone(here, make_site, sent):
    run(tasks.sweep)
    keys = keys_of(here)

    with make_site(sent).alone("screen", *keys):
        run(tasks.screen, keys)

    assert here.pipeline.ledger.runs.newest(1)[0].waiting == 3


def test_a_lease_is_given_back_when_the_work_fails(here, ehr, sent):
    ehr.is_down = True
    with pytest.raises(Retry):
        run(tasks.sweep)
    ehr.is_down = False

    run(tasks.sweep)

    assert SCREEN in sent.names


def test_the_same_batch_twice_is_screened_once(here, sent):
    run(tasks.sweep)
    keys = keys_of(here)
    run(tasks.screen, keys)
    first = here.pipeline.ledger.screenings.latest(keys)

    run(tasks.screen, keys)

    assert here.pipeline.ledger.screenings.latest(keys) == first


def test_an_emptied_queue_is_refilled_with_everybody(here, client, sent):
    run(tasks.sweep)
    handed_out = sorted(k for name, args in sent.messages if name == SCREEN for k in args[0])
    sent.messages.clear()
    client.flushall()

    run(tasks.refill)

    again = sorted(k for name, args in sent.messages if name == SCREEN for k in args[0])
    assert again == handed_out


def test_a_queue_that_still_holds_the_batches_is_not_filled_twice(here, client, sent):
    run(tasks.sweep)
    client.lpush("boneflag:screen", "a batch that waits")
    sent.messages.clear()

    run(tasks.refill)

    assert sent.messages == []


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_tasks_take_keys_or_a_number_of_ours_or_nothing(name):
    parameters = list(inspect.signature(app.tasks[name].run).parameters)

    assert parameters == {SCREEN: ["patient_keys"], SIMULATE: ["number"]}.get(name, [])


def test_a_simulation_is_carried_out_under_its_number(here):
    asked = []
    here.simulate = asked.append

    run(tasks.simulate, "a-number")

    assert asked == ["a-number"]


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_every_name_in_the_queue_is_a_task(name):
    assert name in app.tasks


def test_every_task_has_a_queue():
    ours = {name for name in app.tasks if name.startswith("boneflag.")}

    assert ours == set(ROUTES)


def test_a_nights_purge_is_done_by_one_process_at_a_time(here):
    done = []
    here.purge = lambda: done.append(1)

    run(tasks.purge)
    with here.alone("purge"):
        run(tasks.purge)

    assert done == [1]


def test_a_simulation_whose_process_died_does_not_begin_anew_behind_the_back_of_who_asked():
    assert app.tasks[SIMULATE].acks_late is False
    assert app.tasks[SIMULATE].retry_on_worker_lost is False
