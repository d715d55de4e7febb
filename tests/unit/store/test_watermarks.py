from __future__ import annotations

from datetime import datetime, timedelta, timezone

from .builders import MINUTE, NOW


def test_a_watermark_is_unknown_before_the_first_poll(ledger):
    assert ledger.watermarks.get("poll") is None


def test_a_watermark_moves_forward(ledger):
    ledger.watermarks.advance("poll", NOW)
    ledger.watermarks.advance("poll", NOW + MINUTE)
    assert ledger.watermarks.get("poll") == NOW + MINUTE


def test_a_watermark_never_moves_backwards(ledger):
    ledger.watermarks.advance("poll", NOW)
    ledger.watermarks.advance("poll", NOW - MINUTE)
    assert ledger.watermarks.get("poll") == NOW


def test_watermarks_of_different_names_are_apart(ledger):
    ledger.watermarks.advance("Condition", NOW)
    ledger.watermarks.advance("Observation", NOW - MINUTE)
    assert ledger.watermarks.get("Condition") == NOW
    assert ledger.watermarks.get("Observation") == NOW - MINUTE


def test_an_instant_from_another_time_zone_is_the_same_instant(ledger):
    vienna = timezone(timedelta(hours=1))
    ledger.watermarks.advance("poll", datetime(2026, 11, 22, 4, 0, 0, 123456, tzinfo=vienna))
    assert ledger.watermarks.get("poll") == NOW.replace(microsecond=123456)
    ledger.watermarks.advance("poll", datetime(2026, 11, 22, 3, 30, tzinfo=vienna))
    assert ledger.watermarks.get("poll") == NOW.replace(microsecond=123456)
