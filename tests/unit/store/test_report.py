from __future__ import annotations

from .builders import NOW, begin, create, entry, keep, people, screening


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
    ledger.cohort.remember([], "code-search", NOW)
    assert ledger.report.counts().statuses == {}
