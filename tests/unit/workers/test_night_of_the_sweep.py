"""The night's sweep where the clock is put forward or back: once a night, whatever its hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.settings import Settings
from service.wiring import today_for
from workers.app import make_app
from workers.schedule import beat_schedule

FORWARD = {"Europe/Berlin": datetime(2027, 3, 27, 5), "America/New_York": datetime(2027, 3, 13, 9)}
BACK = {"Europe/Berlin": datetime(2027, 10, 30, 5), "America/New_York": datetime(2027, 11, 6, 9)}


def sweeps(zone: str, sweep_at: str, start: datetime, nights: int) -> list[datetime]:
    """When a beat that looks every minute would ask for a sweep, in the hospital's time."""
    settings = Settings(time_zone=zone, sweep_at=sweep_at)
    schedule = beat_schedule(settings)["sweep"]["schedule"]
    schedule.app = make_app(settings)
    moment = start.replace(tzinfo=UTC)
    last, found = moment.astimezone(ZoneInfo(zone)), []
    for minute in range(nights * 24 * 60):
        now = (moment + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
        schedule.nowfun = lambda now=now: now
        if schedule.is_due(last)[0]:
            found.append(now)
            last = now
    return found


@pytest.mark.parametrize("zone", FORWARD)
@pytest.mark.parametrize("sweep_at", ["01:30", "02:30", "03:00"])
@pytest.mark.parametrize("change", [FORWARD, BACK], ids=["forward", "back"])
def test_every_night_has_one_sweep_when_the_clock_is_changed(zone, sweep_at, change):
    found = sweeps(zone, sweep_at, change[zone], nights=2)
    assert [f.date() - found[0].date() for f in found] == [timedelta(0), timedelta(1)]


def test_an_hour_that_does_not_exist_is_made_up_for_in_the_next():
    (first, _) = sweeps("Europe/Berlin", "02:30", FORWARD["Europe/Berlin"], nights=2)
    assert first.isoformat() == "2027-03-28T03:30:00+02:00"


def test_an_hour_that_comes_twice_is_used_once():
    (first, _) = sweeps("Europe/Berlin", "02:30", BACK["Europe/Berlin"], nights=2)
    assert first.isoformat() == "2027-10-31T02:30:00+02:00"


def test_today_is_the_hospitals_day_and_not_the_servers():
    ahead, behind = (today_for(Settings(time_zone=z)) for z in ("Etc/GMT-14", "Etc/GMT+12"))
    assert ahead - behind in (timedelta(1), timedelta(2))
