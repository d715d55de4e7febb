"""The page of one person over a real server, after a live sweep: what a clinician opens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.demo_ehr import codes
from service.demo_ehr.diagnoses import add_condition, add_fracture
from service.demo_ehr.imaging import add_dxa
from service.demo_ehr.measurements import add_edss
from service.demo_ehr.medicines import add_daily_course, add_pulse
from service.demo_ehr.stories import decisions, exclusions
from service.demo_ehr.story import ordinary
from service.web.access.visitor import Role
from tests.lib.pages import browsing
from tests.lib.redis_server import running_redis

pytestmark = pytest.mark.heavy


def a_long_course(chart):
    ordinary(chart, "female", 53, edss=6.0)
    add_edss(chart, 3.5, months=50)
    add_pulse(chart, ago=300)
    add_condition(chart, codes.MS_RELAPSE, recorded=chart.on - timedelta(days=305))
    add_daily_course(chart, codes.PREDNISONE, 7.5, days=120, ended_ago=30)
    add_dxa(chart, -1.8, months=30)
    add_fracture(chart, codes.WRIST_FRACTURE, day=chart.on - timedelta(days=210))


@pytest.fixture
def opens(ward):
    with running_redis() as redis_url, ward.ledger() as ledger:

        def open_page(fhir_id):
            with browsing(ward.settings(), ledger, redis_url) as browser:
                key = ledger.cohort.keys_of([fhir_id])[fhir_id]
                browser.signs_in(Role.CLINICIAN, patient_key=key)
                picture = f"/patients/{key}/timeline.svg"
                return browser.reads(f"/patients/{key}"), browser.reads(picture)

        yield open_page


def test_a_clinician_sees_the_answer_the_alert_and_the_whole_course(ward, opens):
    fhir_id = ward.admit(a_long_course)
    ward.sweep()
    writes = len(ward.proxy.writes)
    text, picture = opens(fhir_id)
    assert "A bone density assessment is due" in text
    assert "Soon: a recent fracture is on file." in text
    for lane in ("Steroids", "Pulses", "Relapses", "Disability", "Fractures", "Bone density"):
        assert lane in picture
    assert "lowest T-score −1.8" in text
    assert 'data-name="State">open' in text
    assert len(ward.proxy.writes) == writes


def test_a_no_that_the_ehr_shows_is_the_answer(ward, opens):
    fhir_id = ward.admit(decisions.alert_rejected.tell, "alert-rejected")
    ward.sweep()
    assert "Put off on" in opens(fhir_id)[0]


def test_who_died_is_said_to_be_told_about_to_nobody(ward, opens):
    fhir_id = ward.admit(exclusions.deceased.tell, "deceased")
    ward.sweep()
    assert "Nobody is told anything: deceased" in opens(fhir_id)[0]
