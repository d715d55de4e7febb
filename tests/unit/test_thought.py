"""Step 4 of the line: what decisions count, and what an unreadable alert list means."""

from dataclasses import replace
from datetime import date

from service.ehr.alert_history import AlertHistory
from service.ehr.parse import RecordParser
from service.screening.alert import Action, AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.protocol import packaged_protocol
from service.screening.record import Decision, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.thought import blind, decisions_in, think

ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
TASK = ResourceRef("Task", "t1")


def a_record(unread=()):
    """Somebody with MS and an EDSS of 6.5."""
    snomed = "http://snomed.info/sct"
    confirmed = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    resources = {
        "Patient": [
            {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1981-01-01"}
        ],
        "Condition": [
            {
                "resourceType": "Condition",
                "id": "c1",
                "subject": {"reference": "Patient/p1"},
                "verificationStatus": {"coding": [{"system": confirmed, "code": "confirmed"}]},
                "code": {"coding": [{"system": snomed, "code": "24700007"}]},
                "recordedDate": "2020-01-01",
            }
        ],
        "Observation": [
            {
                "resourceType": "Observation",
                "id": "o1",
                "status": "final",
                "subject": {"reference": "Patient/p1"},
                "code": {"coding": [{"system": snomed, "code": "273554001"}]},
                "effectiveDateTime": "2026-09-01",
                "valueQuantity": {"value": 6.5},
            }
        ],
    }
    return RecordParser(VOCABULARY).record("p1", resources, unread=unread)


def a_decision(source=TASK, about=AlertKind.SCREENING):
    return Decision("snoozed", date(2026, 9, 1), date(2027, 9, 1), "Task rejected", source, about)


def thought_of(alerts=AlertHistory(), decisions=()):  # noqa: B008 - frozen
    return think(a_record(), alerts, PROTOCOL, ON, site="here", decisions=decisions)


def shown(state, status, decisions=()):
    """One alert as the EHR shows it, with what was decided about it."""
    task = PostedResource(TASK, status, "2")
    posted = PostedAlert("key", AlertKind.SCREENING, 1, state, ON, "digest", None, task)
    return AlertHistory((posted,), (), {AlertKind.SCREENING: tuple(decisions)})


def test_somebody_who_is_due_is_to_be_told_of():
    thought = thought_of()

    assert (thought.assessment.status, thought.plan.action) == ("due", Action.CREATE)
    assert thought.plans == (thought.plan,)


def test_a_decision_that_only_the_ledger_remembers_still_stands():
    assert thought_of(decisions=[a_decision()]).assessment.status == "snoozed"
    assert thought_of(decisions=[a_decision(source=None)]).assessment.status == "snoozed"


def test_a_decision_whose_task_the_ehr_shows_taken_up_again_does_not_stand():
    taken_up = shown(AlertState.ACTIVE, "requested")

    assert thought_of(taken_up, [a_decision()]).assessment.status == "due"


def test_a_decision_on_a_task_that_we_withdrew_afterwards_still_stands():
    withdrawn = shown(AlertState.WITHDRAWN, "cancelled")

    assert thought_of(withdrawn, [a_decision()]).assessment.status == "snoozed"


def test_a_decision_that_the_ehr_still_shows_stands():
    rejected = shown(AlertState.DISMISSED, "rejected", [a_decision()])

    assert thought_of(rejected, [a_decision()]).assessment.status == "snoozed"


def test_a_decision_read_back_is_about_the_kind_of_alert_that_it_was_said_to():
    history = AlertHistory(decisions={AlertKind.TREATMENT_GAP: (a_decision(),)})

    (decision,) = decisions_in(history)

    assert decision.about == "osteoporosis-treatment-gap"


def test_nothing_is_planned_where_our_alerts_could_not_be_read():
    plans = blind(thought_of()).plans

    assert [(plan.action, plan.alert) for plan in plans] == [(Action.KEEP, None)]


def test_the_sources_that_a_row_tells_are_those_of_the_text():
    (plan,) = [p for p in thought_of().plans if p.kind is AlertKind.SCREENING]
    cited = [line for line in plan.alert.detail.splitlines() if "Source: " in line]
    assert cited
    assert {f"  Source: {citation}" for citation in plan.alert.citations} == set(cited)


def test_the_unknown_that_a_row_tells_is_that_of_the_text():
    thought = think(a_record(["FamilyMemberHistory"]), AlertHistory(), PROTOCOL, ON, site="here")
    (plan,) = [p for p in thought.plans if p.kind is AlertKind.SCREENING]
    _, _, below = plan.alert.detail.partition("\nNot known:\n")
    lines = below.partition("\n\n")[0].splitlines()
    assert lines
    assert [f"- {told}" for told in plan.alert.unknown] == lines


def first_said(shown_now, remembered):
    rejected = shown(AlertState.DISMISSED, "rejected", [shown_now])
    (said,) = thought_of(rejected, [remembered]).said
    return said


def test_a_note_on_a_rejected_task_does_not_prolong_the_no():
    said = first_said(replace(a_decision(), made_on=date(2026, 11, 1)), a_decision())
    assert (said.made_on, said.until) == (date(2026, 9, 1), date(2027, 9, 1))


def test_a_no_keeps_the_version_and_the_person_of_the_day_on_which_it_was_first_seen():
    remembered = replace(a_decision(), protocol_version="0.1.0", decided_by="Practitioner/7")
    said = first_said(replace(a_decision(), made_on=date(2026, 11, 1)), remembered)
    assert (said.protocol_version, said.decided_by) == ("0.1.0", "Practitioner/7")


def test_a_no_that_is_said_again_after_it_lapsed_is_a_new_one():
    lapsed = replace(a_decision(), made_on=date(2025, 1, 1), until=date(2026, 1, 1))
    assert first_said(a_decision(), lapsed).made_on == date(2026, 9, 1)


def test_another_answer_on_the_same_task_is_a_new_one():
    held = replace(a_decision(), reason="Task on-hold", made_on=date(2026, 8, 1))
    assert first_said(a_decision(), held).made_on == date(2026, 9, 1)
