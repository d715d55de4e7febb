"""A chart that kills whoever reads it, and messages of another version: the others go on.

One real worker, real Redis. The killer is a chart at whose name the worker process ends without a
word, as one that the kernel ends for its memory.
"""

from __future__ import annotations

import os
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from service.queue import FIND_QUEUE, SCREEN_QUEUE
from tests.lib.demo_site import due, fine
from tests.lib.real_workers import Worker, real_redis, wait_until
from workers.app import make_app
from workers.sending import queue_for

DUE = ["Flag active", "Task requested"]
ATTEMPTS = 2
PATIENCE_SECONDS = 120
HOUR = timedelta(hours=1)


@pytest.mark.heavy
def test_one_chart_that_kills_every_worker_is_given_up_and_the_others_are_told_of(
    ward, tmp_path, monkeypatch
):
    killer, *others = ward.admit_all([due, due, due])
    poison(tmp_path, monkeypatch, killer)
    with real_redis(tmp_path) as url:
        settings = ward.settings(
            fhir_base_url=ward.server.base_url,
            redis_url=SecretStr(url),
            batch_size=1,
            attempts_per_run=ATTEMPTS,
        )
        ledger = ward.line(settings).ledger
        worker = Worker(settings, tmp_path / "worker.log")
        try:
            queue_for(settings).sweep()
            wait_until(lambda: is_done(ledger, settings), "given up", PATIENCE_SECONDS, every=1)
        finally:
            worker.kill()
    assert [ward.shown(other) for other in others] == [DUE, DUE]
    assert ward.shown(killer) == []
    assert ledger.dead_letters.count().people == {"no worker ever reported": 1}


@pytest.mark.heavy
def test_messages_of_an_older_and_a_newer_version_cost_nobody_anything(ward, tmp_path):
    somebody = ward.admit(due)
    with real_redis(tmp_path) as url:
        settings = ward.settings(
            fhir_base_url=ward.server.base_url, redis_url=SecretStr(url), batch_size=1
        )
        ledger = ward.line(settings).ledger
        app = make_app(settings)
        for name, args, kwargs, queue in (
            ("boneflag.of_tomorrow", [], {}, FIND_QUEUE),
            ("boneflag.screen", [], {"patient_keys": ["k"], "protocol": "2"}, SCREEN_QUEUE),
            ("boneflag.screen", [["k"], 7], {}, SCREEN_QUEUE),
            ("boneflag.screen", [{"keys": ["k"]}], {}, SCREEN_QUEUE),
            ("boneflag.poll", ["yesterday"], {}, FIND_QUEUE),
        ):
            app.send_task(name, args=args, kwargs=kwargs, queue=queue)
        worker = Worker(settings, tmp_path / "worker.log")
        try:
            queue_for(settings).sweep()
            wait_until(lambda: is_done(ledger, settings), "done", PATIENCE_SECONDS, every=1)
            client = redis.Redis.from_url(url)
            wait_until(lambda: not client.hlen("boneflag:unacked"), "nothing is kept in hand")
        finally:
            worker.kill()
    assert ward.shown(somebody) == DUE


def test_a_chart_that_always_raises_is_given_up_and_the_others_are_told_of(ward, monkeypatch):
    bad, good = ward.admit_all([due, fine])
    line = ward.line()
    judge = line._screen_one

    def raises(record, *rest):
        if record.patient.id == bad:
            raise RecursionError
        return judge(record, *rest)

    monkeypatch.setattr(line, "_screen_one", raises)
    run = line.start_sweep()
    attempts = 0
    while ward_waits(line, run):
        attempts += 1
        for keys in line.hand_out(10, queue_is_empty=True, forgotten_after=HOUR):
            line.screen(keys)
        ward.clock.advance(minutes=10)
    line.deliver()

    assert line.ledger.runs.get(run).state == "done"
    assert line.ledger.dead_letters.count().people == {"RecursionError": 1}
    assert 1 < attempts < 10
    assert ward.status(good) == "not-at-risk"


def ward_waits(line, run):
    return line.ledger.runs.get(run).waiting


def is_done(ledger, settings):
    """Beat asks every minute; here every second."""
    queue = queue_for(settings)
    queue.refill()
    queue.deliver()
    newest = ledger.runs.newest(1)
    return bool(newest) and newest[0].state == "done"


def poison(directory: Path, monkeypatch, killer: str) -> None:
    """Let every worker process end at once that judges this person."""
    (directory / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            import os
            import service.thought as thought
            judge = thought.assess

            def assess(record, *rest):
                if record.patient.id == {killer!r}:
                    os._exit(137)
                return judge(record, *rest)

            thought.assess = assess
            """
        )
    )
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
