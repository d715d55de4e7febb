"""Who a Patient became, the reads that lead there, and the alerts of both records."""

from dataclasses import replace
from datetime import date

import pytest

from service.ehr.alert_history import NO_MEMORY, AlertHistory
from service.ehr.alert_state import Remembered
from service.ehr.errors import EHRMisunderstood
from service.ehr.merged import merged_stub, survivor_of
from service.ehr.merged_alerts import as_one
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.record import Decision, ResourceRef
from tests.lib.wire import Wire, answer, outcome, resource

# Records


def linked(type_="replaced-by", reference="Patient/b"):
    return resource("Patient", "a", link=[{"type": type_, "other": {"reference": reference}}])


def test_the_record_that_replaced_another_is_named_by_its_link():
    assert survivor_of(linked()) == "b"


@pytest.mark.parametrize("type_", ["replaces", "refer", "seealso"])
def test_other_links_lead_nowhere(type_):
    assert survivor_of(linked(type_)) is None


@pytest.mark.parametrize("reference", ["RelatedPerson/b", "#p", "Patient/a"])
def test_a_link_to_no_other_patient_leads_nowhere(reference):
    assert survivor_of(linked(reference=reference)) is None


def test_what_stands_for_a_record_that_is_not_shown_names_the_one_that_is():
    assert survivor_of(merged_stub("a", "b")) == "b"


# Reads


def moved(location, status=301):
    return answer(outcome("fatal", "processing", "4107"), status, Location=location)


@pytest.mark.parametrize(
    "location", ["Patient/b", "/fhir/Patient/b", "https://ehr.example.org/fhir/Patient/b"]
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_read_of_a_merged_patient_is_followed_to_the_one_that_stands(location, status):
    location = location.replace("Patient/b", "b") if location == "Patient/b" else location
    wire = Wire([moved(location, status), answer(resource("Patient", "b"))])

    assert wire.client().read("Patient", "a").resource["id"] == "b"
    assert wire.sent == ["GET /Patient/a", "GET /Patient/b"]


@pytest.mark.parametrize(
    "location", ["https://elsewhere.example/Patient/b", "http://ehr.example.org/fhir/Patient/b"]
)
def test_a_read_is_never_followed_to_another_origin(location):
    wire = Wire([moved(location)])

    with pytest.raises(EHRMisunderstood) as error:
        wire.client().read("Patient", "a")

    assert len(wire.requests) == 1
    assert "Patient/b" not in str(error.value)


def test_a_read_is_followed_once():
    wire = Wire([moved("/fhir/Patient/b"), moved("/fhir/Patient/c")])

    with pytest.raises(EHRMisunderstood):
        wire.client().read("Patient", "a")


def test_only_patients_are_followed():
    wire = Wire([moved("/fhir/Flag/b")])

    with pytest.raises(EHRMisunderstood):
        wire.client().read("Flag", "a")


# Alerts


def posted(key, state=AlertState.ACTIVE, opened=1, kind=AlertKind.SCREENING, episode=1):
    flag = PostedResource(ResourceRef("Flag", f"flag-{key}"), "active", "1")
    return PostedAlert(key, kind, episode, state, date(2026, 1, opened), "digest", flag=flag)


def together(*alerts, memory=NO_MEMORY):
    return as_one([AlertHistory((alert,)) for alert in alerts], memory)


def with_task(alert, status):
    return replace(alert, task=PostedResource(ResourceRef("Task", alert.key), status, "1"))


def keys(history):
    return [alert.key for alert in history.posted]


def test_of_two_open_alerts_about_one_person_the_older_stays_and_the_other_is_spare():
    history = together(posted("new", opened=9, episode=2), posted("old", opened=1))

    assert keys(history) == ["old"]
    assert [d.ref.id for d in history.duplicates] == ["flag-new"]


def test_an_alert_that_a_person_touched_stays_before_an_older_one():
    history = together(
        posted("old", opened=1), posted("touched", AlertState.CHANGED, opened=9, episode=2)
    )

    assert keys(history) == ["touched"]


def test_what_people_touched_under_both_records_is_never_spare():
    touched = posted("1", AlertState.CHANGED), posted("2", AlertState.CHANGED, episode=2)

    assert together(*touched).duplicates == ()


@pytest.mark.parametrize("state", [AlertState.RESOLVED, AlertState.DISMISSED, AlertState.WITHDRAWN])
def test_an_alert_that_is_over_is_never_spare(state):
    history = together(posted("open"), posted("over", state, episode=2))

    assert keys(history) == ["open", "over"]


def test_alerts_of_two_kinds_stand_beside_each_other():
    assert together(posted("1"), posted("2", kind=AlertKind.TREATMENT_GAP)).duplicates == ()


def test_two_open_alerts_of_one_record_are_one_too_many_as_well():
    history = as_one([AlertHistory((posted("old"), posted("new", opened=9, episode=2)))])

    assert keys(history) == ["old"]
    assert [alert.key for alert in history.spare] == ["new"]


@pytest.mark.parametrize("status", ["accepted", "in-progress", "received", "ready"])
def test_an_alert_whose_task_somebody_took_up_stays_before_an_older_one(status):
    taken_up = with_task(posted("taken-up", opened=9, episode=2), status)

    assert keys(together(posted("old"), taken_up)) == ["taken-up"]


def test_tasks_that_two_people_took_up_are_both_left_to_them():
    tasks = (with_task(posted(key, episode=n), "accepted") for n, key in enumerate("ab", 1))

    assert together(*tasks).duplicates == ()


def test_of_two_that_nobody_took_up_the_one_whose_version_is_not_ours_stays():
    memory = {"new": Remembered(flag_version="0"), "old": Remembered(flag_version="1")}

    history = together(posted("old"), posted("new", opened=9, episode=2), memory=memory)

    assert keys(history) == ["new"]


def test_a_message_is_never_spare_for_it_cannot_be_taken_back():
    message = replace(posted("message", opened=9, episode=2), flag=None)

    assert keys(together(posted("flag"), message)) == ["flag", "message"]


def test_a_no_said_under_either_record_is_heard():
    said = Decision("declined", date(2026, 1, 1), date(2027, 1, 1), "no")
    first = AlertHistory(decisions={AlertKind.SCREENING: (said,)})
    second = AlertHistory(decisions={AlertKind.SCREENING: (replace(said, reason="later"),)})

    assert len(as_one([first, second]).decisions[AlertKind.SCREENING]) == 2
