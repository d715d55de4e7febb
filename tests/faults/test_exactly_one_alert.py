"""Ten thousand faults, and exactly one alert for each person who is due. How to read and replay it:
docs/testing.md."""

from __future__ import annotations

import pytest

from tests.faults.leg import Leg

LEGS = (
    Leg("racy", "hapi+racy", "sqlite"),
    Leg("none", "hapi+no-conditional", "postgresql"),
    Leg("strict", "hapi+strict", "sqlite"),
)


def _nothing_is_wrong(result) -> None:
    assert result.verdict.numbers.total() == 0, str(result)
    assert result.faults.total >= result.leg.faults, str(result)
    # A run in which little was at stake would prove little.
    assert result.verdict.open_alerts > result.leg.people / 10, str(result)
    assert result.verdict.edits >= 5, str(result)


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.preset)
def test_an_imitated_ehr_behind_a_bad_line_shows_exactly_one_alert_for_each_person(
    leg, demo_ehr, run
):
    _nothing_is_wrong(run(leg, demo_ehr.base_url))


def test_a_real_hapi_server_behind_a_bad_line_shows_exactly_one_alert_for_each_person(hapi, run):
    leg = Leg("hapi", "", "postgresql", faults=1_500, rounds=2, read_timeout_seconds=3.0)
    _nothing_is_wrong(run(leg, hapi.base_url))


def test_a_writer_without_a_ledger_fails_the_same_run(demo_ehr, run):
    leg = Leg("plain", "hapi+racy", "sqlite", people=40, faults=100, rounds=3, is_forgetful=True)
    verdict = run(leg, demo_ehr.base_url).verdict
    assert verdict.duplicates
    assert verdict.overwritten
