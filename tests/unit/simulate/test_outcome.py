"""Two protocols on one person: now, and on the first of each coming month."""

from dataclasses import replace
from datetime import date

import pytest

from service.screening.assess import Status
from service.screening.criterion import Grade, Verdict
from service.screening.record import PatientRecord, When
from service.simulate.outcome import months_ahead, outcome

from .builders import ON, PATIENT, assessment, finding

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
RECORD = PatientRecord(
    patient=PATIENT, birth=When(date(1980, 5, 1), date(1980, 5, 1)), sex="female"
)


def always(status, *findings):
    return lambda day: assessment(status, *findings, on=day)


def due_from(day, before=Status.NOT_AT_RISK):
    return lambda on: assessment(Status.DUE if on >= day else before, on=on)


def judged(today, changed):
    return outcome(RECORD, today, changed, ON, (0, 0))


def test_what_either_protocol_could_not_read_is_kept_with_the_person():
    def blind_to(*types):
        return lambda day: replace(assessment(Status.DUE, on=day), unread=frozenset(types))

    assert judged(blind_to("Device"), blind_to("Device", "Procedure")).unread == {
        "Device",
        "Procedure",
    }


def test_sex_and_age_band_are_those_of_the_day():
    found = judged(always(Status.DUE), always(Status.DUE))
    assert (found.sex, found.age_band) == ("female", "40-49")


def test_due_by_the_changed_protocol_alone_is_newly_due():
    found = judged(always(Status.NOT_AT_RISK), always(Status.DUE))
    assert (found.is_newly_due, found.is_no_longer_due) == (True, False)


def test_due_by_todays_protocol_alone_is_no_longer_due():
    found = judged(always(Status.DUE), always(Status.EXCLUDED))
    assert (found.is_newly_due, found.is_no_longer_due) == (False, True)


@pytest.mark.parametrize("status", Status)
def test_the_same_status_by_both_is_neither(status):
    found = judged(always(status), always(status))
    assert not found.is_newly_due
    assert not found.is_no_longer_due


def test_a_criterion_met_by_one_protocol_alone_made_the_difference():
    one = always(Status.DUE, finding("MSO-11", MET), finding("MSO-13", MET))
    other = always(Status.NOT_AT_RISK, finding("MSO-11", NOT_MET), finding("MSO-13", MET))
    assert judged(one, other).differing == ("MSO-11",)


def test_a_criterion_met_in_another_grade_made_the_difference():
    one = always(Status.NOT_AT_RISK, finding("MSO-10", MET, Grade.MINOR))
    other = always(Status.DUE, finding("MSO-10", MET, Grade.MAJOR))
    assert judged(one, other).differing == ("MSO-10",)


def test_a_criterion_that_is_off_adds_as_little_as_one_that_is_not_met():
    off = always(Status.NOT_AT_RISK)
    assert judged(always(Status.DUE, finding("MSO-09", MET)), off).differing == ("MSO-09",)
    assert judged(always(Status.DUE, finding("MSO-09", NOT_MET)), off).differing == ()


def test_unknown_instead_of_not_met_adds_nothing():
    one = always(Status.DUE, finding("MSO-11", UNKNOWN))
    other = always(Status.DUE, finding("MSO-11", NOT_MET))
    assert judged(one, other).differing == ()


def test_the_coming_months_begin_on_their_first_days_and_go_over_the_year():
    months = months_ahead(ON)
    assert len(months) == 12
    assert (months[0], months[1], months[-1]) == (
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 11, 1),
    )


def test_on_the_first_of_a_month_the_next_month_is_the_first():
    assert months_ahead(date(2026, 11, 1))[0] == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("first_due_day", "month"),
    [
        (date(2026, 11, 23), 0),
        (date(2026, 12, 1), 0),
        (date(2026, 12, 2), 1),
        (date(2027, 11, 1), 11),
        (date(2027, 11, 2), None),
    ],
)
def test_somebody_becomes_due_in_the_first_month_that_finds_them_so(first_due_day, month):
    found = judged(due_from(first_due_day), always(Status.NOT_AT_RISK))
    assert found.today.due_in == month


@pytest.mark.parametrize("status", [Status.DUE, Status.ORDERED_WAITING, Status.NOT_IN_COHORT])
def test_who_has_a_place_already_or_no_diagnosis_is_not_looked_at_again(status):
    found = judged(due_from(date(2026, 12, 1), before=status), always(status))
    assert found.today.due_in is None


def test_no_person_stands_in_what_is_printed_of_an_outcome():
    assert "p1" not in repr(judged(always(Status.DUE), always(Status.DUE)))
