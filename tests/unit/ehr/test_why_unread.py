"""Why a type could not be read: refused, cut short, not there, or never listed."""

import httpx
import pytest

from service.ehr.capability import capability_from
from service.ehr.reader import RecordReader
from service.ehr.unread import CUT_SHORT, FAILED, NOT_LISTED, NOT_THERE, REFUSED
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.wire import Chart, Wire, answer, bundle, outcome, parameters_of, resource

IDS = ["a", "b", "c", "d", "e"]
PATIENTS = [resource("Patient", i) for i in IDS]


def build(patient_id, resources, medications, unread, read_at):
    return PatientRecord(ResourceRef("Patient", patient_id), unread=unread)


LISTED = ("Patient", "Condition", "MedicationRequest")


def why(instead=lambda _: None, listed=LISTED, *more, of="a"):
    """Why types of one patient are unread."""
    types = [{"type": t, "interaction": [{"code": "search-type"}]} for t in listed]
    capability = capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": types}]})
    wire = Wire(Chart(*PATIENTS, *more, answer_instead=instead))
    reader = RecordReader(wire.client(), capability, vocabulary_from([]))
    needs = [DataRequirement(t) for t in LISTED]
    list(reader.read_records(IDS, needs, build))
    return dict(reader.why_unread(of))


def condition(reply):
    return lambda request: reply() if "/Condition" in request.url.path else None


def test_what_was_read_needs_no_reason():
    assert why() == {}


@pytest.mark.parametrize(
    ("status", "reason"), [(403, REFUSED), (404, NOT_THERE), (400, FAILED), (500, FAILED)]
)
def test_an_answer_that_did_not_come_says_why(status, reason):
    def instead(request):
        # One patient's chart fails; the others are answered, so that a 500 is no outage.
        is_asked = "a" in parameters_of(request).get("patient", "").split(",")
        failed = "/Condition" in request.url.path and is_asked
        return answer(outcome("error", "processing"), status) if failed else None

    assert why(instead) == {"Condition": reason}


def test_an_answer_that_was_cut_short_says_so():
    page = bundle(resource("Condition", "1", "a"), next_url="https://elsewhere.example/next")
    assert why(condition(lambda: answer(page))) == {"Condition": CUT_SHORT}


def test_a_type_that_is_not_listed_says_so():
    assert why(listed=("Patient", "Condition")) == {"MedicationRequest": NOT_LISTED}


def test_when_the_rest_is_given_up_it_is_for_the_same_reason():
    assert why(condition(lambda: httpx.Response(400)), of="e") == {"Condition": FAILED}


def test_a_patient_who_is_not_there_says_so():
    def forget(request):
        gone = "/Patient" in request.url.path
        if gone and request.method == "GET":
            return answer(outcome("error", "not-found"), 404)
        return answer(bundle()) if gone else None

    assert why(forget) == {"Patient": NOT_THERE}


def test_a_medicine_whose_drug_is_withheld_says_refused():
    medicine = resource(
        "MedicationRequest", "1", "a", medicationReference={"reference": "Medication/m"}
    )

    def withhold(request):
        parts = request.url.path.split("/")
        return answer({}, 403) if "Medication" in parts else None

    assert why(withhold, LISTED, medicine) == {"MedicationRequest": REFUSED}
