"""Alerts that are taken back: spare ones by every look, any by the hospital."""

import copy
import socket

import pytest

from tests.lib.command_line import boneflag
from tests.lib.demo_site import due

pytestmark = pytest.mark.heavy


def closed_port():
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def a_second_alert(ward, fhir_id, key="00000000-0000-5000-8000-000000000001"):
    """The same alert under another identifier, as a BoneFlag with another site id writes it."""
    copies = []
    for type_ in ("Flag", "Task"):
        (resource,) = copy.deepcopy(ward.ours(type_, fhir_id))
        resource["identifier"][0]["value"] = key
        copies.append(resource | {"id": f"{resource['id']}-again"})
    copies[1]["focus"] = {"reference": f"Flag/{copies[0]['id']}"}
    ward.load(copies)
    return {f"{r['resourceType']}/{r['id']}" for r in copies}


def statuses(ward, fhir_id):
    return {
        f"{type_}/{r['id']}": r["status"]
        for type_ in ("Flag", "Task")
        for r in ward.ours(type_, fhir_id)
    }


def test_of_two_alerts_under_different_identifiers_one_is_left_and_the_operator_is_told(ward):
    patient = ward.admit()
    ward.sweep()
    first = statuses(ward, patient)
    second = a_second_alert(ward, patient)

    run = ward.sweep()

    assert run.counts["duplicates found"] == 2
    left = statuses(ward, patient)
    open_ones = {r for r, status in left.items() if status in ("active", "requested")}
    assert open_ones in (set(first), second)
    assert sorted(left.values()) == ["active", *["entered-in-error"] * 2, "requested"]


def test_the_spare_alert_that_was_retired_is_nobodys_no_to_the_one_that_stands(ward):
    patient = ward.admit()
    ward.sweep()
    a_second_alert(ward, patient)
    ward.sweep()
    before = statuses(ward, patient)
    ward.proxy.forget()

    run = ward.sweep()

    assert (ward.proxy.writes, statuses(ward, patient)) == ([], before)
    assert ward.status(patient) == "due"
    assert "duplicates found" not in run.counts


def test_of_two_alerts_the_one_that_somebody_works_on_is_left(ward):
    patient = ward.admit()
    ward.sweep()
    second = a_second_alert(ward, patient)
    (task,) = [t for t in ward.ours("Task", patient) if f"Task/{t['id']}" in second]
    ward.person_sets(task, status="accepted")

    ward.sweep()

    left = statuses(ward, patient)
    assert {left[r] for r in second} == {"active", "accepted"}
    assert sorted(s for r, s in left.items() if r not in second) == ["entered-in-error"] * 2


# The hospital takes alerts back


def withdraw(ward, *words, **values):
    """The command, on this ward."""
    settings = ward.settings(**values)
    names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id", "delivery")
    given = {name: str(getattr(settings, name)) for name in names}
    return boneflag("withdraw", *words, **given)


WHY = ("--reason", "wrong threshold", "--by", "A. Admin", "--yes")


def entries(ward):
    with ward.ledger() as ledger:
        found = ledger.alerts.history(ledger.cohort.members())
        return [entry for of_one in found.values() for entry in of_one]


def test_a_withdrawal_without_yes_shows_what_it_would_take_back_and_changes_nothing(ward):
    patient = ward.admit()
    ward.sweep()
    ward.proxy.forget()

    said = withdraw(ward, "--all")

    assert said.code == 0
    assert "all alerts: 1 of 1 people" in said.output
    assert "1 confirmed, by flag-and-task" in said.output
    assert (ward.proxy.writes, ward.shown(patient)) == ([], ["Flag active", "Task requested"])


def test_a_withdrawal_enters_flags_in_error_and_cancels_tasks_with_our_mark(ward):
    patient = ward.admit()
    ward.sweep()

    said = withdraw(ward, "--all", *WHY)

    assert said.code == 0, said.output
    assert "1 taken back" in said.output
    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]
    (task,) = ward.ours("Task", patient)
    assert task["statusReason"]["coding"][0]["code"] == "withdrawn"
    (entry,) = entries(ward)
    assert (entry.state, entry.closing_reason) == ("closed", "withdrawn by the hospital")


def test_after_a_withdrawal_nothing_is_told_again_before_somebody_approves_it(ward):
    patient = ward.admit()
    ward.sweep()
    withdraw(ward, "--all", *WHY)

    run = ward.sweep(is_approved=False)

    assert run.mode == "shadow"
    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]


def test_a_withdrawal_carried_out_twice_changes_nothing_the_second_time(ward):
    ward.admit()
    ward.sweep()
    withdraw(ward, "--all", *WHY)
    ward.proxy.forget()

    said = withdraw(ward, "--all", *WHY)

    assert (said.code, ward.proxy.writes) == (0, [])
    assert "nothing to take back" in said.output


def test_a_withdrawal_overrides_a_task_that_somebody_accepted(ward):
    patient = ward.admit()
    ward.sweep()
    ward.person_sets(ward.ours("Task", patient)[0], status="accepted")

    withdraw(ward, "--all", *WHY)

    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]


def test_what_a_person_deleted_is_left_and_told(ward):
    patient = ward.admit()
    ward.sweep()
    for type_ in ("Task", "Flag"):
        ward.person_deletes(ward.ours(type_, patient)[0])

    said = withdraw(ward, "--all", *WHY)

    assert "1: it is no longer in the EHR" in said.output
    assert [entry.state for entry in entries(ward)] == ["closed"]


def test_one_patients_alert_is_taken_back_and_never_told_again(ward):
    patient, other = ward.admit_all([due, due])
    ward.sweep()

    withdraw(ward, "--patient", patient, *WHY)
    ward.clock.advance(days=400)
    ward.sweep()

    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]
    assert ward.shown(other) == ["Flag active", "Task requested"]


def test_alerts_are_taken_back_by_the_beginning_of_their_protocols_digest(ward):
    patient = ward.admit()
    digest = ward.line().protocol.digest
    ward.sweep()

    assert withdraw(ward, "--protocol", "0123456789").code == 2
    said = withdraw(ward, "--protocol", digest.removeprefix("sha256:")[:12], *WHY)

    assert said.code == 0, said.output
    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]


def test_a_withdrawal_that_lost_the_ehr_goes_on_where_it_stopped(ward):
    patients = ward.admit_all([due, due])
    ward.sweep()
    closed = closed_port()

    interrupted = withdraw(ward, "--all", *WHY, fhir_base_url=f"http://127.0.0.1:{closed}/fhir")
    assert interrupted.code == 3
    assert "2 of 2 alerts still to be taken back" in interrupted.output

    said = withdraw(ward, "--resume")

    assert said.code == 0, said.output
    shown = [ward.shown(patient) for patient in patients]
    assert shown == [["Flag entered-in-error", "Task cancelled"]] * 2


def test_in_shadow_mode_nothing_is_taken_back(ward):
    patient = ward.admit()
    ward.sweep()

    said = withdraw(ward, "--all", *WHY, mode="shadow")

    assert said.code == 2
    assert ward.shown(patient) == ["Flag active", "Task requested"]


def test_a_pause_does_not_hinder_a_withdrawal_that_is_asked_for_with_its_own_word(ward):
    patient = ward.admit()
    ward.sweep()
    with ward.ledger() as ledger:
        ledger.switches.pause("looking", ward.clock.now())

    assert withdraw(ward, "--all", *WHY).code == 2
    assert withdraw(ward, "--all", *WHY, "--although-paused").code == 0
    assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]


def test_a_row_of_a_worklist_file_is_taken_back_by_the_channel_that_told_it(ward, tmp_path):
    ward.admit()
    file = str(tmp_path / "worklist")
    ward.sweep(delivery="worklist-file", worklist_file=file)
    assert (tmp_path / "worklist.ndjson").read_text()

    settings = ward.settings(worklist_file=file)
    names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id")
    given = {name: str(getattr(settings, name)) for name in names}
    said = boneflag("withdraw", "--all", *WHY, **given, worklist_file=file)

    assert said.code == 0, said.output
    assert (tmp_path / "worklist.ndjson").read_text() == ""
