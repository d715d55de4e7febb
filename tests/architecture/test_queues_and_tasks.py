"""Tasks, queues, the schedule and docker-compose.yml speak of the same things."""

from __future__ import annotations

import pytest
from celery import Task

from service.queue import (
    QUEUES,
    ROUTES,
    TASK_SOFT_TIME_LIMIT_SECONDS,
    TASK_TIME_LIMIT_SECONDS,
    VISIBILITY_TIMEOUT_SECONDS,
)
from service.settings import Settings
from tests.lib.source_tree import our_services, seconds
from workers.app import make_app
from workers.schedule import beat_schedule


@pytest.fixture(scope="module")
def app():
    app = make_app(Settings(_secrets_dir=None))
    app.loader.import_default_modules()
    return app


def _workers() -> dict[str, list[str]]:
    """The queues that each worker service of docker-compose.yml takes from."""
    commands = {name: service["command"] for name, service in our_services().items()}
    return {
        name: command[command.index("--queues") + 1].split(",")
        for name, command in commands.items()
        if "worker" in command
    }


def test_every_task_has_a_queue_and_every_route_has_a_task():
    import workers.tasks

    tasks = (item for item in vars(workers.tasks).values() if isinstance(item, Task))
    assert {task.name for task in tasks} == set(ROUTES)


def test_every_route_leads_to_a_known_queue():
    assert set(ROUTES.values()) == set(QUEUES)


def test_every_queue_has_a_worker_and_every_worker_has_a_queue():
    taken = [queue for queues in _workers().values() for queue in queues]
    assert sorted(taken) == sorted(QUEUES)


def test_everything_that_is_scheduled_is_a_task_in_its_own_queue():
    for name, entry in beat_schedule(Settings(_secrets_dir=None)).items():
        assert entry["options"]["queue"] == ROUTES[entry["task"]], name


def test_a_message_is_not_given_to_a_second_worker_while_the_first_may_work_on_it():
    limits = (TASK_SOFT_TIME_LIMIT_SECONDS, TASK_TIME_LIMIT_SECONDS, VISIBILITY_TIMEOUT_SECONDS)
    assert sorted(set(limits)) == list(limits)


def test_celery_waits_as_long_as_the_queue_says(app):
    assert app.conf.broker_transport_options["visibility_timeout"] == VISIBILITY_TIMEOUT_SECONDS
    assert app.conf.task_time_limit == TASK_TIME_LIMIT_SECONDS


def test_no_retry_is_put_off_beyond_half_the_visibility_timeout():
    import workers.tasks

    # Celery keeps a retry in the worker until its time: a longer one would be delivered twice.
    assert workers.tasks._POLICY["retry_backoff_max"] <= VISIBILITY_TIMEOUT_SECONDS / 2


def test_nothing_that_a_task_did_is_kept_in_redis(app):
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


def test_workers_are_stopped_gently_and_given_the_time_for_it(app):
    for name in _workers():
        service = our_services()[name]
        # SIGQUIT starts the soft shutdown; SIGTERM would wait for a task without any limit.
        assert service["stop_signal"] == "SIGQUIT", name
        grace = seconds(service["stop_grace_period"])
        assert grace >= app.conf.worker_soft_shutdown_timeout + 30, name
