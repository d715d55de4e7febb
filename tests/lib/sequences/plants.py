"""Faults put into the line, and the plays in which each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

from service import delivery, rebuilding
from service.alert_memory import entry_after
from service.ehr.client import FHIRClient
from service.ehr.plan_progress import PlanProgress
from service.ehr.writer import Writer
from service.screening import assess, decision_span, plan
from service.screening.alert import AlertKind
from service.screening.assess import Status
from service.screening.dates import add_months
from tests.lib import any_ward
from tests.lib.sequences.any_sequence import AnySequence
from tests.lib.sequences.play import ANNA, BEA


def _unknown_closes() -> Any:
    row = {Status.COULD_NOT_DETERMINE: ("keep", "resolve", "keep")}
    return mock.patch.dict(plan.TABLE, row)


def _unread_is_taken_for_empty() -> Any:
    return mock.patch.object(assess, "_cannot_be_determined", lambda *_: False)


def _a_no_is_not_heard() -> Any:
    return mock.patch.object(assess, "standing_decision", lambda *_: None)


def _nobody_looks_before_writing() -> Any:
    return mock.patch.object(Writer, "_found", lambda *_: [])


def _an_ended_task_is_written_over() -> Any:
    return mock.patch.object(PlanProgress, "is_ended_by_person", lambda *_: False)


def _updates_name_no_version() -> Any:
    update = FHIRClient.update

    def careless(self: FHIRClient, resource: Any, *, if_match: str | None) -> Any:
        del if_match
        return update(self, resource, if_match=None)

    return mock.patch.object(FHIRClient, "update", careless)


def _closing_forgets_why() -> Any:
    def forgetful(*given: Any) -> Any:
        entry = entry_after(*given)
        return entry and replace(entry, closing_reason="")

    return mock.patch.object(delivery, "entry_after", forgetful)


def _every_no_lasts_a_month() -> Any:
    until = mock.Mock(side_effect=lambda decision, *_: add_months(decision.made_on, 1))
    return mock.patch.object(decision_span, "_until", until)


def _the_hospitals_word_is_forgotten() -> Any:
    return mock.patch.object(any_ward, "keep_quiet", lambda *_: "")


def _a_rebuilding_takes_every_flag_for_ours() -> Any:
    return mock.patch.object(rebuilding, "_flag_as_we_left_it", lambda alert: alert.flag.status)


OF_ANSWERS = [
    _every_no_lasts_a_month,
    _the_hospitals_word_is_forgotten,
    _a_rebuilding_takes_every_flag_for_ours,
]
PLANTED = [
    _unknown_closes,
    _unread_is_taken_for_empty,
    _a_no_is_not_heard,
    _nobody_looks_before_writing,
    _an_ended_task_is_written_over,
    _updates_name_no_version,
    _closing_forgets_why,
]


def play_of_alerts(machine: AnySequence) -> Iterator[None]:
    """A play in which each planted fault shows; after each step the judges are asked."""
    machine.open_ward(has_transactions=False, conditional_create=False, keeps_versions=True)
    server = machine.open.server
    server.loses_answer_of = lambda r: (r.method, r.url.path) == ("POST", "/fhir/Flag")
    machine.looks()
    server.loses_answer_of = lambda request: False
    yield
    machine.looks()
    yield
    machine.nothing_is_left_to_do_after_quiet_looks()
    yield
    machine.types_are_refused(who=ANNA, types=frozenset({"Observation"}), looks=False)
    machine.types_are_refused(who=BEA, types=frozenset({"Observation"}), looks=False)
    machine.bone_breaks(who=BEA, looks=False)
    machine.looks()
    yield
    machine.types_are_refused(who=ANNA, types=frozenset(), looks=False)
    machine.types_are_refused(who=BEA, types=frozenset(), looks=False)
    machine.looks()
    yield
    task = machine.open.alerts("Task", BEA)[0]
    machine.disability_is_measured(who=BEA, value=6.5, looks=False)
    machine.time_goes_by(days=1, looks=False)
    machine.acts_in_the_middle(task, "rejected", 4)
    yield
    machine.looks()
    machine.looks()
    yield
    machine.dies_or_was_taken_for_another(who=ANNA, looks=False)
    machine.looks()
    yield


def play_of_answers(machine: AnySequence) -> Iterator[None]:
    """People answer, the ledger is lost, the hospital takes an alert back."""
    machine.open_ward(has_transactions=True, conditional_create=True, keeps_versions=True)
    machine.disability_is_measured(who=BEA, value=6.5, looks=True)
    yield
    flag = machine.open.alerts("Flag", ANNA)[0]
    machine._say_no(machine.open.server.edit(flag, status="inactive"))
    machine.ledger_is_lost_and_rebuilt()
    yield
    no = {"kind": AlertKind.SCREENING, "code": "patient-refuses", "ago": None, "wait": None}
    machine.no_is_said_to_boneflag(who=BEA, looks=True, **no)
    machine.time_goes_by(days=200, looks=True)
    yield
    machine.no_is_taken_back_from_boneflag(who=BEA, kind=AlertKind.SCREENING, looks=True)
    machine.hospital_takes_alerts_back(who=BEA, looks=True)
    machine.looks()
    yield
