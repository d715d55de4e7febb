"""How fast this hospital lets us ask, by its own clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from service.ehr.pace import BusyHours, Pace, busy_hours_in

BERLIN = ZoneInfo("Europe/Berlin")
BUSY = BusyHours(time(7), time(19), 2.0)


def pace(busy=BUSY, per_day=0):
    return Pace(10.0, per_day, busy, BERLIN)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def local(*parts):
    return datetime(*parts, tzinfo=BERLIN)


def test_a_tenth_of_the_rate_is_kept_back():
    assert pace(busy=None).rate_at(utc(2026, 11, 22, 12)) == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("clock", "rate"),
    [((6, 59, 59), 9.0), ((7, 0), 1.8), ((18, 59, 59), 1.8), ((19, 0), 9.0)],
)
def test_busy_hours_begin_on_the_minute_and_end_on_the_minute(clock, rate):
    assert pace().rate_at(local(2026, 11, 23, *clock)) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("clock", "is_busy"),
    [((21, 59), False), ((22, 0), True), ((3, 0), True), ((5, 59), True), ((6, 0), False)],
)
def test_busy_hours_may_span_midnight(clock, is_busy):
    assert BusyHours(time(22), time(6), 2.0).hold_at(time(*clock)) is is_busy


@pytest.mark.parametrize(
    ("before_seven", "seven"),
    [
        (utc(2026, 3, 28, 5, 59), utc(2026, 3, 28, 6, 0)),  # Winter: an hour ahead of UTC.
        (utc(2026, 3, 29, 4, 59), utc(2026, 3, 29, 5, 0)),  # The clocks went forward that night.
        (utc(2026, 10, 25, 5, 59), utc(2026, 10, 25, 6, 0)),  # And back.
    ],
)
def test_busy_hours_stay_where_they_are_on_the_wall_when_the_clocks_change(before_seven, seven):
    assert pace().rate_at(before_seven) == pytest.approx(9.0)
    assert pace().rate_at(seven) == pytest.approx(1.8)


def test_the_day_of_a_budget_is_the_hospitals():
    assert pace().day_at(utc(2026, 11, 22, 23, 30)) == "2026-11-23"


@pytest.mark.parametrize(
    ("noon", "hours"),
    [
        (local(2026, 11, 22, 12), 12),
        (local(2026, 3, 28, 12), 12),
        (local(2026, 3, 29, 0), 23),
        (local(2026, 10, 25, 0), 25),
    ],
)
def test_tomorrow_comes_at_the_hospitals_midnight_also_when_the_clocks_change(noon, hours):
    assert pace().seconds_to_tomorrow(noon) == hours * 3600


def test_no_text_is_one_rate_around_the_clock():
    assert busy_hours_in("", 2.0) is None


def test_busy_hours_are_read_as_they_are_written():
    assert busy_hours_in("07:00-19:30", 2.0) == BusyHours(time(7), time(19, 30), 2.0)


def test_what_is_promised_can_be_told_to_the_ehr_team():
    told = str(pace(per_day=50_000))
    assert told == "at most 10 requests a second, 2 from 07:00 to 19:00, 50000 a day"
