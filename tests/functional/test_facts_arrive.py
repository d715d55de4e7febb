"""What each new fact does to an alert, over real HTTP: one test for each row of the plan table."""

import pytest

from service.demo_ehr.arrivals import (
    a_diagnosis_is_refuted,
    a_dxa_arrives,
    a_fracture_arrives,
    a_refusal_arrives,
)
from service.demo_ehr.story import Person, ordinary
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy  # A hospital and many sweeps.


def told(ward, tell=due):
    """Somebody who is due and was told of by a sweep."""
    fhir_id = ward.admit(tell)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Flag active", "Task requested"]
    return fhir_id


def test_somebody_who_becomes_due_is_told_of_by_the_next_poll(ward):
    fhir_id = ward.admit(fine)
    ward.sweep()
    before = ward.shown(fhir_id)

    ward.load(a_fracture_arrives(fhir_id, ward.clock.today()))
    ward.poll()

    assert (before, ward.shown(fhir_id)) == ([], ["Flag active", "Task requested"])


def test_a_dxa_that_arrives_resolves_flag_and_task(ward):
    fhir_id = told(ward)

    ward.load(a_dxa_arrives(fhir_id, ward.clock.today()))
    ward.poll()

    (flag,), (task,) = ward.ours("Flag", fhir_id), ward.ours("Task", fhir_id)
    assert (flag["status"], flag["period"]["end"]) == ("inactive", str(ward.clock.today()))
    assert task["status"] == "completed"


def test_a_task_that_a_person_accepted_is_completed_by_us_when_the_dxa_is_there(ward):
    fhir_id = told(ward)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="accepted")

    ward.load(a_dxa_arrives(fhir_id, ward.clock.today()))
    ward.poll()

    assert ward.shown(fhir_id) == ["Flag inactive", "Task completed"]


def test_a_refusal_takes_the_flag_down_and_leaves_the_task_as_it_was(ward):
    fhir_id = told(ward)

    ward.load(a_refusal_arrives(fhir_id, ward.clock.today()))
    ward.poll()

    assert ward.status(fhir_id) == "declined"
    assert ward.shown(fhir_id) == ["Flag inactive", "Task requested"]


def test_the_task_after_a_refusal_is_watched_on_when_the_person_leaves_the_group(ward):
    ward.admit(fine)  # A Group without a single member is not taken for an answer.
    fhir_id = told(ward)
    ward.load(a_refusal_arrives(fhir_id, ward.clock.today()))
    ward.poll()
    ward.discharge(fhir_id)
    ward.sweep()

    ward.load([ward.charts[fhir_id].resources[0] | {"deceasedBoolean": True}])
    ward.sweep()

    assert ward.shown(fhir_id) == ["Flag inactive", "Task cancelled"]


def test_a_refuted_diagnosis_withdraws_flag_and_task(ward):
    fhir_id = told(ward)
    person = Person(fhir_id, "", "", (), ward.charts[fhir_id].resources)

    ward.load(a_diagnosis_is_refuted(person))
    ward.poll()

    assert ward.shown(fhir_id) == ["Flag entered-in-error", "Task cancelled"]


def test_a_death_closes_the_alert(ward):
    fhir_id = told(ward)
    patient = ward.charts[fhir_id].resources[0]

    ward.load([patient | {"deceasedDateTime": str(ward.clock.today())}])
    ward.poll()

    assert ward.shown(fhir_id) == ["Flag inactive", "Task cancelled"]


def test_who_leaves_the_group_keeps_the_alert_and_is_still_read(ward):
    ward.admit(fine)  # A Group without a single member is not taken for an answer.
    fhir_id = told(ward)
    ward.discharge(fhir_id)

    ward.sweep()
    kept = ward.shown(fhir_id)
    ward.load(a_dxa_arrives(fhir_id, ward.clock.today()))
    ward.sweep()

    assert kept == ["Flag active", "Task requested"]
    assert ward.shown(fhir_id) == ["Flag inactive", "Task completed"]


def test_a_rejected_task_takes_the_flag_down_and_nothing_new_comes_for_twelve_months(ward):
    fhir_id = told(ward)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected")

    ward.sweep()
    after = ward.shown(fhir_id)
    ward.clock.advance(days=360)
    ward.sweep()

    assert after == ["Flag inactive", "Task rejected"]
    assert ward.shown(fhir_id) == after
    assert ward.status(fhir_id) == "snoozed"


def test_a_rejected_task_lapses_after_twelve_months_into_a_new_episode(ward):
    fhir_id = told(ward)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected")
    ward.sweep()

    ward.clock.advance(days=367)
    ward.sweep()

    assert sorted(ward.shown(fhir_id)) == [
        "Flag active",
        "Flag inactive",
        "Task rejected",
        "Task requested",
    ]


def test_a_rejected_task_that_is_taken_up_again_takes_the_no_back(ward):
    fhir_id = told(ward)
    task = ward.ours("Task", fhir_id)[0]
    ward.person_sets(task, status="rejected")
    ward.sweep()

    ward.person_sets(task, status="requested")
    ward.sweep()

    assert ward.status(fhir_id) == "due"
    assert ward.shown(fhir_id) == ["Flag active", "Task requested"]


def test_a_hip_fracture_breaks_through_a_no(ward):
    def old_enough(chart):
        ordinary(chart, "female", 66, edss=6.5)

    fhir_id = told(ward, old_enough)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected")
    ward.sweep()

    ward.clock.advance(days=30)
    ward.load(a_fracture_arrives(fhir_id, ward.clock.today()))
    ward.sweep()

    assert "Flag active" in ward.shown(fhir_id)


def test_a_no_to_the_treatment_gap_is_not_taken_for_a_no_to_screening(ward):
    """The ledger keeps it as what it is: a no to the gap."""

    def untreated(chart):
        from service.demo_ehr import codes
        from service.demo_ehr.dates import months_before
        from service.demo_ehr.diagnoses import add_condition

        ordinary(chart, "female", 62)
        add_condition(chart, codes.OSTEOPOROSIS, recorded=months_before(chart.on, 20))

    fhir_id = ward.admit(untreated)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Task requested"]
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected")
    ward.sweep()

    with ward.ledger() as ledger:
        key = ledger.cohort.keys_of([fhir_id])[fhir_id]
        remembered = ledger.decisions.of([key])

    assert ward.status(fhir_id) == "result-needs-action"
    assert [decision.about for decision in remembered[key]] == ["osteoporosis-treatment-gap"]


def test_a_poll_writes_nothing_for_people_of_whom_nothing_changed(ward):
    told(ward)
    ward.sweep()
    ward.proxy.forget()

    ward.poll()

    assert ward.proxy.writes == []


@pytest.mark.parametrize("answer", ["changed by a person", "deleted by a person"])
def test_an_alert_that_a_person_touched_is_neither_overwritten_nor_made_again(ward, answer):
    fhir_id = told(ward)
    (flag,) = ward.ours("Flag", fhir_id)
    (task,) = ward.ours("Task", fhir_id)
    if answer == "changed by a person":
        ward.person_sets(task, description="Call her daughter first")
    else:
        ward.person_deletes(flag)
    ward.proxy.forget()

    ward.sweep()

    assert ward.proxy.writes == []
