"""A survey on a fake wire: who is read, how, what goes wrong for whom, and what is told of it."""

import json
from datetime import date
from io import StringIO

import httpx
import pytest
import structlog
from rich.console import Console

from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused, EHRUnavailable
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.survey.chart import ChartReading
from service.survey.forms import MOST_CODES, is_standard, survey_json
from service.survey.printing import print_survey
from service.survey.run import BATCH_SIZE, every_kth, survey
from tests.lib.wire import Chart, Wire, answer, outcome, parameters_of, resource

ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
IDS = tuple(f"person-{number:02}" for number in range(12))
LOCAL = "urn:oid:1.2.3"
TYPES = tuple(need.type for need in PROTOCOL.needs)
SECRET = "Ida Muster of 5 High Street"


def local_edss(patient):
    coding = {"system": LOCAL, "code": "EDSS1", "display": "EDSS score"}
    return resource(
        "Observation",
        f"o-{patient}",
        patient,
        status="final",
        code={"coding": [coding], "text": SECRET},
        effectiveDateTime="2026-01-01",
        valueString=SECRET,
        note=[{"text": SECRET}],
    )


def person(patient_id):
    name = [{"text": SECRET}]
    return resource("Patient", patient_id, birthDate="1980-01-01", gender="female", name=name)


class Hospital:
    """Twelve people with a local EDSS code on a fake wire."""

    def __init__(self, *resources, listed=TYPES, reading=None):
        self.listed = listed
        self.instead = lambda request: None
        everybody = [*map(person, IDS), *map(local_edss, IDS), *resources]
        self.wire = Wire(Chart(*everybody, answer_instead=self._answer))
        self.reading = reading or ChartReading(VOCABULARY)
        self.members = CohortMembers(IDS, "test", True)
        self.progress = []
        self.looked_at = []

    def _answer(self, request):
        if request.url.path.endswith("/metadata"):
            types = [{"type": t, "interaction": [{"code": "search-type"}]} for t in self.listed]
            statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
            return answer({**statement, "rest": [{"mode": "server", "resource": types}]})
        return self.instead(request)

    def survey(self, people=None):
        connection = EHRConnection(
            self.wire.client(),
            VOCABULARY,
            self.reading,
            cohort_sources=[CohortSource("test", lambda _: self.members)],
            batch_size=BATCH_SIZE,
        )
        return survey(
            connection,
            self.reading,
            PROTOCOL,
            ON,
            people=people,
            progress=lambda *step: self.progress.append(step),
            look=self.looked_at.extend,
        )

    def answer(self, people=None):
        return survey_json(self.survey(people), PROTOCOL)


def printed(found):
    text = StringIO()
    print_survey(found, Console(file=text, width=160))
    return text.getvalue()


def row(rows, name, key="type"):
    return next(one for one in rows if one[key] == name)


def refusing(type_, status=403):
    def instead(request):
        refused = f"/{type_}/" in f"{request.url.path}/"
        return answer(outcome("error", "forbidden"), status) if refused else None

    return instead


def test_a_sample_is_spread_evenly_and_always_the_same():
    assert every_kth(IDS, 3) == ["person-00", "person-04", "person-08"]


@pytest.mark.parametrize("people", [None, 12, 200])
def test_a_sample_that_is_not_smaller_is_everybody(people):
    assert every_kth(IDS, people) == list(IDS)


def test_only_the_sample_is_read():
    hospital = Hospital()
    found = hospital.survey(3)
    asked = {parameters_of(r).get("patient") for r in hospital.wire.requests} - {None}
    assert (found.cohort, found.chosen, found.people) == (12, 3, 3)
    ids = {one.removeprefix("Patient/") for ids in asked for one in ids.split(",")}
    assert ids == {IDS[0], IDS[4], IDS[8]}


def test_whoever_is_about_to_be_read_is_told_for_the_audit():
    hospital = Hospital()
    hospital.survey(3)
    assert hospital.looked_at == [IDS[0], IDS[4], IDS[8]]


def test_observations_are_asked_for_whatever_their_code():
    hospital = Hospital()
    hospital.survey()
    asked = [r for r in hospital.wire.requests if "/Observation" in r.url.path]
    assert asked
    assert not [r for r in asked if "code" in parameters_of(r)]


def test_nothing_is_written():
    hospital = Hospital()
    hospital.survey()
    assert all("_search" in sent or sent.startswith("GET ") for sent in hospital.wire.sent)


def test_people_come_in_small_batches():
    hospital = Hospital()
    hospital.survey()
    assert hospital.progress == [(10, 12), (12, 12)]


def test_a_local_code_is_told_with_its_hint():
    (code,) = Hospital().answer()["codes"]["with_hint"]
    assert (code["system"], code["code"], code["display"]) == (LOCAL, "EDSS1", "EDSS score")
    assert (code["hint"], code["people"], code["share"]) == ("edss", 12, 1.0)


def test_that_nobody_has_a_coded_edss_is_told():
    assert row(Hospital().answer()["on_file"], "edss", "id")["people"] == 0


def test_a_type_that_answers_and_is_empty_is_told():
    found = row(Hospital().answer()["types"], "Procedure")
    assert found["is_empty"]
    assert found["is_read"]


def test_a_type_that_is_refused_is_told_with_the_reason():
    hospital = Hospital()
    hospital.instead = refusing("Condition")
    found = row(hospital.answer()["types"], "Condition")
    assert (found["is_read"], found["is_empty"]) == (False, False)
    assert [(u["why"], u["people"]) for u in found["unread"]] == [("refused", 12)]


def test_a_type_that_is_not_in_the_capability_statement_is_told_and_not_asked_for():
    hospital = Hospital(listed=[t for t in TYPES if t != "Device"])
    found = row(hospital.answer()["types"], "Device")
    assert (found["is_listed"], found["is_read"], found["unread"]) == (False, False, [])
    assert not [sent for sent in hospital.wire.sent if sent.startswith("POST /Device/")]


def test_a_criterion_that_is_unknown_for_everybody_is_told():
    hospital = Hospital()
    hospital.instead = refusing("Condition")
    found = row(hospital.answer()["criteria"], "MSO-01", "number")
    assert (found["met"], found["unknown"], found["not-met"]) == (0, 10, 0)


def test_what_was_reported_about_charts_is_told_by_kind():
    uncoded = [resource("Condition", f"c-{i}", i, code={"text": SECRET}) for i in IDS]
    found = Hospital(*uncoded).answer()
    (problem,) = found["problems"]
    assert (problem["problem"], problem["people"]) == ("no readable code", 12)
    assert "no readable code" in printed(found)


def test_the_steroids_of_too_few_people_are_hidden():
    medicine = {"text": "prednisone 5 mg tablet"}
    order = resource(
        "MedicationRequest",
        "m1",
        IDS[0],
        status="active",
        intent="order",
        authoredOn="2026-10-01",
        medicationCodeableConcept=medicine,
    )
    answer = Hospital(order).answer()
    found = answer["steroid_records"]
    assert (found["records"], found["about"]) == (None, "few")
    assert [one["records"] for one in found["by_what_can_be_told"]] == [None]
    assert "Systemic glucocorticoids, few" in printed(answer)


class Breaking(ChartReading):
    """Breaks on one person's chart."""

    def __call__(self, patient_id, *chart):
        if patient_id == IDS[3]:
            raise ZeroDivisionError
        return super().__call__(patient_id, *chart)


def test_a_chart_that_breaks_costs_only_its_own_person():
    found = Hospital(reading=Breaking(VOCABULARY)).survey()
    assert (found.people, found.failed) == (11, 1)
    assert found.types["Observation"] == 11


def test_an_ehr_that_is_away_costs_the_survey():
    hospital = Hospital()
    hospital.instead = lambda _: httpx.Response(503, headers={"Retry-After": "0"})
    with pytest.raises(EHRUnavailable):
        hospital.survey()


def test_a_cohort_that_is_refused_costs_the_survey():
    hospital = Hospital()

    def refuse(*_):
        raise EHRRefused("no")

    ehr = EHRConnection(
        hospital.wire.client(),
        VOCABULARY,
        hospital.reading,
        cohort_sources=[CohortSource("test", refuse)],
    )
    with pytest.raises(EHRRefused):
        survey(
            ehr,
            hospital.reading,
            PROTOCOL,
            ON,
            people=None,
            progress=lambda *_: None,
            look=hospital.looked_at.extend,
        )


def test_neither_a_person_nor_free_text_is_in_the_report_or_in_the_log():
    hospital = Hospital(reading=Breaking(VOCABULARY))
    with structlog.testing.capture_logs() as events:
        found = hospital.answer()
    said = json.dumps(found) + printed(found) + str(events)
    assert events
    assert "person-" not in said
    assert "Muster" not in said
    assert "1980" not in said


def test_the_printed_report_says_what_cannot_be_seen():
    hospital = Hospital(listed=[t for t in TYPES if t != "Device"])
    hospital.instead = refusing("Condition")
    said = printed(hospital.answer())
    assert "12 surveyed of 12" in said
    assert "refused: 12 (100 %)" in said
    assert "not in the capability statement" in said
    assert "answers, but is empty for everybody" in said
    assert "EDSS1" in said
    assert "Systemic glucocorticoids: nobody." in said


def test_the_printed_report_warns_of_what_is_missing():
    hospital = Hospital(reading=Breaking(VOCABULARY))
    hospital.members = CohortMembers(IDS, "test", False)
    found = hospital.answer()
    found["people"]["unreadable_charts"] = 1
    found["codes"]["is_cut_short"] = True
    said = printed(found)
    assert "1 could not be looked at" in said
    assert "1 charts could not be parsed" in said
    assert "did not name the whole cohort" in said
    assert "more codes than can be counted" in said


def test_of_an_empty_cohort_nothing_more_is_printed():
    hospital = Hospital()
    hospital.members = CohortMembers((), "test", True)
    said = printed(hospital.answer())
    assert "0 surveyed of 0" in said
    assert "What is on file" not in said


def test_a_printed_report_shows_the_first_codes_and_says_how_many_more():
    many = [
        resource("Condition", f"c{n}-{i}", i, code={"coding": [{"system": LOCAL, "code": f"C{n}"}]})
        for i in IDS
        for n in range(MOST_CODES + 5)
    ]
    found = Hospital(*many).answer()
    assert len(found["codes"]["local"]) == MOST_CODES
    assert f"… {MOST_CODES - 15} more with --json" in printed(found)


def test_steroids_of_enough_people_are_printed_with_why_not():
    orders = [
        resource(
            "MedicationRequest",
            f"m-{i}",
            i,
            status="active",
            intent="order",
            authoredOn="2026-10-01",
            medicationCodeableConcept={"text": "prednisone 5 mg tablet"},
        )
        for i in IDS
    ]
    said = printed(Hospital(*orders).answer())
    assert "cannot be told: its dose is not stated" in said


@pytest.mark.parametrize(
    ("system", "standard"),
    [
        ("http://loinc.org", True),
        ("urn:oid:2.16.840.1.113883.6.96", True),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", True),
        (LOCAL, False),
        ("", False),
    ],
)
def test_a_hospitals_own_system_is_told_from_a_standard_one(system, standard):
    assert is_standard(system) is standard
