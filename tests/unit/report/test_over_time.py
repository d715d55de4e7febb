"""The programme over time, and what of each week or month may be shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.report.over_time import over_time
from service.screening.alert import AlertKind
from service.store.entries import EndedSweep, Milestone, ToldAlert

TODAY = date(2026, 11, 23)
MARCH, MAY = date(2026, 3, 10), date(2026, 5, 10)
BERLIN = ZoneInfo("Europe/Berlin")


def milestone(what, on, since=MARCH) -> Milestone:
    return Milestone(AlertKind.SCREENING, since, what, on)


def counted(milestones=(), told=(), sweeps=()):
    return over_time(list(milestones), told, list(sweeps), TODAY, BERLIN)


def told_on(day: date, kind: str = AlertKind.SCREENING) -> ToldAlert:
    return ToldAlert("a", kind, 1, day, is_closed=False)


def test_what_happened_counts_in_the_month_of_its_day():
    found = counted([milestone("done", MAY)] * 20 + [milestone("due", MARCH)] * 40)
    assert found.happened["done"]["2026-05"] == 20
    assert found.happened["due"]["2026-03"] == 40


@pytest.mark.parametrize(("number", "may_show"), [(7, None), (8, 10)])
def test_seven_in_a_month_are_hidden_and_eight_are_rounded(number, may_show):
    found = counted([milestone("done", MAY)] * number + [milestone("done", MARCH)] * 30)
    assert found.happened["done"]["2026-05"] == may_show


def test_a_month_is_hidden_too_where_a_hidden_one_could_be_computed_from_the_total():
    # Every other month is empty, and the total is known: 13 and 0 would say that nothing is hidden.
    found = counted([milestone("done", MAY)] * 13)
    assert found.happened["done"]["2026-05"] is None


def test_what_lies_before_the_first_month_still_counts_in_the_total():
    old = [milestone("done", date(2024, 1, 1), since=date(2023, 12, 1))] * 90
    found = counted([*old, *[milestone("done", MAY)] * 20])
    assert found.happened["done"]["2026-05"] == 20
    assert "earlier" not in found.happened["done"]


def test_alerts_of_the_treatment_gap_are_left_out():
    assert counted(told=[told_on(MAY, AlertKind.TREATMENT_GAP)] * 50).periods == ()


@pytest.mark.parametrize(("number", "may_show"), [(7, None), (8, 61.0)])
def test_a_median_of_seven_is_hidden(number, may_show):
    found = counted([milestone("done", MAY)] * number + [milestone("done", MARCH)] * 30)
    words = [p.word for p in found.periods]
    assert found.days_to_scan[words.index("2026-05")] == may_show
    assert found.days_to_order[words.index("2026-05")] is None


def test_a_median_is_hidden_where_its_count_is_hidden_for_what_it_would_tell():
    # 13 in all: a median would say that most of them, if not all, are of May.
    assert set(counted([milestone("done", MAY)] * 13).days_to_scan) == {None}


def sweep(at: datetime, due: int, **others: int) -> EndedSweep:
    found = {f"status {status.replace('_', '-')}": people for status, people in others.items()}
    return EndedSweep(at, "digest", {"status due": due, "given up": 3} | found)


def test_who_is_due_is_told_by_the_last_sweep_of_a_month():
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    sweeps = [sweep(at, 200), sweep(at + timedelta(days=9), 102), sweep(at + timedelta(days=90), 7)]
    found = counted(sweeps=sweeps)
    due = dict(zip([p.word for p in found.periods], found.due, strict=True))
    assert (due["2026-03"], due["2026-04"], due["2026-05"]) == (100, None, None)


def test_who_is_due_is_hidden_where_the_rest_of_a_sweep_could_be_computed_from_it():
    # 203 were judged, which is known: 205 would say that nobody is anything but due.
    at = datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert counted(sweeps=[sweep(at, 203)]).due == (None,)
    assert counted(sweeps=[sweep(at, 203, not_at_risk=50)]).due == (205,)


def test_a_sweep_belongs_to_the_day_at_the_hospital():
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # The first of April in Berlin.
    assert next(p.word for p in counted(sweeps=[sweep(late, 50)]).periods) == "2026-04"
