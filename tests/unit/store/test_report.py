from __future__ import annotations

from service.store.entries import Stored

from .builders import NOW, begin, create, entry, keep, people, screening, take


def test_everybody_is_counted_where_they_stand(ledger):
    first, second, third = people(ledger, "p1", "p2", "p3")
    ledger.cohort.register(["stranger"], "screen", NOW)
    run_id = begin(ledger, [first, second, third])
    ledger.screenings.store(screening(first, run_id, create(), status="due"), NOW)
    ledger.screenings.store(screening(second, run_id, keep(), status="satisfied"), NOW)
    ledger.alerts.remember(second, entry("a2"), NOW)
    counts = ledger.report.counts()
    assert (counts.known, counts.in_cohort, counts.waiting, counts.given_up) == (4, 3, 1, 0)
    assert counts.statuses == {"due": 1, "satisfied": 1}
    assert counts.plans == {("planned", "create"): 1}
    assert counts.alerts == {
        ("ms-bone-health-review", "planned"): 1,
        ("ms-bone-health-review", "confirmed"): 1,
    }


def test_the_status_of_somebody_who_left_the_cohort_is_not_counted(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger), keep()), NOW)
    take(ledger, [], at=NOW)
    assert ledger.report.counts().statuses == {}


def test_everybody_judged_is_given_with_sex_band_day_and_what_is_counted_of_findings(ledger):
    (key,) = people(ledger, "p1")
    options = {"sex": "male", "age_band": "40-49", "in_short": "MSO-02 MSO-11? at-risk"}
    ledger.screenings.store(screening(key, begin(ledger, [key]), keep(), **options), NOW)
    (person,) = ledger.report.judged()
    assert (person.status, person.sex, person.age_band) == ("due", "male", "40-49")
    assert (person.on, person.protocol_digest, person.patient_key) == (NOW.date(), "digest", key)
    assert person.in_short == {"MSO-02", "MSO-11?", "at-risk"}


def test_what_is_counted_is_written_anew_by_a_quiet_night(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger, [key]), keep()), NOW)
    again = screening(key, begin(ledger, [key]), keep(), in_short="MSO-02")
    assert ledger.screenings.store(again, NOW) is Stored.UNCHANGED
    assert next(ledger.report.judged()).in_short == {"MSO-02"}


def test_nobody_is_given_who_left_the_cohort_or_was_never_judged(ledger):
    gone, _ = people(ledger, "p1", "p2")
    ledger.screenings.store(screening(gone, begin(ledger), keep()), NOW)
    take(ledger, ["p2"], at=NOW)
    assert list(ledger.report.judged()) == []
