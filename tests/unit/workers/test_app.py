"""Celery's configuration agrees with itself, and a process says what its settings lack."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from celery.exceptions import Retry
from celery.schedules import crontab
from pydantic import SecretStr

from service.queue import QUEUES, ROUTES, SWEEP
from service.settings import Settings
from workers.app import _NO_REDIS, KEY_PREFIX, _need_redis, _say_failed, _say_retried, make_app
from workers.schedule import beat_schedule
from workers.tasks import sweep

ROOT = Path(__file__).parents[3]
CONF = make_app(Settings(redis_url=SecretStr("redis://localhost/3"))).conf


def test_the_visibility_timeout_is_above_the_hard_time_limit_everywhere():
    assert CONF.task_soft_time_limit < CONF.task_time_limit < CONF.visibility_timeout
    assert CONF.broker_transport_options["visibility_timeout"] == CONF.visibility_timeout


def test_a_message_is_given_up_only_when_its_work_is_done():
    assert CONF.task_acks_late
    assert CONF.task_retry_on_worker_lost
    assert CONF.worker_prefetch_multiplier == 1


def test_nothing_is_kept_of_what_a_task_returned_or_raised():
    assert CONF.task_ignore_result
    assert not CONF.task_store_errors_even_if_ignored
    assert CONF.result_backend is None
    assert not CONF.worker_send_task_events


def test_messages_are_json_and_nothing_else():
    assert (CONF.task_serializer, CONF.accept_content) == ("json", ["json"])


def test_every_task_goes_to_the_queue_of_its_purpose():
    assert {task: route["queue"] for task, route in CONF.task_routes.items()} == ROUTES
    assert CONF.task_default_queue in QUEUES


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_and_an_idle_one_goes_at_once():
    assert CONF.worker_soft_shutdown_timeout > 0
    assert not CONF.worker_enable_soft_shutdown_on_idle


def test_our_logs_are_not_replaced_by_celerys():
    assert not CONF.worker_hijack_root_logger


def test_two_services_on_one_redis_are_kept_apart_by_a_prefix():
    assert CONF.broker_transport_options["global_keyprefix"] == KEY_PREFIX == "boneflag:"


# The schedule


def entries(**values):
    return beat_schedule(Settings(**values))


def test_the_schedule_names_tasks_that_exist_in_their_own_queues():
    for entry in entries().values():
        assert entry["options"]["queue"] == ROUTES[entry["task"]]


def test_a_tick_that_nobody_worked_on_expires_before_the_next_one_is_an_old_hat():
    for name, entry in entries().items():
        seconds = timedelta(days=1).total_seconds()
        interval = seconds if isinstance(entry["schedule"], crontab) else entry["schedule"]
        assert 0 < entry["options"]["expires"] <= interval, name


def test_the_sweep_is_at_the_hospitals_hour():
    schedule = entries(sweep_at="03:45")["sweep"]["schedule"]

    assert (schedule.hour, schedule.minute) == ({3}, {45})
    zone = make_app(Settings(time_zone="Europe/Berlin")).conf.timezone
    assert zone == "Europe/Berlin"


def test_the_poll_comes_as_often_as_the_setting_says():
    assert entries(poll_interval_seconds=77)["poll"]["schedule"] == 77


# What the process says


def test_a_failed_task_is_told_by_name_and_kind_and_never_by_its_text():
    with structlog.testing.capture_logs() as events:
        _say_failed(sender=sweep, exception=ValueError("Patient/77"))

    assert events == [
        {"event": "task_failed", "log_level": "error", "task": SWEEP, "error": "ValueError"}
    ]


def test_a_task_that_comes_again_is_told_with_the_kind_of_its_cause():
    class Reason:
        exc = ConnectionError("Patient/77")

    with structlog.testing.capture_logs() as events:
        _say_retried(sender=sweep, reason=Reason())

    assert (events[0]["event"], events[0]["error"]) == ("task_comes_again", "ConnectionError")


def test_a_task_that_stands_back_for_another_worker_is_no_trouble():
    with structlog.testing.capture_logs() as events:
        _say_retried(sender=sweep, reason=Retry())

    assert events == []


def test_a_worker_without_a_redis_does_not_start(monkeypatch, capsys):
    monkeypatch.setattr("workers.app.app.conf.broker_url", _NO_REDIS)

    with pytest.raises(SystemExit) as stopped:
        _need_redis()

    assert stopped.value.code == 2
    assert "BONEFLAG_REDIS_URL is not set" in capsys.readouterr().err


@pytest.mark.parametrize("door", [("worker",), ("beat",)], ids=lambda door: door[0])
@pytest.mark.parametrize("wrong", ["BONEFLAG_MODE", "BONEFLAG_REDIS_URL"])
def test_a_process_whose_settings_cannot_be_used_says_so_and_ends_with_2(tmp_path, door, wrong):
    environment = os.environ | {"BONEFLAG_BEAT_FILE": str(tmp_path / "beat")}
    environment |= {"BONEFLAG_MODE": "s3cret"} if wrong == "BONEFLAG_MODE" else {}
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", "--quiet", *door],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )

    assert done.returncode == 2, done.stderr
    assert wrong in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr
