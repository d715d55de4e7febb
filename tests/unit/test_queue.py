"""The queue: work by name, keys only."""

import pytest

from service.queue import (
    BULK_STEP,
    DELIVER,
    NOTICED,
    POLL,
    PURGE,
    QUEUES,
    REFILL,
    ROUTES,
    SCREEN,
    SIMULATE,
    SWEEP,
    TASK_SOFT_TIME_LIMIT_SECONDS,
    TASK_TIME_LIMIT_SECONDS,
    VISIBILITY_TIMEOUT_SECONDS,
    Queue,
)


class Sent:
    """Takes messages as Celery would."""

    def __init__(self):
        self.messages = []

    def send_task(self, name, args=(), **options):
        self.messages.append((name, args, options))


@pytest.mark.parametrize("name", ["sweep", "poll", "refill", "deliver", "bulk_step", "noticed"])
def test_what_is_asked_for_goes_into_the_queue_of_its_purpose_with_nothing_in_it(name):
    sent = Sent()

    getattr(Queue(sent), name)()

    ((task, args, options),) = sent.messages
    assert task == f"boneflag.{name}"
    assert args == ()
    assert options["queue"] == ROUTES[task]


def test_a_batch_holds_patient_keys_and_nothing_else():
    sent = Sent()

    Queue(sent).screen(("key-1", "key-2"))

    assert [(name, args) for name, args, _ in sent.messages] == [(SCREEN, (["key-1", "key-2"],))]


def test_a_simulation_is_named_by_its_number_alone():
    sent = Sent()

    Queue(sent).simulate("a-number")

    assert [(name, args) for name, args, _ in sent.messages] == [(SIMULATE, ("a-number",))]


def test_arguments_are_hidden_from_events_and_logs():
    sent = Sent()

    Queue(sent).screen(("key-1",))

    options = sent.messages[0][2]
    assert (options["argsrepr"], options["kwargsrepr"]) == ("…", "…")


def test_every_task_has_one_of_the_queues_and_every_queue_a_task():
    assert set(ROUTES) == {
        SWEEP,
        POLL,
        REFILL,
        SCREEN,
        DELIVER,
        BULK_STEP,
        PURGE,
        NOTICED,
        SIMULATE,
    }
    assert set(ROUTES.values()) == set(QUEUES)


def test_no_message_comes_back_while_its_task_may_still_be_at_work():
    assert TASK_SOFT_TIME_LIMIT_SECONDS < TASK_TIME_LIMIT_SECONDS < VISIBILITY_TIMEOUT_SECONDS
