"""The lines of the worklist: who is on it, since when, and in which order."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision
from service.store.entries import AlertEntry, EntryState
from service.worklist.lines import in_words, wanted
from service.worklist.listing import worklist
from tests.lib.patients import condition, dxa_done, dxa_order, edss, icd, ms, woman
from tests.spec.book import AT, MARA, TODAY

from .builders import judged, keep, leave, of_status

NOTHING_ON_FILE = (woman(born="1986-06-01"), ms())
DUE = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-03-01"))
BY_DEFAULT = wanted([], everything=False)
EVERYTHING = wanted([], everything=True)
YESTERDAY, LAST_WEEK = date(2026, 11, 21), date(2026, 11, 15)


def lines(ledger, is_wanted=BY_DEFAULT, urgent_months=24, zone=UTC):
    return worklist(ledger, is_wanted, urgent_months, zone)


def listed(ledger, is_wanted=BY_DEFAULT, **options):
    return [(line.fhir_id, line.why) for line in lines(ledger, is_wanted, **options)]


# Who


def test_who_is_due_has_an_alert_and_is_not_listed(ledger):
    keep(ledger, "p1", judged(DUE))
    assert listed(ledger) == []


def test_who_is_due_is_listed_on_request(ledger):
    keep(ledger, "p1", judged(DUE))
    assert listed(ledger, EVERYTHING) == [("p1", "due")]


def test_who_asks_for_a_status_gets_every_reason_of_the_people_there(ledger):
    keep(ledger, "p1", judged(DUE, dxa_order(on="2026-01-01")))
    keep(ledger, "p2", judged(NOTHING_ON_FILE))
    asked = wanted(["due"], everything=False)
    assert listed(ledger, asked) == [("p1", "order-old"), ("p1", "due")]


def test_one_person_has_one_line_for_each_reason(ledger):
    keep(ledger, "p1", judged(woman(born="1986-06-01"), ms(), edss(65, on="2026-06-01")))
    assert listed(ledger) == [("p1", "data-gap"), ("p1", "chart-problem")]


def test_who_left_the_cohort_is_not_listed(ledger):
    keep(ledger, "p1", judged(NOTHING_ON_FILE))
    leave(ledger)
    assert listed(ledger) == []


def test_who_left_the_cohort_with_an_open_alert_is_still_looked_at(ledger):
    key = keep(ledger, "p1", of_status("not-in-cohort"))
    leave(ledger)
    ledger.alerts.remember(key, AN_ALERT, AT)
    assert listed(ledger) == [("p1", "alert-without-ms")]


def test_an_alert_that_is_closed_is_nothing_to_decide(ledger):
    key = keep(ledger, "p1", of_status("not-in-cohort"))
    ledger.alerts.remember(key, replace(AN_ALERT, state=EntryState.CLOSED), AT)
    assert listed(ledger) == []


AN_ALERT = AlertEntry(
    key="alert-1",
    kind=AlertKind.SCREENING,
    protocol_id="ms-bone-health",
    episode=1,
    state=EntryState.CONFIRMED,
    opened_on=TODAY,
    content_digest="content",
)


# Nobody could judge them


def give_up(ledger, fhir_id, since):
    """Mark somebody as waiting, and let their first and only attempt fail."""
    ledger.cohort.add([fhir_id], "code-search", since)
    key = ledger.cohort.keys_of([fhir_id])[fhir_id]
    run_id = ledger.runs.open("sweep", "shadow", "digest", since)
    ledger.pending.mark(run_id, [key], since)
    ledger.pending.hand_out(10, 10, since, since)
    assert ledger.pending.store_failure(key, run_id, "KeyError", since)


NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)


def test_a_chart_that_was_given_up_is_told_with_the_day_since_when(ledger):
    give_up(ledger, "p1", NIGHT)
    (line,) = lines(ledger)
    assert (line.why, line.status, line.since) == ("not-judged", "error", date(2026, 11, 20))
    assert line.judged_on is None
    assert line.look_at.endswith("KeyError")


def test_a_chart_is_given_up_on_the_hospitals_day(ledger):
    give_up(ledger, "p1", NIGHT)
    (line,) = lines(ledger, zone=ZoneInfo("America/Los_Angeles"))
    assert line.since == date(2026, 11, 19)


def test_a_chart_that_was_given_up_keeps_the_lines_of_its_last_judgement(ledger):
    keep(ledger, "p1", judged(NOTHING_ON_FILE, on=LAST_WEEK))
    give_up(ledger, "p1", NIGHT)
    found = lines(ledger)
    assert [(line.why, line.judged_on) for line in found] == [
        ("not-judged", LAST_WEEK),
        ("data-gap", LAST_WEEK),
    ]


def test_a_chart_that_was_given_up_is_told_once(ledger):
    keep(ledger, "p1", of_status("error"))
    give_up(ledger, "p1", NIGHT)
    assert listed(ledger) == [("p1", "not-judged")]


def test_a_chart_that_was_given_up_is_left_out_where_another_status_is_asked_for(ledger):
    give_up(ledger, "p1", NIGHT)
    assert listed(ledger, wanted(["due"], everything=False)) == []


def test_somebody_who_waits_for_a_further_attempt_is_not_listed(ledger):
    ledger.cohort.add(["p1"], "code-search", AT)
    key = ledger.cohort.keys_of(["p1"])["p1"]
    ledger.pending.mark(ledger.runs.open("sweep", "shadow", "digest", AT), [key], AT)
    assert listed(ledger) == []


# Since when


def test_a_reason_stands_since_the_first_day_on_which_it_was_found(ledger):
    first = judged(NOTHING_ON_FILE, on=LAST_WEEK)
    changed = replace(judged(NOTHING_ON_FILE, on=YESTERDAY), protocol_digest="another")
    keep(ledger, "p1", first, changed, replace(changed, on=TODAY, at=AT))
    (line,) = lines(ledger)
    assert (line.since, line.judged_on) == (LAST_WEEK, TODAY)


def test_a_reason_that_went_and_came_again_stands_since_it_came_again(ledger):
    gap, none = judged(NOTHING_ON_FILE, on=LAST_WEEK), judged(MARA, on=YESTERDAY)
    keep(ledger, "p1", gap, none, replace(gap, on=TODAY, at=AT))
    assert [line.since for line in lines(ledger)] == [TODAY]


def test_each_reason_of_one_person_has_its_own_day(ledger):
    before = judged(woman(born="1986-06-01"), ms(), on=LAST_WEEK)
    now = judged(woman(born="1986-06-01"), ms(), edss(65, on="2026-06-01"))
    keep(ledger, "p1", before, now)
    found = {line.why: line.since for line in lines(ledger)}
    assert found == {"data-gap": LAST_WEEK, "chart-problem": TODAY}


# How soon


OLDER = (woman(born="1976-06-01"), ms(), edss(2.0, on="2026-03-01"))


@pytest.mark.parametrize(
    ("day", "priority"),
    [("2024-11-23", "urgent"), ("2024-11-22", "urgent"), ("2024-11-21", "routine")],
    ids=["a day less than 24 months ago", "24 months ago", "a day more than 24 months ago"],
)
def test_a_matter_of_somebody_with_a_new_fracture_is_urgent(ledger, day, priority):
    fracture = condition(icd("S72.001A"), onset=day)
    keep(ledger, "p1", judged(OLDER, fracture, dxa_done(on="2026-01-01")))
    assert [(line.why, line.priority) for line in lines(ledger)] == [("result-missing", priority)]


def test_a_small_matter_of_somebody_with_a_new_fracture_is_not_urgent(ledger):
    fracture = condition(icd("S72.001A"), onset="2026-10-01")
    keep(ledger, "p1", judged(OLDER, fracture, edss(65, on="2026-06-01")))
    assert [(line.why, line.priority) for line in lines(ledger)] == [("chart-problem", "low")]


def test_nothing_is_urgent_where_the_protocol_has_no_fractures(ledger):
    fracture = condition(icd("S72.001A"), onset="2026-10-01")
    keep(ledger, "p1", judged(OLDER, fracture, dxa_done(on="2026-01-01")))
    assert [line.priority for line in lines(ledger, urgent_months=None)] == ["routine"]


def test_urgent_lines_come_first_and_the_oldest_of_one_reason_before_the_others(ledger):
    fracture = condition(icd("S72.001A"), onset="2026-10-01")
    keep(ledger, "low", judged(NOTHING_ON_FILE))
    keep(ledger, "new", judged(DUE, dxa_done(on="2026-01-01")))
    keep(ledger, "old", judged(DUE, dxa_done(on="2026-01-01"), on=LAST_WEEK))
    keep(ledger, "urgent", judged(OLDER, fracture, dxa_done(on="2026-01-01")))
    assert [line.fhir_id for line in lines(ledger)] == ["urgent", "old", "new", "low"]


# In words


def test_at_most_six_facts_are_told_the_newest_ones():
    said = in_words("Look", [f"fact {n}" for n in range(1, 9)])
    assert said == "Look: fact 3; fact 4; fact 5; fact 6; fact 7; fact 8; and 2 more"


def test_six_facts_are_told_whole():
    assert "more" not in in_words("Look", [f"fact {n}" for n in range(6)])


def test_what_a_reader_should_know_stands_beside_each_line(ledger):
    palliative = condition(icd("Z51.5"), recorded="2026-01-01")
    keep(ledger, "p1", judged(DUE, dxa_done(on="2026-01-01"), palliative))
    (line,) = lines(ledger)
    assert line.note.startswith("Palliative care is on file")


def test_a_no_says_until_when_it_holds(ledger):
    key = keep(ledger, "p1", of_status("snoozed"))
    said = Decision("snoozed", date(2026, 10, 1), date(2027, 10, 1), "Task rejected")
    lapsed = Decision("snoozed", date(2024, 10, 1), date(2025, 10, 1), "Task rejected")
    ledger.decisions.remember(key, [said, lapsed])
    assert [line.look_at for line in lines(ledger, EVERYTHING)] == [
        "Somebody said no, which holds until 2027-10-01"
    ]


def test_a_no_without_an_end_by_date_says_so(ledger):
    key = keep(ledger, "p1", of_status("snoozed"))
    said = Decision("snoozed", date(2026, 10, 1), NO_END, "patient-contraindication")
    ledger.decisions.remember(key, [said])
    assert [line.look_at for line in lines(ledger, EVERYTHING)] == [
        "Somebody said no, which has no end by date"
    ]


def test_what_the_hospital_withdrew_is_no_no_of_the_patient(ledger):
    key = keep(ledger, "p1", of_status("declined"))
    no = Decision("declined", date(2026, 10, 1), NO_END, "withdrawn", code=BY_HOSPITAL)
    ledger.decisions.remember(key, [no])
    assert [line.look_at for line in lines(ledger, EVERYTHING)] == [
        "The hospital withdrew its alert, which has no end by date"
    ]


def test_a_no_to_the_treatment_gap_says_nothing_of_the_screening_alert(ledger):
    key = keep(ledger, "p1", of_status("snoozed"))
    said = Decision("snoozed", date(2026, 10, 1), NO_END, "x", about="osteoporosis-treatment-gap")
    ledger.decisions.remember(key, [said])
    assert [line.look_at for line in lines(ledger, EVERYTHING)] == ["Somebody said no"]


def test_a_no_that_stands_in_the_chart_is_told_without_a_span(ledger):
    keep(ledger, "p1", of_status("declined"))
    assert [line.look_at for line in lines(ledger, EVERYTHING)] == ["The patient said no"]


def test_a_silent_repr_shows_nobody(ledger):
    keep(ledger, "p1", judged(NOTHING_ON_FILE))
    (line,) = lines(ledger)
    assert "p1" not in repr(line)
