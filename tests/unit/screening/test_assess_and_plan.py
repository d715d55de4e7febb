"""What the book does not show: errors, urgency, the sentences, and corners of single functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.ehr.parse import RecordParser
from service.screening import wording
from service.screening.alert import Action, AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.assess import GAP_CODES, Assessment, Status, assess
from service.screening.criterion import Grade, Role
from service.screening.dates import add_months, age_on
from service.screening.decision import BY_HOSPITAL
from service.screening.plan import TABLE, History, plan_alert, plan_gap
from service.screening.protocol import packaged_protocol
from service.screening.record import NO_END, Decision, PatientRecord, ResourceRef, When
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import (
    bmi,
    bundle,
    condition,
    dxa,
    dxa_done,
    dxa_order,
    edss,
    icd,
    ms,
    ordered,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import TODAY

VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
WOMAN = woman(born="1986-06-01")
ANNA = (WOMAN, ms(), edss(6.5, on="2026-09-01"))


def record(*chart: dict) -> PatientRecord:
    by_type: dict[str, list[dict]] = {}
    for entry in bundle(*chart)["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return RecordParser(VOCABULARY).record("p", by_type)


def judged(*chart: dict, unread: tuple[str, ...] = ()) -> Assessment:
    return assess(replace(record(*chart), unread=frozenset(unread)), PROTOCOL, TODAY)


def detail(assessment: Assessment, kind: AlertKind = AlertKind.SCREENING) -> str:
    return wording.detail(assessment, PROTOCOL, kind)


def posted(state: AlertState, opened_on: date, episode: int = 1) -> PostedAlert:
    task = PostedResource(ResourceRef("Task", "t"), "requested", "1")
    flag = PostedResource(ResourceRef("Flag", "f"), "inactive", "1")
    kind = AlertKind.SCREENING
    return PostedAlert(f"key-{episode}", kind, episode, state, opened_on, "old", flag, task)


def planned(assessment: Assessment, *alerts: PostedAlert):
    return plan_alert(assessment, History("site", alerts), PROTOCOL, TODAY)


# Assessment


def test_a_chart_that_could_not_be_parsed_is_an_error_and_says_nothing():
    broken = PatientRecord(ResourceRef("Patient", "p"), is_unreadable=True)
    assessment = assess(broken, PROTOCOL, TODAY)
    assert assessment.status is Status.ERROR
    assert planned(assessment).action == "keep"
    open_alert = posted(AlertState.ACTIVE, date(2026, 1, 1))
    assert planned(assessment, open_alert).action == "keep"
    assert plan_gap(assessment, History("site"), PROTOCOL, TODAY) is None


def test_every_status_has_a_gap_code_and_a_row_in_the_plan_table():
    assert set(GAP_CODES) == set(Status) == set(TABLE)


def test_an_unknown_finding_is_a_key_error():
    with pytest.raises(KeyError):
        judged(*ANNA).finding("horoscope")


@pytest.mark.parametrize(
    ("onset", "is_urgent"), [("2024-11-22", True), ("2024-11-21", False), ("2026-11-01", True)]
)
def test_a_fracture_of_the_last_24_months_is_urgent(onset, is_urgent):
    eva = (woman(born="1971-06-01"), ms(), edss(2.0, on="2026-03-01"))
    assessment = judged(*eva, condition(icd("S72.001A"), onset=onset))
    plan = planned(assessment)
    assert (assessment.is_urgent, plan.alert.priority) == (
        is_urgent,
        "urgent" if is_urgent else "routine",
    )


# Plans


def test_an_alert_that_we_closed_is_reopened_within_a_year():
    plan = planned(judged(*ANNA), posted(AlertState.RESOLVED, date(2025, 11, 23)))
    assert (plan.action, plan.alert.key, plan.alert.episode) == ("update", "key-1", 1)


def test_after_a_year_a_new_episode_opens():
    plan = planned(judged(*ANNA), posted(AlertState.RESOLVED, date(2025, 11, 22)))
    assert (plan.action, plan.alert.episode, plan.alert.since) == ("create", 2, TODAY)


def test_an_alert_that_was_withdrawn_is_never_reopened():
    plan = planned(judged(*ANNA), posted(AlertState.WITHDRAWN, date(2026, 10, 1)))
    assert (plan.action, plan.alert.episode) == ("create", 2)


def test_a_spare_alert_that_was_retired_does_not_keep_an_older_one_from_being_reopened():
    closed = posted(AlertState.RESOLVED, date(2026, 9, 1))
    retired = replace(posted(AlertState.WITHDRAWN, date(2026, 10, 1)), key="spare", episode=2)
    plan = planned(judged(*ANNA), closed, retired)
    assert (plan.action, plan.alert.key) == ("update", "key-1")


def test_a_person_who_left_the_task_open_gets_it_back_rather_than_a_second_one():
    plan = planned(judged(*ANNA), posted(AlertState.DISMISSED, date(2026, 1, 1)))
    assert (plan.action, plan.alert.key) == ("update", "key-1")


def test_a_no_with_nothing_left_to_take_down_writes_nothing():
    refusal = dxa_done(
        on="2026-08-22",
        status="not-done",
        statusReason={"coding": [{"system": icd("").system, "code": "Z53.20"}]},
    )
    flag_down = posted(AlertState.ACTIVE, date(2026, 1, 1))
    since_2025 = (WOMAN, ms(), edss(6.5, on="2025-01-01"))
    plan = planned(judged(*since_2025, refusal), flag_down)
    assert (plan.action, plan.reason) == ("keep", "declined: nothing shown")


def test_of_two_records_alerts_the_flag_of_the_rejected_one_goes_before_anything_else():
    rejected = posted(AlertState.DISMISSED, date(2026, 1, 1))
    rejected = replace(rejected, flag=PostedResource(ResourceRef("Flag", "g"), "active", "1"))
    stands = posted(AlertState.ACTIVE, date(2026, 3, 1), episode=2)
    plan = planned(judged(*ANNA), rejected, stands)
    assert (plan.action, plan.posted, plan.task_status) == (Action.RESOLVE, rejected, None)
    unknown = judged(WOMAN, unread=("Condition",))
    assert planned(unknown, rejected, stands).action is Action.KEEP


def test_what_a_person_reworded_is_not_overwritten():
    plan = planned(judged(*ANNA), posted(AlertState.CHANGED, date(2026, 1, 1)))
    assert plan.action == "keep"


def test_an_open_alert_speaks_before_a_newer_closed_one():
    old, new = (
        posted(AlertState.ACTIVE, date(2025, 1, 1)),
        posted(AlertState.RESOLVED, date(2026, 1, 1), 2),
    )
    plan = planned(judged(*ANNA), new, old)
    assert (plan.action, plan.alert.key) == ("update", "key-1")


def test_nothing_that_patients_say_is_printed():
    assert "6.5" not in repr(planned(judged(*ANNA)))
    assert "6.5" not in repr(judged(*ANNA))


# Sentences


def test_the_summary_says_what_to_consider_and_why():
    said = wording.summary(judged(*ANNA), AlertKind.SCREENING)
    assert said == "Bone health: consider bone density assessment (MS; EDSS 6.0 or more)"


def test_a_summary_with_many_reasons_stays_short_and_says_how_many_are_left_out():
    many = judged(
        woman(born="1951-06-01"),
        ms("G35.C0"),
        edss(6.5, on="2026-09-01"),
        bmi(17.0, on="2026-09-01"),
        vitamin_d(12, "ng/mL", on="2026-09-01"),
        condition(icd("Z99.3")),
        condition(icd("S72.001A"), onset="2026-01-01"),
    )
    said = wording.summary(many, AlertKind.SCREENING)
    assert len(said) < 140
    assert said.endswith("more)")


def test_the_detail_gives_evidence_source_citation_and_protocol():
    said = detail(judged(*ANNA))
    assert "EDSS 6.5, 2026-09-01 [Observation/observation-1]" in said
    assert "Danish registers" in said
    assert f"Protocol ms-bone-health {PROTOCOL.version}" in said
    assert "no MS-specific national guideline" in said
    assert "No bone density scan or open order is visible to this service." in said


def test_the_detail_names_neither_medicine_nor_dose_nor_a_diagnosis_of_osteoporosis():
    said = detail(
        judged(
            *ANNA,
            ordered("prednisone 5 mg oral tablet", on="2026-03-01", mg_daily=5),
            ordered("alendronate 70 mg oral tablet", on="2020-03-01"),
        )
    ).lower()
    assert "sustained glucocorticoid" in said
    for word in ("prednis", "alendron", " mg", "has osteoporosis"):
        assert word not in said


def test_the_detail_lists_what_was_not_known():
    said = detail(judged(*ANNA, vitamin_d(25, None, on="2026-09-01"), unread=("ServiceRequest",)))
    assert "25-OH vitamin D, value or unit not understood" in said
    assert "not readable here: ServiceRequest" in said


def test_the_detail_says_by_which_score_a_scan_is_read():
    assert "Z-score" in detail(judged(*ANNA))
    assert "Read the result by T-score." in detail(judged(woman(born="1970-01-01"), *ANNA[1:]))


def test_the_detail_says_what_was_ordered_and_not_done_and_what_was_scanned():
    said = detail(judged(*ANNA, dxa_order(on="2025-01-01"), dxa_done(on="2023-01-01")))
    assert "DXA ordered, 2025-01-01: ordered, not done" in said
    assert "Central DXA, 2023-01-01, result not found" in said


def test_palliative_care_is_said():
    for care in (condition(icd("Z51.5"), recorded="2026-01-01"), condition(snomed("103735009"))):
        assert "Palliative care is on file" in detail(judged(*ANNA, care))
    assert "Palliative" not in detail(judged(*ANNA))


def test_a_recent_fracture_is_said():
    eva = (woman(born="1971-06-01"), ms(), condition(icd("S72.001A"), onset="2026-11-01"))
    assert "Soon: a recent fracture is on file." in detail(judged(*eva))


def test_long_evidence_is_cut_and_says_how_much_more_there_is():
    many = [condition(icd("Z99.3"), recorded=f"2026-0{month}-01") for month in range(1, 9)]
    assert "and 2 more" in detail(judged(*ANNA, *many))


def test_the_treatment_gap_has_its_own_words():
    gap = judged(*ANNA, condition(icd("M81.0"), recorded="2024-05-01"))
    said = detail(gap, AlertKind.TREATMENT_GAP)
    assert "Consider reviewing bone health along the local pathway." in said
    assert "No osteoporosis treatment in its usual window is visible" in said
    assert "consider review" in wording.summary(gap, AlertKind.TREATMENT_GAP)


# Corners


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 1), -12, date(2025, 1, 1)),
        (date(9999, 12, 31), 1, date.max),
        (date(1, 1, 1), -1, date.min),
    ],
)
def test_months_are_calendar_months_and_end_with_the_calendar(day, months, expected):
    assert add_months(day, months) == expected


def test_an_age_is_in_completed_years():
    assert age_on(date(2000, 2, 29), date(2018, 2, 28)) == 17
    assert age_on(date(2000, 2, 29), date(2018, 3, 1)) == 18


def test_a_date_that_may_lie_on_either_side_is_neither_in_nor_out():
    year = When(date(2026, 1, 1), date(2026, 12, 31))
    assert year.is_within(date(2026, 1, 1), date(2026, 12, 31)) is True
    assert year.is_within(date(2026, 6, 1), date(2027, 6, 1)) is None
    assert year.is_within(date(2027, 1, 1), date(2027, 6, 1)) is False


def test_a_score_in_percent_or_with_a_comparator_is_no_edss():
    for odd in ({"code": "%"}, {"comparator": ">"}):
        value = {"value": 6.5, "unit": "x", **odd}
        finding = judged(*ANNA[:2], edss(6.5, on="2026-09-01") | {"valueQuantity": value}).finding(
            "disability-severe"
        )
        assert finding.verdict == "unknown"


def test_a_met_risk_factor_has_the_highest_grade_of_its_evidence():
    finding = judged(
        *ANNA, bmi(18.0, on="2026-09-01"), condition(icd("R63.6"), recorded="2026-09-01")
    ).finding("low-weight")
    assert (finding.grade, finding.role) == (Grade.MAJOR, Role.RISK_FACTOR)


def test_scans_of_one_month_are_one_scan_and_the_score_gives_its_date():
    assessment = judged(
        *ANNA, dxa_done(on="2026-05-01"), dxa(t=-1.2, on="2026-05-20"), dxa(z=-0.4, on="2026-05-20")
    )
    (evidence,) = assessment.finding("central-dxa").evidence
    assert evidence.statement == (
        "central DXA, 2026-05-20, lowest T-score -1.2, lowest Z-score -0.4"
    )


def test_nothing_breaks_the_hospitals_own_withdrawal_of_one_persons_alert():
    chart = record(*ANNA)
    before_every_fact = date(2000, 1, 1)
    refused = Decision("declined", before_every_fact, NO_END, "no")
    withdrawn = replace(refused, code=BY_HOSPITAL)

    def status(decision: Decision) -> Status:
        return assess(replace(chart, decisions=(decision,)), PROTOCOL, TODAY).status

    assert (status(refused), status(withdrawn)) == (Status.DUE, Status.DECLINED)
