"""The page of one person: whom it is for, what it shows, and what it shows when the EHR is away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import httpx
import pytest

from service.settings import Settings, SettingsInvalid
from service.web.access.visitor import Role
from service.wiring import patient_looks_for
from tests.lib.fresh_ledger import fresh_ledger
from tests.lib.pages import browsing
from tests.lib.patients import bundle, edss, ms, woman
from tests.lib.wire import Chart, Wire, answer, resource
from tests.lib.wire_server import wire_server

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TYPES = ("Patient", "Condition", "Observation", "MedicationRequest", "MedicationDispense")
TYPES += ("MedicationAdministration", "MedicationStatement", "Procedure", "DiagnosticReport")
TYPES += ("ServiceRequest", "DeviceUseStatement", "FamilyMemberHistory", "Flag", "Task")
NOBODY = "0" * 32


class PatientEHR:
    """An EHR with one person, `p`. Where `waits` is set, it answers once that is."""

    def __init__(self) -> None:
        chart = bundle(woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
        self.chart = Chart(*(entry["resource"] for entry in chart["entry"]))
        self.waits = threading.Event()
        self.waits.set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.waits.wait(10)
        if request.url.path.endswith("/metadata"):
            way = [{"code": "search-type"}, {"code": "read"}]
            parameters = [{"name": name} for name in ("patient", "subject", "_id", "code")]
            listed = [{"type": t, "interaction": way, "searchParam": parameters} for t in TYPES]
            statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
            return answer({**statement, "rest": [{"mode": "server", "resource": listed}]})
        return self.chart(request)


@pytest.fixture
def ledger(tmp_path):
    with fresh_ledger(tmp_path) as ledger:
        ledger.cohort.add(["p"], "test", NOW)
        yield ledger


@pytest.fixture
def ehr():
    return PatientEHR()


@pytest.fixture
def wire(ehr):
    return Wire(ehr)


@pytest.fixture
def open_browser(ledger, redis_url, wire, tmp_path):
    with wire_server(wire) as origin:
        settings = {
            "fhir_base_url": f"{origin}/fhir",
            "database_url": f"sqlite:///{tmp_path}/ledger.sqlite3",
            "ehr_requests_per_second": 1000,
        }
        opened = []

        def opens(*roles, patient_key="", **values):
            browser = browsing(Settings(**settings, **values), ledger, redis_url)
            opened.append(browser)
            found = browser.__enter__()
            found.signs_in(*roles, name="Dr. Åse Vik", patient_key=patient_key)
            return found

        yield opens
        for browser in opened:
            browser.__exit__(None, None, None)


@pytest.fixture
def lead(open_browser):
    return open_browser(Role.CLINICAL_LEAD)


def key_of(ledger, fhir_id="p"):
    return ledger.cohort.keys_of([fhir_id])[fhir_id]


def page_of(ledger, fhir_id="p"):
    return f"/patients/{key_of(ledger, fhir_id)}"


def test_the_page_says_where_somebody_stands_why_and_by_which_resource(lead, ledger):
    text = lead.reads(page_of(ledger))
    assert "<h1" in text
    assert "A bone density assessment is due" in text
    assert "Consider bone density assessment (central DXA)." in text
    assert "EDSS 6.5, 2026-09-01" in text
    assert "Observation/observation-1" in text
    assert "under protocol ms-bone-health" in text


def test_a_source_is_a_link_into_the_ehr_where_the_hospital_says_how(open_browser, ledger):
    template = "https://ehr.example/open?type={type}&id={id}"
    text = open_browser(Role.CLINICAL_LEAD, page_source_url=template).reads(page_of(ledger))
    link = "https://ehr.example/open?type=Observation&amp;id=observation-1"
    assert (
        f'<a href="{link}" target="_blank" rel="noopener noreferrer">Observation/observation-1</a>'
        in text
    )


@pytest.mark.parametrize(
    "template", ["javascript:{id}", "https://ehr.example/", "https://{id}.example/", "{id}"]
)
def test_a_template_of_links_that_leads_nowhere_is_refused_at_the_start(template, ledger):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_PAGE_SOURCE_URL"):
        patient_looks_for(Settings(page_source_url=template), lambda: ledger)


def test_a_look_is_in_the_audit_under_the_name_before_the_ehr_is_asked(lead, ledger, ehr):
    seen = []
    ehr.chart.answer_instead = lambda _: seen.append(list(ledger.audit.rows())[-1]) or None
    lead.reads(page_of(ledger))
    row = seen[0]
    assert (row.what, row.patient_key, row.by_whom) == ("explain", key_of(ledger), "Dr. Åse Vik")
    assert not any(key_of(ledger) in row.detail for row in ledger.audit.rows())


def test_a_look_stores_no_assessment_and_nobody_waits_for_one(lead, ledger):
    lead.reads(page_of(ledger))
    assert not ledger.screenings.history(key_of(ledger))
    assert not ledger.pending.runs_of([key_of(ledger)])


def test_who_came_from_a_chart_sees_that_person(open_browser, ledger):
    clinician = open_browser(Role.CLINICIAN, patient_key=key_of(ledger))
    assert "A bone density assessment is due" in clinician.reads(page_of(ledger))


def test_who_came_from_a_chart_learns_nothing_of_others_not_even_that_they_exist(
    open_browser, ledger, wire
):
    ledger.cohort.add(["other"], "test", NOW)
    clinician = open_browser(Role.CLINICIAN, patient_key=key_of(ledger))
    answers = [
        clinician.client.get(f"/patients/{key}{end}")
        for key in (key_of(ledger, "other"), NOBODY)
        for end in ("", "/timeline.svg")
    ]
    assert {a.status_code for a in answers} == {403}
    assert len({a.text for a in answers}) == 1
    assert not wire.requests
    refused = [row for row in ledger.audit.rows() if row.outcome == "failed"]
    assert {(row.what, row.reason) for row in refused} == {("view", "another chart")}


def test_an_operator_sees_no_patient(open_browser, ledger, wire):
    answer_ = open_browser(Role.OPERATOR).client.get(page_of(ledger))
    assert answer_.status_code == 403
    assert not wire.requests


def test_an_address_of_nobody_is_told_as_such(lead):
    assert lead.client.get(f"/patients/{NOBODY}").status_code == 404


def test_somebody_left_out_is_not_read(lead, ledger, wire):
    ledger.cohort.leave_out(["p"], NOW)
    answer_ = lead.client.get(page_of(ledger))
    assert answer_.status_code == 404
    assert "left out at the hospital" in answer_.text
    assert not wire.requests


def test_an_ehr_that_is_too_slow_costs_a_notice_and_is_not_asked_a_second_time(
    open_browser, ledger, ehr, wire
):
    lead = open_browser(Role.CLINICAL_LEAD, page_patience_seconds=0.05)
    ehr.waits.clear()
    for _ in range(2):
        text = lead.reads(page_of(ledger))
        assert "The EHR has not answered yet" in text
        assert "BoneFlag has not judged this person yet" in text
    assert len(wire.requests) == 1
    ehr.waits.set()
    for _ in range(100):
        text = lead.reads(page_of(ledger))
        if "not answered yet" not in text:
            break
    assert "A bone density assessment is due" in text


def test_while_boneflag_is_paused_the_page_shows_what_is_remembered(lead, ledger, wire):
    ledger.switches.pause("tests", NOW)
    text = lead.reads(page_of(ledger))
    assert text.index("BoneFlag asks nothing of the EHR at this moment") < text.index("<h1")
    assert "Of decisions and alerts alone" in text
    assert not wire.requests


def test_the_picture_is_drawn_without_a_second_reading_in_both_themes(lead, ledger, wire):
    lead.reads(page_of(ledger))
    asked = len(wire.requests)
    for theme in ("light", "dark"):
        answer_ = lead.client.get(f"{page_of(ledger)}/timeline.svg?theme={theme}")
        assert answer_.status_code == 200
        assert answer_.headers["content-type"].startswith("image/svg+xml")
        assert "EDSS" in answer_.text
    assert len(wire.requests) == asked


def test_a_picture_is_never_drawn_from_what_another_visitor_read(open_browser, lead, ledger, wire):
    lead.reads(page_of(ledger))
    asked, explained = len(wire.requests), len(list(ledger.audit.rows()))
    lead.signs_in(Role.CLINICAL_LEAD, name="Somebody else")
    assert lead.client.get(f"{page_of(ledger)}/timeline.svg").status_code == 200
    assert len(wire.requests) > asked
    news = list(ledger.audit.rows())[explained:]
    assert ("explain", "Somebody else") in {(row.what, row.by_whom) for row in news}


def test_a_merged_record_is_followed_and_the_page_says_so(lead, ledger, ehr):
    old = resource("Patient", "old", active=False)
    old["link"] = [{"type": "replaced-by", "other": {"reference": "Patient/p"}}]
    ehr.chart.resources.append(old)
    ledger.cohort.add(["old"], "test", NOW)
    text = lead.reads(page_of(ledger, "old"))
    assert "merged this record into another one" in text
    assert "A bone density assessment is due" in text


def test_somebody_outside_the_cohort_is_said_to_be(lead, ledger):
    ledger.cohort.register(["other"], "asked for", NOW)
    assert "Not in the cohort" in lead.reads(page_of(ledger, "other"))
