"""What would change the answer, with time alone and with one more fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.screening.assess import Status, assess, with_decisions
from service.screening.decision import BY_HOSPITAL
from service.screening.decision_meaning import WRONG_DIAGNOSIS
from service.screening.outlook import coming_changes, what_would_change
from service.screening.record import Decision
from tests.lib.patients import (
    bmi,
    concept,
    condition,
    dxa,
    dxa_done,
    dxa_order,
    edss,
    icd,
    man,
    ms,
    ordered,
    vitamin_d,
    woman,
)
from tests.spec.book import MARA, TODAY, thought_about

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-01-01"))


def to_come(*chart, unread=()):
    thought, protocol = thought_about(*chart, unread=unread)
    changes = coming_changes(thought.record, protocol, thought.assessment)
    return [(str(c.on), str(c.status), c.because) for c in changes]


def sentences(*chart, unread=(), withheld=()):
    thought, _ = thought_about(*chart, unread=unread, withheld=withheld)
    return " ".join(what_would_change(thought.assessment))


def test_an_interval_that_ends_makes_somebody_due_on_its_last_day():
    chart = (*ANNA, dxa(t=-0.5, on="2025-05-01"))
    changes = to_come(*chart)
    assert [c[:2] for c in changes] == [("2027-03-02", "due-soon"), ("2027-05-01", "due")]


def test_a_birthday_is_found_to_the_day():
    born = man(born="1957-02-14")
    assert to_come(born, ms(), edss(2.0, on="2026-03-01")) == [("2027-02-14", "due", ("MSO-13",))]


def test_a_refusal_that_lapses_makes_somebody_due_again():
    no = dxa_done(on="2026-08-22", status="not-done", statusReason=concept(icd("Z53.20")))
    assert to_come(*ANNA, no)[0][:2] == ("2027-08-22", "due")


def test_an_order_that_grows_old_makes_somebody_due_again():
    assert to_come(*ANNA, dxa_order(on="2026-11-01"))[0][:2] == ("2027-05-02", "due")


def test_who_has_nothing_running_has_nothing_to_come():
    assert to_come(*MARA) == []


def test_the_chart_is_judged_only_after_the_day_of_the_assessment():
    thought, protocol = thought_about(*ANNA)
    assert all(c.on > TODAY for c in coming_changes(thought.record, protocol, thought.assessment))


def test_one_more_minor_from_another_domain_is_named():
    said = sentences(*MARA, bmi(19.0, on="2026-03-01"))
    assert "One more MINOR criterion from another domain than weight would make it due." in said
    assert "One MAJOR criterion would do so too." in said


def test_with_nothing_met_two_domains_are_asked_for():
    assert "2 MINOR criteria, each from another domain, would make it due." in sentences(*MARA)


def test_an_unknown_criterion_that_would_decide_is_named():
    steroid = ordered("prednisone", on="2026-03-01", since="2026-03-01")
    assert "MSO-08 (Sustained glucocorticoid) is unknown; if it were met" in sentences(
        *MARA, steroid
    )


def test_an_unknown_criterion_that_would_not_decide_is_not_named():
    assert "MSO-11" not in sentences(*MARA, vitamin_d(25, None, on="2026-03-01"))


def test_what_a_due_person_rests_on_is_named():
    assert "Without MSO-02 (EDSS 6.0 or more) it would not be due." in sentences(*ANNA)
    both = sentences(*ANNA, bmi(17.0, on="2026-03-01"))
    assert "Without" not in both


@pytest.mark.parametrize(
    ("chart", "unread", "words"),
    [
        ((woman(born="1986-06-01"),), (), "A confirmed diagnosis of MS"),
        ((woman(born="1986-06-01", deceasedBoolean=True), *ANNA[1:]), (), "EXCL-1"),
        (ANNA, ("Procedure",), "Procedure could not be read"),
        ((woman(born=None), *ANNA[1:]), (), "A birth date is needed."),
        ((woman(born="1986-06-01"), ms()), (), "Any usable record of EDSS"),
        ((*ANNA, dxa_done(on="2026-01-01", status="oops")), (), "must be clear first"),
        ((*ANNA, condition(icd("M81.0"))), (), "A therapy on file would close"),
        ((*ANNA, dxa(t=-0.5, on="2026-05-01")), (), "ends on 2028-05-01"),
        (
            (*ANNA, condition(icd("M81.0")), ordered("alendronate 70 mg", on="2026-10-01")),
            (),
            "the treatment gap opens",
        ),
        (
            (*ANNA, dxa_done(on="2026-08-22", status="not-done",
                             statusReason=concept(icd("Z53.20")))),
            (),
            "The decision of 2026-08-22 stands",
        ),
        ((*ANNA, dxa_order(on="2026-11-01")), (), "A result would satisfy it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_status_says_what_would_change_it(chart, unread, words):
    assert words in sentences(*chart, unread=unread)


@pytest.mark.parametrize(
    ("code", "says", "does_a_fracture_end_it"),
    [
        ("limited-time", "stands until it lapses", True),
        (WRONG_DIAGNOSIS, "A new confirmed diagnosis of MS", False),
        (BY_HOSPITAL, "until the hospital takes it back", False),
    ],
)
def test_a_no_says_what_ends_it(code, says, does_a_fracture_end_it):
    thought, protocol = thought_about(*ANNA)
    no = Decision("declined", date(2026, 10, 1), date(2027, 10, 1), code, code=code)
    assessment = assess(with_decisions(thought.record, (no,)), protocol, TODAY)
    said = " ".join(what_would_change(assessment))
    assert says in said
    assert ("fracture" in said) is does_a_fracture_end_it


def test_a_no_that_nobody_kept_has_no_day():
    thought, _ = thought_about(*ANNA)
    said = what_would_change(replace(thought.assessment, status=Status.SNOOZED))
    assert said == ("The decision stands until it lapses or is broken through.",)


def test_a_chart_that_could_not_be_judged_says_where_to_look():
    thought, protocol = thought_about(*ANNA)
    failed = assess(replace(thought.record, is_unreadable=True), protocol, date(2026, 11, 22))
    assert "could not be judged" in " ".join(what_would_change(failed))


def test_a_type_that_was_withheld_is_named_where_it_may_speak_against_an_alert():
    assert "ServiceRequest was withheld of this person" in sentences(
        *ANNA, withheld=("ServiceRequest",)
    )


def test_a_type_that_was_withheld_is_not_named_where_it_could_only_speak_for_an_alert():
    said = sentences(*ANNA, withheld=("ServiceRequest", "FamilyMemberHistory"))

    assert "FamilyMemberHistory" not in said
