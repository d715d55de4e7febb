"""Why somebody is on the worklist: real charts, judged by the packaged protocol on 2026-11-22."""

import pytest

from service.ehr.decision_reason import NON_ADHERENCE_SYSTEM
from service.screening.assess import Status
from service.worklist.look import Look
from service.worklist.reasons import REASONS
from tests.lib.patients import (
    Code,
    condition,
    document,
    dxa,
    dxa_done,
    dxa_order,
    edss,
    icd,
    ms,
    observation,
    ordered,
    person,
    rxnorm,
    snomed,
    visit_for_ms,
    woman,
)
from tests.spec.book import MARA, told

from .builders import judged, of_status, why

NOTHING_ON_FILE = (woman(born="1986-06-01"), ms())
DUE = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-03-01"))


def with_ms(**elements):
    """A woman of 40 whose only diagnosis of MS is this one."""
    return woman(born="1986-06-01"), ms(**elements), edss(2.0, on="2026-03-01")


def answered(code, on="2026-08-22"):
    """The same person, told on 1 August 2026; the Task is rejected with a code of HL7's."""
    reason = Code(NON_ADHERENCE_SYSTEM, code)
    return told(*DUE, on="2026-08-01", flag="inactive", task="rejected", changed=on, because=reason)


# Nobody to look at


def test_somebody_who_is_not_at_risk_is_on_no_list():
    assert why(*MARA) == {}


@pytest.mark.parametrize(
    "gone", [{"deceasedBoolean": True}, {"active": False}], ids=["deceased", "inactive"]
)
def test_nobody_looks_for_the_data_of_somebody_who_died_or_was_switched_off(gone):
    assert why(woman(born="1986-06-01", **gone), ms()) == {}


# GAP-02 and what must be known first


def test_gap_02_is_a_line_of_its_own_and_not_said_twice():
    assert why(*NOTHING_ON_FILE) == {"data-gap": ""}


def test_one_record_of_an_edss_closes_gap_02():
    assert "data-gap" not in why(*NOTHING_ON_FILE, edss(2.0, on="2026-03-01"))


def test_gap_02_stays_on_the_list_of_somebody_whose_scan_satisfies():
    found = why(*NOTHING_ON_FILE, dxa(on="2026-01-22", t=-0.3))
    assert set(found) == {"data-gap"}


def test_gap_02_of_somebody_without_confirmed_ms_is_nobodys_work():
    assert why(woman(born="1986-06-01")) == {}


def test_a_missing_birth_date_is_asked_for_and_not_said_twice():
    found = why(woman(born=None), ms(), edss(2.0, on="2026-03-01"))
    assert found == {"birth-date": "age not known: no birth date [Patient/p]"}


def test_a_birth_year_that_does_not_tell_whether_somebody_is_of_age_is_asked_for():
    found = why(person("2008"), ms(), edss(2.0, on="2026-03-01"))
    assert set(found) == {"birth-date"}


def test_a_type_that_was_refused_is_what_must_be_known_first():
    found = why(*MARA, unread=["MedicationRequest"])
    assert found == {"could-not-determine": "not readable here: MedicationRequest"}


def test_a_type_that_was_withheld_of_one_person_is_what_must_be_known_first():
    found = why(*DUE, withheld=["ServiceRequest"])
    assert found == {"could-not-determine": "withheld of this person: ServiceRequest"}


def test_a_patient_who_could_not_be_read_is_not_said_to_lack_a_birth_date():
    found = why(*MARA, unread=["Patient"])
    assert set(found) == {"could-not-determine"}
    assert "not readable here: Patient" in found["could-not-determine"]


def test_a_scan_that_cannot_be_dated_is_what_must_be_known_first():
    found = why(*DUE, dxa_done(on=None))
    assert set(found) == {"could-not-determine"}
    assert "date not understood [Procedure/" in found["could-not-determine"]


def test_a_risk_factor_that_is_not_known_holds_nobody_up():
    found = why(*MARA, observation(snomed("273554001"), on="2026-05-01", value=65))
    assert "could-not-determine" not in found


def test_could_not_determine_is_listed_though_the_ledger_does_not_say_why():
    look = Look(of_status("could-not-determine"), has_open_alert=False)
    found = [r.code for r in REASONS if r.find(look) is not None]
    assert found == ["could-not-determine"]


# MS that somebody should confirm


@pytest.mark.parametrize(
    "elements",
    [{"verification": "provisional"}, {"verification": "differential"}, {"clinical": "resolved"}],
    ids=["provisional", "differential", "resolved"],
)
def test_possible_and_resolved_ms_is_for_review(elements):
    assert set(why(*with_ms(**elements))) == {"review-ms"}


def test_a_single_visit_for_ms_is_for_review():
    found = why(woman(born="1986-06-01"), visit_for_ms("2026-03-01"))
    assert "possible MS" in found["review-ms"]


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_ms_that_was_taken_back_needs_nobodys_look(verification):
    assert why(*with_ms(verification=verification)) == {}


def test_possible_ms_of_somebody_who_died_needs_nobodys_look():
    dead = woman(born="1986-06-01", deceasedBoolean=True)
    assert why(dead, ms(verification="provisional")) == {}


def test_a_resolved_diagnosis_beside_a_confirmed_one_needs_nobodys_look():
    assert why(*MARA, ms(clinical="resolved")) == {}


def test_an_open_alert_of_somebody_whose_ms_is_no_longer_confirmed_is_to_be_decided():
    found = why(*with_ms(verification="provisional"), has_open_alert=True)
    assert set(found) == {"alert-without-ms", "review-ms"}


def test_an_open_alert_of_somebody_with_ms_is_nothing_to_decide():
    assert "alert-without-ms" not in why(*DUE, has_open_alert=True)


# Scans and orders


@pytest.mark.parametrize(
    ("day", "is_listed"),
    [("2026-08-25", False), ("2026-08-24", False), ("2026-08-23", True)],
    ids=["89 days ago", "90 days ago", "91 days ago"],
)
def test_a_result_is_missing_after_90_days(day, is_listed):
    assert ("result-missing" in why(*DUE, dxa_done(on=day))) is is_listed


def test_a_scan_with_a_result_misses_none():
    assert why(*DUE, dxa(on="2026-01-22", t=-0.3)) == {}


def test_an_order_older_than_6_months_is_to_be_booked_or_ended():
    assert "ordered, not done" in why(*DUE, dxa_order(on="2026-05-21"))["order-old"]


def test_an_order_of_6_months_is_waited_for():
    assert set(why(*DUE, dxa_order(on="2026-05-22"))) == {"ordered-waiting"}


def test_an_old_order_is_told_of_somebody_who_is_not_due_too():
    assert set(why(*MARA, dxa_order(on="2026-05-21"))) == {"order-old"}


def test_nobody_books_an_old_order_of_somebody_who_said_no():
    refused = dxa_order(on="2026-10-01", status="revoked", reasonCode=[{"coding": [Z53_20]}])
    assert set(why(*DUE, dxa_order(on="2026-05-21"), refused)) == {"declined"}


Z53_20 = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z53.20"}


def test_a_document_that_may_be_a_scan_is_to_be_looked_at():
    found = why(*MARA, document("Outside DEXA report", on="2026-10-22"))
    assert set(found) == {"possible-scan"}
    assert found["possible-scan"].endswith("[DocumentReference/documentreference-1]")


def test_a_document_of_somebody_without_ms_is_nobodys_work():
    assert why(woman(born="1986-06-01"), document("Outside DEXA report", on="2026-10-22")) == {}


# Reviews


def test_a_bone_agent_at_oncology_dose_is_for_review():
    found = why(*MARA, ordered(rxnorm("1046402"), on="2026-10-01"))
    assert set(found) == {"review-oncology"}


def test_a_bone_agent_at_oncology_dose_of_somebody_who_died_needs_nobodys_look():
    dead = woman(born="1986-06-01", deceasedBoolean=True)
    assert why(dead, ms(), ordered(rxnorm("1046402"), on="2026-10-01")) == {}


def test_myeloma_is_for_review():
    found = why(*MARA, condition(icd("C90.00"), recorded="2025-01-01"))
    assert set(found) == {"review-myeloma"}


def test_myeloma_that_was_refuted_needs_nobodys_look():
    refuted = condition(icd("C90.00"), recorded="2025-01-01", verification="refuted")
    assert why(*MARA, refuted) == {}


def test_another_secondary_cause_needs_nobodys_look():
    assert why(*MARA, condition(icd("M06.9"), recorded="2025-01-01")) == {}


def test_a_fracture_after_a_fall_from_a_building_is_to_be_judged():
    older = (woman(born="1976-06-01"), ms(), edss(2.0, on="2026-03-01"))
    fracture = condition(icd("S72.001A"), onset="2025-02-01")
    found = why(*older, fracture, condition(icd("W13.9XXA"), onset="2025-02-01"))
    assert set(found) == {"review-evidence"}
    assert "high-energy mechanism" in found["review-evidence"]


def test_known_osteoporosis_without_therapy_is_a_treatment_gap():
    found = why(*MARA, condition(icd("M81.0"), recorded="2024-01-01"))
    assert set(found) == {"treatment-gap"}
    assert "2024-01-01 [Condition/" in found["treatment-gap"]


# The chart


def test_what_in_the_chart_cannot_be_used_is_to_be_corrected():
    found = why(*MARA, edss(65, on="2026-06-01"))
    assert found == {
        "chart-problem": "EDSS is not a value of the scale [Observation/observation-2]"
    }


def test_the_chart_of_somebody_without_ms_is_not_ours_to_correct():
    assert why(woman(born="1986-06-01"), edss(65, on="2026-06-01")) == {}


# On request


def test_somebody_due_is_listed_on_request_with_the_criteria():
    assert why(*DUE) == {"due": "EDSS 6.0 or more (MSO-02)"}


def test_somebody_due_soon_is_listed_on_request_with_the_scan():
    found = why(*DUE, dxa(on="2024-12-20", t=-1.2))
    assert set(found) == {"due-soon"}
    assert "2024-12-20" in found["due-soon"]


@pytest.mark.parametrize("status", ["snoozed", "declined"])
def test_a_no_is_listed_on_request(status):
    look = Look(of_status(status), has_open_alert=False)
    (reason,) = [r for r in REASONS if r.find(look) is not None]
    assert (reason.code, reason.is_on_request) == (status, True)


def test_a_chart_that_could_not_be_judged_is_told():
    look = Look(of_status("error"), has_open_alert=False)
    assert [r.code for r in REASONS if r.find(look) is not None] == ["not-judged"]


# The table


def test_a_reason_of_a_status_is_called_as_the_status():
    on_request = {r.code for r in REASONS if r.is_on_request}
    assert on_request == {"due", "due-soon", "ordered-waiting", "snoozed", "declined"}
    assert on_request <= {str(status) for status in Status}


def test_no_two_reasons_have_one_code():
    assert len({r.code for r in REASONS}) == len(REASONS)


def test_an_assessment_of_an_older_version_without_criteria_fails_nobody():
    entry = of_status("due")
    object.__setattr__(entry, "findings", [{"number": "MSO-02", "verdict": "met"}])
    look = Look(entry, has_open_alert=False)
    assert [r.code for r in REASONS if r.find(look) is not None] == ["due"]


def test_a_silent_repr_shows_nobody():
    assert "MS" not in repr(Look(judged(*MARA), has_open_alert=False))


# Done elsewhere


def test_a_scan_that_was_done_elsewhere_asks_for_its_result():
    assert "result-elsewhere" in why(*DUE, *answered("action-completed"))


def test_a_scan_done_elsewhere_is_asked_for_no_longer_when_its_result_is_here():
    scanned = dxa(z=-0.5, on="2026-10-01")
    assert "result-elsewhere" not in why(*DUE, *answered("action-completed"), scanned)


def test_another_no_asks_for_no_result():
    assert "result-elsewhere" not in why(*DUE, *answered("patient-refuses"))
