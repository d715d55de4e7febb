"""What stands on a person's sheet, from the chart and from the ledger alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.assessment_entry import entry_of
from service.ehr.alert_history import AlertHistory
from service.ehr.errors import EHRNotAsked, EHRNotFound, EHRRefused, EHRUnavailable
from service.ehr.parse import RecordParser
from service.patient_sheet.headline import headline
from service.patient_sheet.looks import PatientLooks
from service.patient_sheet.reading import ChartRead
from service.patient_sheet.source_link import SourceLinks
from service.screening.assess import Status
from service.screening.criterion import Role
from service.screening.decision import BY_HOSPITAL
from service.screening.protocol import packaged_protocol
from service.screening.record import NO_END, Decision, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import Screening
from service.thought import think
from tests.lib.fresh_ledger import fresh_ledger
from tests.lib.patients import (
    bundle,
    condition,
    dxa,
    dxa_order,
    edss,
    given,
    icd,
    ms,
    ordered,
    woman,
)

ON = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
HIGH = edss(6.5, on="2026-09-01")
LINKS = SourceLinks("https://ehr.example/{type}/{id}")


def record_of(*chart, patient=None, unread=()):
    resources: dict[str, list[Any]] = {}
    for entry in bundle(patient or woman(born="1986-06-01"), *chart)["entry"]:
        resources.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return RecordParser(VOCABULARY).record("p", resources, unread=frozenset(unread), read_at=AT)


def read(*chart, decisions=(), why=None, sees_alerts=True, was_merged=False, **values):
    record = record_of(*chart, **values)
    thought = think(record, AlertHistory(), PROTOCOL, ON, site="s", decisions=decisions)
    return ChartRead(thought, why or {}, was_merged, sees_alerts)


@pytest.fixture
def ledger(tmp_path):
    with fresh_ledger(tmp_path) as ledger:
        ledger.cohort.add(["p"], "test", AT)
        yield ledger


def key_of(ledger):
    return ledger.cohort.keys_of(["p"])["p"]


def look(ledger, chart, links=LINKS):
    """A look at `p`; an exception in the place of a chart is what the reading ends with."""

    def reads(_person, _protocol):
        if isinstance(chart, Exception):
            raise chart
        return chart

    looks = PatientLooks(
        reads,
        lambda: ledger,
        links,
        today=lambda: ON,
        zone=ZoneInfo("Europe/Oslo"),
        patience_seconds=5,
    )
    return looks.look("visit", ledger.people.find(key_of(ledger)), PROTOCOL)


def judge(ledger, *chart, decisions=()):
    """Let a run have judged `p` on the day before."""
    run = ledger.runs.open("sweep", "shadow", PROTOCOL.digest, AT)
    record, on = record_of(*chart), date(2026, 11, 21)
    thought = think(record, AlertHistory(), PROTOCOL, on, site="s", decisions=decisions)
    entry = entry_of(thought.assessment, record, AT)
    ledger.screenings.store(Screening(key_of(ledger), run, entry, ()), AT)


SNOOZE = Decision("snoozed", date(2026, 10, 1), date(2027, 10, 1), "limited-time")


@pytest.mark.parametrize(
    ("status", "chart", "says", "tone"),
    [
        (Status.DUE, read(ms(), HIGH), "A bone density assessment is due", "warn"),
        (Status.NOT_AT_RISK, read(ms(), edss(2, on="2026-09-01")), "are not enough", "plain"),
        (
            Status.SATISFIED,
            read(ms(), HIGH, dxa(on="2026-09-01", t=-0.5)),
            "stands until 2028-09-01",
            "good",
        ),
        (
            Status.DUE_SOON,
            read(ms(), HIGH, dxa(on="2024-12-01", t=-0.5)),
            "will be due on 2026-12-01",
            "plain",
        ),
        (Status.ORDERED_WAITING, read(ms(), HIGH, dxa_order(on="2026-11-01")), "ordered", "plain"),
        (Status.SNOOZED, read(ms(), HIGH, decisions=[SNOOZE]), "until 2027-10-01", "plain"),
        (
            Status.RESULT_NEEDS_ACTION,
            read(ms(), condition(icd("M81.0"), onset="2025-01-01")),
            "no treatment is visible",
            "warn",
        ),
        (
            Status.EXCLUDED,
            read(ms(), HIGH, patient=woman(born="1986-06-01", deceasedBoolean=True)),
            "Nobody is told anything: deceased",
            "plain",
        ),
        (Status.NOT_IN_COHORT, read(HIGH), "not confirmed on file", "plain"),
        (Status.COULD_NOT_DETERMINE, read(ms()), "could not be determined", "warn"),
    ],
    ids=lambda value: str(value) if isinstance(value, Status) else "",
)
def test_each_status_is_one_sentence_in_its_tone(status, chart, says, tone):
    assessment = chart.thought.assessment
    assert assessment.status is status
    first = headline(assessment, PROTOCOL)
    assert says in first.says
    assert first.tone == tone


def test_a_recent_fracture_is_urgent_and_says_so():
    wrist = condition(icd("S52.501A"), onset="2026-05-01")
    patient = woman(born="1960-06-01")
    first = headline(read(ms(), wrist, patient=patient).thought.assessment, PROTOCOL)
    assert first.tone == "urgent"
    assert "Soon: a recent fracture is on file." in first.asks


def test_who_died_has_no_risk_factors_beside_the_answer(ledger):
    chart = read(ms(), HIGH, patient=woman(born="1986-06-01", deceasedBoolean=True))
    assert not look(ledger, chart).headline.names_reasons


def test_a_finding_stands_with_its_source_its_link_and_its_citation(ledger):
    (reason,) = look(ledger, read(ms(), HIGH)).findings.reasons
    assert (reason.number, reason.grade) == ("MSO-02", "major")
    (fact,) = reason.evidence
    assert fact.sources == (
        ("Observation/observation-1", "https://ehr.example/Observation/observation-1"),
    )
    assert reason.citation == PROTOCOL.entry("disability-severe").citation


def test_without_a_template_there_is_no_link(ledger):
    sheet = look(ledger, read(ms(), HIGH), SourceLinks(""))
    assert sheet.link == ""
    assert sheet.findings.reasons[0].evidence[0].sources[0][1] == ""


def test_an_id_that_fhir_does_not_allow_gets_no_link():
    assert LINKS.of(ResourceRef("Condition", "a b/../c")) == ""


def test_many_doses_that_say_the_same_are_one_line_with_every_source(ledger):
    days = [f"2026-02-0{day}" for day in (1, 2, 3, 4)]
    doses = [
        given("methylprednisolone 1000 mg injection", on=day, mg=1000, route="intravenous")
        for day in days
    ]
    sheet = look(ledger, read(ms(), HIGH, *doses))
    (pulses,) = [f for f in sheet.findings.reasons if f.number == "MSO-09"]
    assert [len(fact.sources) for fact in pulses.evidence] == [len(days)]


def test_what_was_only_seen_stands_apart_from_what_counts(ledger):
    old = edss(4.5, on="2020-01-01")
    sheet = look(ledger, read(ms(), HIGH, old))
    lines = [*sheet.findings.reasons, *sheet.findings.unmet]
    assert any(fact.weight == "seen, does not count" for f in lines for fact in f.seen)
    assert {fact.weight for f in lines for fact in f.evidence} <= {"counts", "not clear"}


def test_a_refuted_diagnosis_stands_beside_the_answer(ledger):
    sheet = look(ledger, read(ms(verification="refuted"), HIGH))
    assert sheet.status == "not-in-cohort"
    (diagnosis,) = [f for f in sheet.findings.others if f.number == "COHORT"]
    assert "refuted" in diagnosis.seen[0].says


def test_what_could_not_be_read_is_said_once_and_with_the_reason(ledger):
    why = {"FamilyMemberHistory": "not granted to this client"}
    sheet = look(ledger, read(ms(), HIGH, unread=["FamilyMemberHistory"], why=why))
    said = [m for f in sheet.findings.unknown for m in f.missing]
    assert "FamilyMemberHistory (not granted to this client)" in said
    assert not sheet.unread


def test_the_decision_has_what_is_met_what_is_needed_and_whether_it_is_true(ledger):
    major, domains = look(ledger, read(ms(), HIGH)).weighing
    assert (major.met, major.needed, major.truth) == ("1", 1, "true")
    assert (domains.met, domains.needed, domains.truth) == ("1 (disability)", 2, "false")


def test_what_an_unknown_risk_factor_could_make_true_is_not_said_to_be_false(ledger):
    low, dose = edss(2, on="2026-09-01"), ordered("prednisone 20 mg tablet", on="2026-08-01")
    major, domains = look(ledger, read(ms(), low, dose)).weighing
    assert (major.met, major.truth) == ("0", "not known")
    assert (domains.met, domains.truth) == ("0", "false")
    high = edss(4.5, on="2026-09-01")
    domains = look(ledger, read(ms(), high, dose)).weighing[1]
    assert (domains.met, domains.truth) == ("1 (disability)", "not known")


@pytest.mark.parametrize("born", ["1849-01-01", "2027-01-01"])
def test_nobody_is_said_to_be_of_an_age_that_cannot_be(ledger, born):
    sheet = look(ledger, read(ms(), HIGH, patient=woman(born=born)))
    assert sheet.person == "Woman, birth date not known"
    assert "birth date is not possible" in dict(sheet.reported).values()


def test_what_comes_if_nothing_is_written_is_on_the_sheet(ledger):
    (change,) = look(ledger, read(ms(), HIGH, dxa(on="2024-12-01", t=-0.5))).coming
    assert (change.on, change.status) == (date(2026, 12, 1), Status.DUE)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (EHRUnavailable("away"), "The EHR cannot be asked now."),
        (EHRNotAsked("paused"), "BoneFlag asks nothing of the EHR at this moment"),
        (EHRRefused("no"), "The EHR does not show this chart to BoneFlag."),
        (EHRNotFound("gone"), "The EHR shows nobody under this id."),
        (RuntimeError("secret-of-the-chart"), "The chart could not be judged just now"),
        (ChartRead(None, {}, False, True), "The chart could not be judged just now"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_the_chart_cannot_be_read_the_last_assessment_stands_with_the_reason(
    ledger, error, why
):
    judge(ledger, ms(), HIGH)
    sheet = look(ledger, error)
    assert sheet.headline.says == "A bone density assessment is due"
    assert sheet.notices[0].says.startswith(why)
    assert "last assessment" in sheet.notices[0].says
    assert (sheet.judged_on, sheet.read_at) == (date(2026, 11, 21), "2026-11-22 11:00")
    assert [f.number for f in sheet.findings.reasons] == ["MSO-02"]
    assert sheet.person == "Woman, age 40 to 49"
    assert not any("secret" in notice.says for notice in sheet.notices)


def test_where_the_chart_cannot_be_read_the_no_is_the_one_that_the_ledger_holds(ledger):
    taken_back = replace(SNOOZE, made_on=date(2026, 11, 1), source=ResourceRef("Task", "t"))
    ledger.decisions.remember(key_of(ledger), [SNOOZE, taken_back])
    ledger.decisions.take_back(key_of(ledger), [taken_back], AT)
    judge(ledger, ms(), HIGH, decisions=[SNOOZE])
    sheet = look(ledger, EHRUnavailable("away"))
    assert sheet.headline.says == "Put off on 2026-10-01: BoneFlag keeps still until 2027-10-01"
    assert sheet.would_change[0] == "The decision of 2026-10-01 stands until it lapses."


def test_where_nobody_kept_which_no_it_was_no_day_is_named(ledger):
    judge(ledger, ms(), HIGH, decisions=[SNOOZE])
    sheet = look(ledger, EHRUnavailable("away"))
    assert sheet.headline.says == "Put off: BoneFlag keeps still"
    assert sheet.would_change == ("The decision stands until it lapses or is broken through.",)


def test_what_the_hospital_withdrew_was_declined_by_no_patient(ledger):
    withdrawn = Decision("declined", date(2026, 10, 1), NO_END, "w", code=BY_HOSPITAL)
    ledger.decisions.remember(key_of(ledger), [withdrawn])
    sheet = look(ledger, read(ms(), HIGH, decisions=[withdrawn]))
    assert sheet.status == "declined"
    assert sheet.headline.says == "Withdrawn by the hospital on 2026-10-01: BoneFlag keeps still"
    assert [line.what for line in sheet.said] == ["withdrawn by the hospital"]
    assert [e.label for e in sheet.events if e.lane == "decisions"] == [
        "withdrawn by the hospital, without an end"
    ]


def test_somebody_whom_nobody_judged_has_a_sheet_all_the_same(ledger):
    sheet = look(ledger, EHRUnavailable("away"))
    assert sheet.headline.says == "BoneFlag has not judged this person yet"
    assert [notice.says for notice in sheet.notices] == ["The EHR cannot be asked now."]
    assert sheet.judged_on is None


def test_another_answer_than_at_the_last_reading_is_said(ledger):
    judge(ledger, ms(), edss(2, on="2026-09-01"))
    (notice,) = look(ledger, read(ms(), HIGH)).notices
    assert "on 2026-11-21 it was “not at risk”" in notice.says
    assert not notice.is_warning


def test_alerts_that_could_not_be_read_are_said(ledger):
    (notice,) = look(ledger, read(ms(), HIGH, sees_alerts=False)).notices
    assert notice.says == "BoneFlag's own alerts in the EHR could not be read."


def test_what_people_said_and_what_was_found_stand_with_the_newest_first(ledger):
    ledger.decisions.remember(key_of(ledger), [SNOOZE])
    judge(ledger, ms(), HIGH)
    sheet = look(ledger, read(ms(), HIGH, decisions=[SNOOZE]))
    (said,) = sheet.said
    assert (said.what, said.until, said.source) == ("put off", "2027-10-01", "told to BoneFlag")
    assert [(line.since, line.status, line.met) for line in sheet.judged] == [
        (date(2026, 11, 21), "due", "MSO-02")
    ]


def test_what_was_taken_back_after_midnight_was_taken_back_on_the_hospitals_day(ledger):
    ledger.decisions.remember(key_of(ledger), [SNOOZE])
    night = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    ledger.decisions.take_back(key_of(ledger), [SNOOZE], night)
    sheet = look(ledger, read(ms(), HIGH))
    assert [line.until for line in sheet.said] == ["taken back on 2026-11-22"]
    assert [e.when for e in sheet.events if e.lane == "decisions"] == ["2026-10-01 to 2026-11-22"]


def test_events_stand_with_the_newest_first_and_the_undated_at_the_end(ledger):
    undated = condition(icd("S52.501A"), onset=None, recorded=None)
    sheet = look(ledger, read(ms(), edss(2, on="2020-01-01"), HIGH, undated))
    assert [(e.when, e.label) for e in sheet.events] == [
        ("2026-09-01", "EDSS 6.5"),
        ("2020-01-01", "EDSS 2"),
        ("no date", "wrist fracture"),
    ]


def test_every_criterion_of_the_protocol_stands_on_the_sheet(ledger):
    groups = look(ledger, read(ms(), HIGH)).findings
    shown = [f.number for f in (*groups.reasons, *groups.others, *groups.unknown, *groups.unmet)]
    assert sorted(shown) == sorted(entry.number for entry in PROTOCOL.entries)
    assert any(entry.criterion.role is Role.COHORT for entry in PROTOCOL.entries)
