"""The presets of the demo EHR refuse, page and misbehave as their sources say."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from service.demo_ehr.presets import FAULTS, PRESETS, PresetUnknown, preset_named
from service.demo_ehr.presets.exchange import issue, refusal
from service.demo_ehr.presets.proxy import Incident, QuirkyEHR
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire_server import wire_server

CLOSED = ("epic", "oracle-health", "meditech", "athenahealth")
FORM = "application/x-www-form-urlencoded"


class Asking:
    """A running preset, the server behind it, and somebody who asks."""

    def __init__(self, ehr: QuirkyEHR, behind: FakeFHIRServer) -> None:
        self.ehr = ehr
        self.behind = behind
        self.headers: dict[str, str] = {}
        self._connection = http.client.HTTPConnection(ehr.origin.removeprefix("http://"))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the body; headers of the answer are in `headers`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        is_form = isinstance(body, str)
        content = body if is_form or body is None else json.dumps(body)
        sent |= {"Content-Type": FORM} if is_form else {}
        self._connection.request(method, f"/fhir/{path}", content, sent)
        answer = self._connection.getresponse()
        self.headers = dict(answer.getheaders())
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status, and the product's own code or the issue's code."""
        status, outcome = self(method, path, body, **headers)
        first = outcome["issue"][0]
        coding = first.get("details", {}).get("coding", [{}])[0]
        return status, coding.get("code", first["code"])

    def matches(self, path: str) -> list[str]:
        """The ids of all matches, over all pages."""
        found: list[str] = []
        while path:
            _, bundle = self("GET", path)
            entries = bundle["entry"]
            found += [e["resource"]["id"] for e in entries if e["search"]["mode"] == "match"]
            links = {link["relation"]: link["url"] for link in bundle.get("link", ())}
            path = links.get("next", "").partition("/fhir")[2].lstrip("/")
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def patient(id_: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_}


def about(type_: str, id_: str, who: str = "ada", **elements: Any) -> dict[str, Any]:
    subject = {"reference": f"Patient/{who}"}
    return {"resourceType": type_, "id": id_, "subject": subject, "status": "final", **elements}


@contextmanager
def opened(name: str, *resources: dict[str, Any]) -> Iterator[Asking]:
    behind = FakeFHIRServer(patient("ada"), patient("bea"), *resources)
    with ExitStack() as stack:
        origin = stack.enter_context(wire_server(behind))
        ehr = stack.enter_context(QuirkyEHR(preset_named(name), f"{origin}/fhir"))
        asking = Asking(ehr, behind)
        stack.callback(asking.close)
        yield asking


@pytest.fixture
def epic() -> Iterator[Asking]:
    with opened("epic", about("Condition", "ms"), about("Observation", "bmi")) as asking:
        yield asking


@pytest.fixture
def oracle() -> Iterator[Asking]:
    with opened(
        "oracle-health", about("Condition", "ms"), about("Condition", "b", "bea")
    ) as asking:
        yield asking


# Names


def test_an_unknown_name_lists_the_products_and_the_faults():
    with pytest.raises(PresetUnknown) as refused:
        preset_named("epyc")

    assert "athenahealth" in str(refused.value)
    assert "expiring-pages" in str(refused.value)


def test_faults_are_added_to_a_product_with_plus_signs():
    assert preset_named("hapi+busy+odd").name == "hapi+busy+odd"


@pytest.mark.parametrize("name", ["epic+", "+busy", "busy", "epic+hapi"])
def test_a_fault_alone_or_a_product_as_a_fault_is_no_name(name):
    with pytest.raises(PresetUnknown):
        preset_named(name)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_added_to_every_product(fault):
    assert all(preset_named(f"{name}+{fault}") for name in PRESETS)


# Statements


@pytest.mark.parametrize("name", PRESETS)
def test_every_statement_is_of_r4_and_names_its_own_address(name):
    with opened(name) as asking:
        status, told = asking("GET", "metadata")

        assert (status, told["fhirVersion"]) == (200, "4.0.1")
        assert told["implementation"]["url"] == asking.ehr.base_url


@pytest.mark.parametrize("type_", ["Flag", "Task"])
@pytest.mark.parametrize("name", CLOSED)
def test_no_closed_product_lets_a_flag_or_task_be_made(name, type_):
    with opened(name) as asking:
        status, _ = asking("POST", type_, about(type_, "x"))

        assert status in (404, 405)
        assert asking.behind.writes == []


@pytest.mark.parametrize("name", ["epic", "meditech"])
def test_these_products_know_no_date_of_change(name):
    parameters = preset_named(name).offered["Condition"].parameters

    assert "_lastUpdated" not in parameters


@pytest.mark.parametrize("name", CLOSED)
def test_a_search_for_a_diagnosis_without_a_patient_is_refused(name):
    with opened(name, about("Condition", "ms")) as asking:
        status, _ = asking("GET", "Condition?code=G35")

        assert status == 400


# Epic


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Condition?category=problem-list-item", (400, "4111")),
        ("Condition", (400, "4110")),
        ("Condition?patient=ada,bea", (400, "4112")),
        ("Condition?patient=ada&patient=bea", (400, "4112")),
        ("Condition?patient=ada&subject=ada", (400, "4112")),
        ("Condition?patient=ada&category=foo", (400, "4115")),
        ("Condition?patient=nobody", (400, "4100")),
        ("Observation?patient=ada", (400, "59108")),
        ("Observation?patient=ada&category=therapy", (400, "59111")),
        ("List?code=problems", (400, "4111")),
    ],
)
def test_epic_refuses_a_search_with_its_own_code(epic, query, expected):
    assert epic.code("GET", query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "Condition?patient=ada",
        "Condition?patient=Patient/ada&category=problem-list-item",
        "Observation?patient=ada&code=http://loinc.org|39156-5",
        "Observation?patient=ada&category=vital-signs",
        "List?code=patients",
    ],
)
def test_epic_answers_what_it_documents(epic, query):
    assert epic("GET", query)[0] == 200


def test_epic_ignores_an_unknown_parameter_with_a_warning(epic):
    _, bundle = epic("GET", "Condition?patient=ada&_lastUpdated=ge2026-01-01")

    modes = [entry["search"]["mode"] for entry in bundle["entry"]]
    assert modes == ["match", "outcome"]


def test_epic_says_with_a_warning_that_nothing_was_found(epic):
    _, bundle = epic("GET", "Condition?patient=bea")

    (entry,) = bundle["entry"]
    assert entry["resource"]["issue"][0]["details"]["coding"][0]["code"] == "4101"


def test_epic_ignores_everything_beside_an_id(epic):
    status, bundle = epic("GET", "Condition?_id=ms&patient=bea&code=G35")

    assert status == 200
    assert bundle["entry"][0]["resource"]["id"] == "ms"


def test_epic_takes_a_post_search_from_its_body_and_ignores_the_query(epic):
    status, bundle = epic("POST", "Condition/_search?patient=bea", "patient=ada")

    assert (status, bundle["entry"][0]["resource"]["id"]) == (200, "ms")


def test_epic_refuses_a_closed_chart_for_good(epic):
    epic.ehr.hospital.closed.add("ada")

    assert epic.code("GET", "Condition?patient=ada") == (403, "4131")
    assert epic.code("GET", "Patient/ada") == (403, "4131")


def test_epic_leads_from_a_merged_patient_to_the_one_who_goes_on(epic):
    epic.ehr.hospital.merged["old"] = "ada"

    assert epic.code("GET", "Patient/old") == (302, "4107")
    assert epic.headers["Location"] == f"{epic.ehr.base_url}/Patient/ada"


def test_epic_finds_nothing_for_a_merged_patient(epic):
    epic.ehr.hospital.merged["ada"] = "bea"

    assert epic.matches("Condition?patient=ada") == []


def test_epic_finds_at_most_a_hundred_patients():
    many = [patient(f"p{number}") for number in range(101)]
    with opened("epic", *many) as asking:
        assert asking.code("GET", "Patient?family=x") == (400, "4127")


def test_epic_takes_a_message_and_answers_without_a_body(epic):
    status, body = epic("POST", "Communication", about("Communication", "x"))

    assert (status, body) == (201, None)


def test_epic_names_a_drug_by_reference_only():
    drug = {"text": "Prednisone 10 mg"}
    prescription = about("MedicationRequest", "rx", medicationCodeableConcept=drug)
    with opened("epic", prescription) as asking:
        _, bundle = asking("GET", "MedicationRequest?patient=ada")
        found = bundle["entry"][0]["resource"]
        _, medication = asking("GET", found["medicationReference"]["reference"])

        assert "medicationCodeableConcept" not in found
        assert medication["code"] == drug


def test_epic_lets_a_page_expire_with_its_own_code(epic):
    assert epic.code("GET", "Condition?sessionID=9-100") == (400, "4113")


def test_epic_finds_a_patient_list_by_its_identifier():
    lists = [
        {"resourceType": "List", "id": f"list-{n}", "identifier": [{"system": "s", "value": n}]}
        for n in ("a", "b")
    ]
    with opened("epic", *lists) as asking:
        assert asking.matches("List?code=patients&identifier=s|b") == ["list-b"]


# Oracle Health


@pytest.mark.parametrize(
    "query",
    [
        "Condition?clinical-status=active",
        "Condition?_id=ms&patient=ada",
        "Condition?patient=ada&code=G35",
        "Patient?_count=5",
        "Procedure?patient=ada&date=ge2020&_lastUpdated=ge2020",
        "Communication?patient=ada",
    ],
)
def test_oracle_refuses_a_search_that_it_does_not_document(oracle, query):
    assert oracle("GET", query)[0] == 400


def test_oracle_answers_for_the_first_of_several_patients_without_a_word(oracle):
    assert oracle.matches("Condition?patient=ada,bea") == ["ms"]


def test_oracle_has_no_search_by_post(oracle):
    assert oracle("POST", "Condition/_search", "patient=ada")[0] == 404


def test_oracle_gives_no_group_away_but_to_an_export(oracle):
    assert oracle("GET", "Group/ms")[0] == 405


def test_oracle_fails_a_search_as_a_whole_for_one_invalid_resource(oracle):
    oracle.ehr.hospital.invalid.add("ada")

    assert oracle.code("GET", "Condition?patient=ada") == (500, "required")
    assert oracle("GET", "Condition?patient=bea")[0] == 200


def test_oracle_wants_the_version_in_an_update(oracle):
    changed = about("Condition", "ms")

    assert oracle("PUT", "Condition/ms", changed)[0] == 412
    assert oracle("PUT", "Condition/ms", changed, If_Match='W/"7"')[0] == 409
    assert oracle("PUT", "Condition/ms", changed, If_Match='W/"1"')[0] == 200


def message(**elements: Any) -> dict[str, Any]:
    """A message as Oracle documents it."""
    attachment = {"contentType": "text/plain; charset=utf-8", "data": "Qm9uZXM="}
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [{"coding": [{"code": "notification"}]}],
        "subject": {"reference": "Patient/ada"},
        "recipient": [{"reference": "Group/clinic"}],
        "sender": {"reference": "Practitioner/boneflag"},
        "payload": [{"contentAttachment": attachment}],
        **elements,
    }


def test_oracle_takes_a_message_as_it_documents_it(oracle):
    assert oracle("POST", "Communication", message()) == (201, None)


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "in-progress"},
        {"category": [{"coding": [{"code": "alert"}]}]},
        {"category": []},
        {"priority": "stat"},
        {"topic": {"coding": [{"code": "x"}]}},
        {"recipient": [{"reference": "PractitionerRole/x"}]},
        {"recipient": []},
        {"sender": {"reference": "Device/x"}},
        {"payload": [{"contentString": "Bones"}]},
        {"identifier": [{"value": "x"}]},
        {"about": [{"reference": "Condition/ms"}]},
        {"extension": [{"url": "https://boneflag.example/x", "valueString": "x"}]},
    ],
)
def test_oracle_refuses_any_other_message(oracle, elements):
    assert oracle("POST", "Communication", message(**elements))[0] == 422


def test_oracle_runs_one_export_at_a_time(oracle):
    oracle.ehr.hospital.is_exporting = True

    assert oracle.code("GET", "Group/ms/$export?_type=Patient") == (429, "throttled")


@pytest.mark.parametrize(
    "query", ["_type=MedicationAdministration", "_type=Patient&_type=Condition"]
)
def test_oracle_refuses_an_export_of_other_types_or_of_a_repeated_parameter(oracle, query):
    assert oracle("GET", f"Group/ms/$export?{query}")[0] == 400


# Open servers


@pytest.mark.parametrize(
    ("name", "prefer", "expected"),
    [
        ("hapi", "", 400),
        ("azure", "", 200),
        ("azure", "handling=strict", 400),
        ("google", "", 200),
    ],
)
def test_an_unknown_parameter_is_refused_or_ignored_by_product(name, prefer, expected):
    with opened(name) as asking:
        assert asking("GET", "Flag?patient=ada&status=active", Prefer=prefer)[0] == expected


def test_azure_has_ten_on_a_page_and_no_total():
    many = [about("Condition", f"c{number}") for number in range(11)]
    with opened("azure", *many) as asking:
        _, bundle = asking("GET", "Condition?patient=ada")

        assert len(bundle["entry"]) == 10
        assert "total" not in bundle
        assert len(asking.matches("Condition?patient=ada")) == 11


@pytest.mark.parametrize("name", PRESETS)
def test_the_pages_of_a_search_hold_every_match_once(name):
    many = [about("MedicationRequest", f"m{number}") for number in range(5)]
    with opened(name, *many) as asking:
        found = asking.matches("MedicationRequest?patient=ada&_count=2")

        assert sorted(found) == [f"m{number}" for number in range(5)]


def test_google_takes_a_condition_by_identifier_only():
    with opened("google") as asking:
        flag = about("Flag", "x")
        by_patient = asking("POST", "Flag", flag, If_None_Exist="patient=ada")
        by_identifier = asking("POST", "Flag", flag, If_None_Exist="identifier=a|b")

        assert (by_patient[0], by_identifier[0]) == (400, 201)


def test_google_lets_no_client_choose_an_id():
    with opened("google") as asking:
        assert asking("PUT", "Flag/mine", about("Flag", "mine"))[0] == 404


def test_azure_takes_no_bundle_of_more_than_five_hundred():
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{}] * 501}
    with opened("azure") as asking:
        assert asking("POST", "", bundle)[0] == 413


# Faults

FLAG = about("Flag", "x", identifier=[{"system": "s", "value": "1"}])


def made_twice(name: str) -> int:
    """How many Flags there are after the same conditional create was sent twice."""
    with opened(name) as asking:
        for _ in range(2):
            asking(
                "POST",
                "Flag",
                {k: v for k, v in FLAG.items() if k != "id"},
                If_None_Exist="identifier=s|1",
            )
        return len(asking.behind.all("Flag"))


@pytest.mark.parametrize(
    ("name", "expected"), [("hapi", 1), ("hapi+racy", 2), ("hapi+no-conditional", 2)]
)
def test_the_same_conditional_create_twice_makes_as_many_as_the_fault_lets(name, expected):
    assert made_twice(name) == expected


def test_a_server_without_conditions_says_so():
    assert preset_named("hapi+no-conditional").offered["Flag"].conditional_create is False


def test_a_busy_server_asks_to_wait_in_both_forms():
    with opened("hapi+busy") as asking:
        asked = []
        for _ in range(9):
            status, _ = asking("GET", "Patient/ada")
            if status == 429:
                asked.append(asking.headers["Retry-After"])

        assert sorted(map(len, asked)) == [1, 29, 29]


def test_an_absurd_server_asks_once_to_wait_for_ages():
    with opened("hapi+absurd") as asking:
        statuses = [asking("GET", "Patient/ada")[0] for _ in range(12)]

        assert statuses.count(429) == 1


def test_a_lagging_index_shows_a_new_resource_later_but_a_read_shows_it_now(monkeypatch):
    with opened("hapi+eventual") as asking:
        _, made = asking("POST", "Flag", about("Flag", "new"))
        now = asking.matches("Flag?patient=ada")
        read = asking("GET", f"Flag/{made['id']}")[0]
        monkeypatch.setattr("service.demo_ehr.presets.faults.LAG_SECONDS", 0.0)

        assert (now, read) == ([], 200)
        assert asking.matches("Flag?patient=ada") == [made["id"]]


def test_a_lagging_index_shows_what_a_resource_was_before_its_update():
    with opened("hapi+eventual", about("Flag", "x", note="old")) as asking:
        asking("PUT", "Flag/x", about("Flag", "x", note="new"))
        _, bundle = asking("GET", "Flag?patient=ada")

        assert bundle["entry"][0]["resource"]["note"] == "old"


def test_expiring_pages_work_only_after_the_search_was_begun_again():
    many = [about("Condition", f"c{number}") for number in range(3)]
    with opened("hapi+expiring-pages", *many) as asking:
        search = "Condition?patient=ada&_count=2"
        _, bundle = asking("GET", search)
        link = bundle["link"][0]["url"].partition("/fhir")[2].lstrip("/")

        assert asking("GET", link)[0] == 410
        assert len(asking.matches(search)) == 3


def test_looping_pages_lead_back_to_the_first():
    many = [about("Condition", f"c{number}") for number in range(3)]
    with opened("hapi+looping", *many) as asking:
        _, first = asking("GET", "Condition?patient=ada&_count=2")
        link = first["link"][0]["url"].partition("/fhir")[2].lstrip("/")
        _, last = asking("GET", link)

        assert last["link"][0]["url"].endswith("-0")


def test_an_odd_server_mixes_remarks_and_strangers_with_matches_that_come_twice():
    with opened("hapi+odd", about("Condition", "ms")) as asking:
        _, bundle = asking("GET", "Condition?patient=ada")

        modes = [entry["search"]["mode"] for entry in bundle["entry"]]
        assert modes == ["match", "match", "include", "outcome"]


def test_a_partial_answer_says_that_something_may_be_missing():
    with opened("hapi+partial", about("Condition", "ms")) as asking:
        _, bundle = asking("GET", "Condition?patient=ada")

        (entry,) = bundle["entry"]
        assert entry["resource"]["issue"][0]["code"] == "incomplete"


# Scripts and records


def test_a_scripted_answer_is_given_as_often_as_it_says(epic):
    reply = refusal(503, issue("fatal", "transient"))
    epic.ehr.incidents.append(Incident(reply, "GET", "Condition", times=2))

    statuses = [epic("GET", "Condition?patient=ada")[0] for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_a_write_whose_answer_gets_lost_has_happened(epic):
    lost = Incident(refusal(504, issue("fatal", "timeout")), "POST", "Communication", happens=True)
    epic.ehr.incidents.append(lost)

    status, _ = epic("POST", "Communication", about("Communication", "x"))

    assert status == 504
    assert len(epic.behind.all("Communication")) == 1


def test_every_request_is_written_down_with_its_parameters_status_and_moment(epic):
    epic("POST", "Condition/_search", "patient=ada")
    epic("GET", "Condition?patient=ada,bea")

    first, second = epic.ehr.requests
    assert (first.parameters, first.status) == ((("patient", "ada"),), 200)
    assert (second.parameters, second.status) == ((("patient", "ada,bea"),), 400)
    assert 0 < first.arrived_at <= second.arrived_at
