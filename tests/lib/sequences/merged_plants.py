"""Faults put into the line about merged records, and the plays in which each of them shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

from service import merged_people
from service.ehr import merged_alerts
from service.screening.alert import AlertKind
from service.screening.plan import History
from service.store import merges
from tests.lib.sequences.any_sequence import AnySequence
from tests.lib.sequences.play import ANNA, BEA

_NO = {"kind": AlertKind.SCREENING, "code": "patient-refuses", "ago": None, "wait": None}


def _both_alerts_stay() -> Any:
    return mock.patch.object(merged_alerts, "_spare", lambda *_: ())


def _somebodys_work_is_spare() -> Any:
    return mock.patch.object(merged_alerts, "_is_taken_up", lambda _: False)


def _only_the_alert_that_speaks_is_looked_at() -> Any:
    return mock.patch.object(History, "rejected_with_a_flag", lambda *_: None)


def _what_was_said_stays_behind() -> Any:
    return mock.patch.object(merges, "_move_decisions", lambda *_: None)


def _whoever_left_is_not_asked_for() -> Any:
    return mock.patch.object(merged_people, "follow_who_left", lambda *_: None)


def play_of_two_alerts(machine: AnySequence) -> Iterator[None]:
    """Both records have an alert, and people work on both; parted, and merged the other way."""
    machine.open_ward(has_transactions=False, conditional_create=False, keeps_versions=True)
    machine.disability_is_measured(who=BEA, value=6.5, looks=True)
    yield
    for who in (ANNA, BEA):
        machine._work_on_task(machine.open.alerts("Task", who)[0], "in-progress")
    machine.record_is_merged(old=ANNA, moves_alerts=False, is_still_named=True, looks=True)
    machine.looks()
    yield
    machine._work_on_task(machine.open.alerts("Task", BEA)[0], "rejected")
    machine.merge_is_undone(looks=False)
    machine.record_is_merged(old=BEA, moves_alerts=True, is_still_named=False, looks=True)
    yield
    machine.nothing_is_left_to_do_after_quiet_looks()
    yield


def play_of_two_untouched_alerts(machine: AnySequence) -> Iterator[None]:
    """Both records have an alert that nobody has taken up: one is spare."""
    machine.open_ward(has_transactions=True, conditional_create=True, keeps_versions=False)
    machine.disability_is_measured(who=BEA, value=6.5, looks=True)
    machine.record_is_merged(old=BEA, moves_alerts=True, is_still_named=False, looks=True)
    yield
    machine.nothing_is_left_to_do_after_quiet_looks()
    yield


def play_of_a_no_before(machine: AnySequence, old: str, *, is_still_named: bool) -> Iterator[None]:
    """What was said about the one record holds for the person, whichever of the two stands."""
    machine.open_ward(has_transactions=True, conditional_create=True, keeps_versions=True)
    machine.time_goes_by(days=1, looks=True)
    yield
    machine.time_goes_by(days=1, looks=True)
    machine.no_is_said_to_boneflag(who=ANNA, looks=True, **_NO)
    machine.time_goes_by(days=1, looks=True)
    yield
    machine.record_is_merged(old=old, moves_alerts=False, is_still_named=is_still_named, looks=True)
    machine.looks()
    yield


def play_of_a_no_about_the_record_that_stands(machine: AnySequence) -> Iterator[None]:
    """The ledger goes on under the key of the old record, about which nothing was said."""
    yield from play_of_a_no_before(machine, BEA, is_still_named=True)


def play_of_a_no_about_a_record_that_nobody_names(machine: AnySequence) -> Iterator[None]:
    """The cohort names only the new record from one night to the next."""
    yield from play_of_a_no_before(machine, ANNA, is_still_named=False)


OF_MERGES = [
    (play_of_two_untouched_alerts, _both_alerts_stay),
    (play_of_two_alerts, _somebodys_work_is_spare),
    (play_of_two_alerts, _only_the_alert_that_speaks_is_looked_at),
    (play_of_a_no_about_the_record_that_stands, _what_was_said_stays_behind),
    (play_of_a_no_about_a_record_that_nobody_names, _whoever_left_is_not_asked_for),
]
