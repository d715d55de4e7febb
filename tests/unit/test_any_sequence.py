"""Whatever happens, in whatever order: what must hold of our alerts afterwards.

A machine (`tests.lib.sequences`) plays with a ward (`tests.lib.any_ward`): facts come and go,
people decide about our Flags and Tasks, the protocol changes, two records are merged and parted
again, requests and answers are lost, processes die between any two steps, the ledger is lost, time
goes by. After each step it is asked, by judges that know nothing of the plan:

- never two open alerts of one kind about one person, nor one that is opened beside another; of two
  that a merge brought together one stays, and any that a person has taken up;
- what was said about one of two records holds for the person;
- never an alert opened, and never one closed, from what could not be read;
- never an alert opened while a person's no stands and nothing has broken through it;
- every alert that is closed has its reason, in the EHR and in the ledger;
- what a person did to a Flag or Task is never undone;
- nothing opens again what the hospital took back, before it says so;
- nothing is left to do after a quiet look: the next one writes nothing, nor does the first one
  after a lost ledger was rebuilt, but for people of whom only the ledger knew what they had said;
- the calls that wrote to the ledger, made again, make the same ledger.

That these judges can say no is tried in `test_a_planted_fault_is_found` below: each fault is put
into the line, and the same play finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.lib.any_ward import patient_in
from tests.lib.sequences.any_sequence import AnySequence
from tests.lib.sequences.merged_plants import OF_MERGES
from tests.lib.sequences.plants import OF_ANSWERS, PLANTED, play_of_alerts, play_of_answers
from tests.lib.sequences.play import ANNA, BEA

QUICK = settings(
    max_examples=4,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    # A failure tells its steps as they are: making them fewer takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
DEEP = settings(QUICK, max_examples=10, stateful_step_count=40)


def test_every_claim_holds_in_any_sequence() -> None:
    run_state_machine_as_test(AnySequence, settings=QUICK)


@pytest.mark.heavy
def test_every_claim_holds_in_long_sequences() -> None:
    run_state_machine_as_test(AnySequence, settings=DEEP)


# Proof that the judges can say no


def _judge(machine: AnySequence) -> None:
    machine.one_alert_of_a_kind_is_open_at_most()
    machine.what_we_wrote_was_right()
    machine.every_closed_alert_has_its_reason()


@contextmanager
def _machine() -> Iterator[AnySequence]:
    machine = AnySequence()
    try:
        yield machine
    finally:
        machine.teardown()


def test_the_play_in_which_faults_show_is_right_without_them() -> None:
    with _machine() as machine:
        for _ in play_of_alerts(machine):
            _judge(machine)
        tasks = [(patient_in(t), t["status"]) for t in machine.open.server.all("Task")]
        assert sorted(tasks) == [(ANNA, "cancelled"), (BEA, "rejected")]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_fault_is_found(plant: Any) -> None:
    with _machine() as machine, plant(), pytest.raises(AssertionError):
        for _ in play_of_alerts(machine):
            _judge(machine)


@pytest.mark.heavy
def test_the_play_of_answers_is_right_without_faults() -> None:
    with _machine() as machine:
        for _ in play_of_answers(machine):
            _judge(machine)
        flags = [(patient_in(f), f["status"]) for f in machine.open.server.all("Flag")]
        assert sorted(flags) == [(ANNA, "inactive"), (BEA, "entered-in-error")]


@pytest.mark.parametrize("plant", OF_ANSWERS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_fault_about_answers_is_found(plant: Any) -> None:
    with _machine() as machine, plant(), pytest.raises(AssertionError):
        for _ in play_of_answers(machine):
            _judge(machine)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "play", dict.fromkeys(play for play, _ in OF_MERGES), ids=lambda play: play.__name__
)
def test_each_play_of_merged_records_is_right_without_faults(play: Any) -> None:
    with _machine() as machine:
        for _ in play(machine):
            _judge(machine)


@pytest.mark.heavy
@pytest.mark.parametrize(("play", "plant"), OF_MERGES, ids=lambda name: name.__name__.strip("_"))
def test_a_fault_about_merged_records_is_found(play: Any, plant: Any) -> None:
    with plant(), _machine() as machine, pytest.raises(AssertionError):
        for _ in play(machine):
            _judge(machine)
