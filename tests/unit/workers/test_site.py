"""The site of a worker process: leases, and whether the queue is empty."""

import json
import os

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.queue import SCREEN_QUEUE, WRITE_QUEUE
from service.settings import Settings
from service.simulate.asked import CannotBeTried
from service.store.simulations import Question
from workers import site as site_module
from workers.site import Site, simulation_asked_for


def nobody():
    """A client of a Redis that is not there."""
    return redis.Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))


def taken(queue):
    """A message as kombu keeps it while a worker has it."""
    return json.dumps([{"body": "…"}, "", queue])


@pytest.mark.parametrize(
    ("waiting", "unacked", "is_empty"),
    [
        ([], {}, True),
        (["batch"], {}, False),
        ([], {"tag": taken(SCREEN_QUEUE)}, False),
        ([], {"tag": taken(WRITE_QUEUE)}, True),
        ([], {"tag": "what is this"}, False),
        ([], {"tag": "[]"}, False),
        ([], {"tag": "7"}, False),
    ],
    ids=["nothing", "waits", "taken", "another task", "unreadable", "too short", "no list"],
)
def test_the_queue_is_empty_where_no_batch_waits_or_is_at_work(
    make_site, sent, client, waiting, unacked, is_empty
):
    for message in waiting:
        client.lpush(f"boneflag:{SCREEN_QUEUE}", message)
    for tag, message in unacked.items():
        client.hset("boneflag:unacked", tag, message)

    assert make_site(sent)._queue_is_empty() is is_empty


def test_a_redis_that_cannot_be_asked_is_not_taken_for_an_empty_queue(pipeline):
    assert Site(pipeline, None, nobody())._queue_is_empty() is False


def test_work_goes_on_without_leases_when_redis_is_away(pipeline):
    with Site(pipeline, None, nobody()).alone("sweep") as here:
        assert here is not None


def test_two_tasks_of_different_names_do_not_keep_each_other_out(make_site, sent):
    with make_site(sent).alone("sweep") as first, make_site(sent).alone("poll") as second:
        assert first is not None
        assert second is not None


def test_no_lease_shows_in_redis_who_is_being_screened(make_site, sent, client):
    with make_site(sent).alone("screen", "key-of-ada"):
        held = client.keys("*")

    assert held
    assert not any(b"ada" in name for name in held)


def test_a_process_has_one_site_and_a_forked_one_another(monkeypatch, tmp_path, redis_url):
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", "https://ehr.example/fhir")
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'l.sqlite3'}")
    monkeypatch.setenv("BONEFLAG_REDIS_URL", redis_url)
    site_module._site_of.cache_clear()

    here = site_module.site()

    assert site_module.site() is here
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert site_module.site() is not here
    site_module._site_of.cache_clear()


def test_an_overlay_that_cannot_be_used_any_more_is_said_and_is_no_fault_of_ours(pipeline):
    gone = Settings(protocol_overlay="/not/there.yaml", fhir_base_url="https://ehr.example/fhir")
    with pytest.raises(CannotBeTried, match="overlay cannot be read"):
        simulation_asked_for(
            gone, pipeline.ledger, Question("", "", "A. Lead", None, None), lambda *_: None
        )
