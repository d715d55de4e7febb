"""Records in batches: what came, what did not, and which Medications they point to."""

from datetime import UTC, datetime

import pytest

from service.ehr.capability import capability_from
from service.ehr.errors import EHRUnavailable
from service.ehr.manners import Manners
from service.ehr.merged import survivor_of
from service.ehr.reader import RecordReader
from service.ehr.subject import patient_id_of
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.wire import BASE, Chart, Wire, answer, bundle, outcome, parameters_of, resource

TYPES = ("Patient", "Condition", "MedicationRequest")
NEEDS = [DataRequirement(type_) for type_ in TYPES]
PATIENTS = [resource("Patient", i) for i in "abc"]


def capability(*types):
    listed = [{"type": t, "interaction": [{"code": "search-type"}]} for t in types]
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": listed}]})


class Built:
    """Keeps what the reader gave for each patient."""

    def __init__(self):
        self.given = {}

    def __call__(self, patient_id, resources, medications, unread, read_at):
        self.given[patient_id] = (resources, medications, unread, read_at)
        return PatientRecord(ResourceRef("Patient", patient_id), unread=unread, read_at=read_at)


def read(handler, ids, types=TYPES, needs=NEEDS, **options):
    wire, built = Wire(handler), Built()
    reader = RecordReader(wire.client(), capability(*types), vocabulary_from([]), **options)
    records = list(reader.read_records(ids, needs, built))
    return wire, records, built.given


def medicine(id_, patient, reference, **elements):
    return resource(
        "MedicationRequest", id_, patient, medicationReference={"reference": reference, **elements}
    )


def test_each_patient_gets_a_record_with_what_is_theirs_in_the_order_asked():
    chart = Chart(*PATIENTS, resource("Condition", "1", "a"), resource("Condition", "2", "c"))

    _, records, given = read(chart, ["c", "a", "b", "a"])

    assert [r.patient.id for r in records] == ["c", "a", "b"]
    assert [r["id"] for r in given["a"][0]["Condition"]] == ["1"]
    assert [r["id"] for r in given["b"][0]["Condition"]] == []
    assert given["a"][2] == frozenset()


ANSWERS = vocabulary_from(
    [
        {
            "id": "wheelchair",
            "title": "wheelchair",
            "version": "1",
            "compose": {
                "include": [
                    {"system": "http://snomed.info/sct", "concept": [{"code": "105503008"}]}
                ]
            },
        }
    ]
)


def read_observations(handler):
    offered = {
        "type": "Observation",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": "code"}, {"name": "value-concept"}],
    }
    statement = {"fhirVersion": "4.0.1", "rest": [{"resource": [offered]}]}
    wire, built = Wire(handler), Built()
    reader = RecordReader(wire.client(), capability_from(statement), ANSWERS)
    needs = [DataRequirement("Observation", ("wheelchair",))]
    list(reader.read_records(["a"], needs, built))
    resources, _, unread, _ = built.given["a"]
    return [r["id"] for r in resources["Observation"]], unread


def test_an_observation_that_two_searches_find_is_there_once():
    assert read_observations(Chart(resource("Observation", "o", "a"))) == (["o"], frozenset())


def test_a_search_for_answers_that_fails_leaves_the_others_read():
    chart = Chart(resource("Observation", "o", "a"))

    def handler(request):
        if "value-concept" in parameters_of(request):
            return answer(outcome("error", "not-supported"), 400)
        return chart(request)

    assert read_observations(handler) == (["o"], frozenset())


def test_a_batch_costs_one_search_for_each_type():
    many = [f"p{n}" for n in range(50)]
    chart = Chart(*(resource(t, f"{i}", i) for t in TYPES for i in many))
    chart.resources = [dict(r, id=r["id"]) for r in chart.resources]

    wire, records, _ = read(chart, many)

    assert len(records) == 50
    assert len(wire.requests) == len(TYPES)


def test_a_second_batch_begins_after_the_batch_size():
    wire, _, _ = read(Chart(*PATIENTS), ["a", "b", "c"], needs=NEEDS[:1], batch_size=2)

    assert [parameters_of(r)["_id"] for r in wire.requests] == ["a,b", "c"]


def test_a_refused_type_is_unread_and_not_an_empty_list():
    def refuse(request):
        is_condition = "Condition" in request.url.path
        return answer(outcome("error", "forbidden"), 403) if is_condition else None

    _, records, _ = read(Chart(*PATIENTS, answer_instead=refuse), ["a", "b"])

    assert [r.unread for r in records] == [{"Condition"}, {"Condition"}]


def test_a_type_that_the_server_does_not_list_is_unread_and_not_asked_for():
    wire, records, _ = read(Chart(*PATIENTS), ["a"], types=("Patient", "Condition"))

    assert records[0].unread == {"MedicationRequest"}
    assert not any("MedicationRequest" in sent for sent in wire.sent)


def test_a_patient_whom_the_search_did_not_give_is_read_alone():
    def forget_b(request):
        return answer({"resourceType": "Bundle"}) if "_search" in request.url.path else None

    wire, _, given = read(Chart(*PATIENTS, answer_instead=forget_b), ["a", "b"], needs=NEEDS[:1])

    assert given["b"][0]["Patient"] == [PATIENTS[1]]
    assert wire.sent[1:] == ["GET /Patient/a", "GET /Patient/b"]


@pytest.mark.parametrize("status", [404, 410, 403, 301])
def test_a_patient_who_is_gone_still_gets_a_record_with_patient_unread(status):
    def gone(request):
        return answer(b"", status) if request.url.path.endswith("/Patient/z") else None

    chart = Chart(*PATIENTS, resource("Condition", "1", "z"), answer_instead=gone)

    _, records, given = read(chart, ["a", "z"])

    assert records[1].unread == {"Patient"}
    assert len(given["z"][0]["Condition"]) == 1


def test_a_read_that_answers_with_another_patient_leaves_patient_unread():
    def merged(request):
        return answer(PATIENTS[0]) if request.url.path.endswith("/Patient/z") else None

    _, records, _ = read(Chart(*PATIENTS, answer_instead=merged), ["z"])

    assert "Patient" in records[0].unread


def test_a_refused_patient_search_is_not_followed_by_reads():
    wire, records, _ = read(lambda _: answer(b"", 403), ["a", "b"], needs=NEEDS[:1])

    assert [r.unread for r in records] == [{"Patient"}, {"Patient"}]
    assert len(wire.requests) == 1


def test_an_unavailable_server_stops_the_batch():
    with pytest.raises(EHRUnavailable):
        read(lambda _: answer(b"", 503), ["a"])


def test_an_unavailable_server_stops_the_batch_also_while_a_missing_patient_is_read():
    def busy(request):
        return answer(b"", 503) if request.method == "GET" else None

    with pytest.raises(EHRUnavailable):
        read(Chart(answer_instead=busy), ["a", "b"])


def test_resources_of_strangers_reach_nobody():
    def stranger(request):
        if "Condition" not in request.url.path:
            return None
        own = [resource("Condition", f"c{i}", i) for i in "ab"]
        found = [{"resource": r} for r in [*own, resource("Condition", "x", "z")]]
        return answer({"resourceType": "Bundle", "entry": found})

    _, _, given = read(Chart(*PATIENTS, answer_instead=stranger), ["a", "b"])

    assert [r["id"] for p in "ab" for r in given[p][0]["Condition"]] == ["ca", "cb"]


def test_a_record_says_when_its_reading_began():
    before = datetime.now(UTC)

    _, records, _ = read(Chart(*PATIENTS), ["a"])

    assert before <= records[0].read_at <= datetime.now(UTC)


# Medications


def test_referenced_medications_are_fetched_together_and_each_once():
    drugs = [resource("Medication", i) for i in ("m1", "m2")]
    orders = [
        medicine("1", "a", "Medication/m1"),
        medicine("2", "b", f"{BASE}/Medication/m2"),
        medicine("3", "b", "Medication/m1/_history/4"),
    ]

    wire, records, given = read(Chart(*PATIENTS, *drugs, *orders), ["a", "b"])

    assert given["a"][1] == {"Medication/m1": drugs[0], "Medication/m2": drugs[1]}
    assert [r.unread for r in records] == [frozenset(), frozenset()]
    assert [sent for sent in wire.sent if "Medication/" in sent or sent == "GET /Medication"] == [
        "GET /Medication"
    ]


def test_contained_medications_are_left_where_they_are():
    wire, _, _ = read(Chart(*PATIENTS, medicine("1", "a", "#m")), ["a"])

    assert not any("/Medication" in s and "MedicationRequest" not in s for s in wire.sent)


def test_a_medication_on_another_server_is_not_followed():
    order = medicine("1", "a", "https://other.example.org/fhir/Medication/m1")

    wire, _, given = read(Chart(*PATIENTS, order, resource("Medication", "m1")), ["a"])

    assert given["a"][1] == {}
    assert not any(sent.endswith("/m1") for sent in wire.sent)


def test_medications_are_read_one_by_one_where_they_cannot_be_searched():
    drugs = [resource("Medication", i) for i in ("m1", "m2")]
    orders = [medicine("1", "a", "Medication/m1"), medicine("2", "a", "Medication/m2")]

    def no_search(request):
        return answer(b"", 400) if request.url.path == "/fhir/Medication" else None

    _, _, given = read(Chart(*PATIENTS, *drugs, *orders, answer_instead=no_search), ["a"])

    assert sorted(given["a"][1]) == ["Medication/m1", "Medication/m2"]


def test_a_dangling_medication_costs_only_its_own_medicine():
    _, records, given = read(Chart(*PATIENTS, medicine("1", "a", "Medication/gone")), ["a"])

    assert given["a"][1] == {}
    assert records[0].unread == frozenset()


def refuse_medication(request):
    refused = request.url.path.startswith("/fhir/Medication/")
    return answer(outcome("error", "forbidden"), 403) if refused else None


def test_a_withheld_medication_leaves_the_medicines_of_that_patient_unread():
    chart = Chart(*PATIENTS, medicine("1", "a", "Medication/m"), answer_instead=refuse_medication)

    _, records, _ = read(chart, ["a", "b"])

    assert [r.unread for r in records] == [{"MedicationRequest"}, frozenset()]


def test_a_withheld_medication_with_a_name_beside_it_leaves_nothing_unread():
    order = medicine("1", "a", "Medication/m", display="Prednisone 10 mg")

    _, records, _ = read(Chart(*PATIENTS, order, answer_instead=refuse_medication), ["a"])

    assert records[0].unread == frozenset()


def test_a_medication_that_several_batches_point_to_is_fetched_once():
    drug = resource("Medication", "m")
    orders = [medicine("1", "a", "Medication/m"), medicine("2", "b", "Medication/m")]
    wire = Wire(Chart(*PATIENTS, drug, *orders))
    reader = RecordReader(wire.client(), capability(*TYPES), vocabulary_from([]), batch_size=1)

    for _ in range(2):
        list(reader.read_records(["a", "b"], NEEDS, Built()))

    assert wire.sent.count("GET /Medication/m") == 1


# Devices

DEVICES = ("Patient", "Device", "DeviceUseStatement")


def used(id_, patient, reference):
    return resource("DeviceUseStatement", id_, patient, device={"reference": reference})


def read_devices(*resources, instead=lambda _: None):
    needs = [DataRequirement(type_) for type_ in DEVICES]
    chart = Chart(*PATIENTS, *resources, answer_instead=instead)
    return read(chart, ["a", "b"], types=DEVICES, needs=needs)


def test_a_device_that_a_statement_names_and_that_is_assigned_to_nobody_is_fetched():
    chair = resource("Device", "chair")

    _, _, given = read_devices(chair, used("1", "a", "Device/chair"))

    assert given["a"][0]["Device"] == [chair]
    assert given["b"][0]["Device"] == []


def test_a_device_that_is_assigned_to_somebody_else_is_not_put_into_the_chart():
    theirs = resource("Device", "chair", patient="z")

    _, _, given = read_devices(theirs, used("1", "a", "Device/chair"))

    assert given["a"][0]["Device"] == []


def test_a_device_that_is_withheld_leaves_the_statements_unread():
    def withhold(request):
        return answer({}, 403) if request.url.path.endswith("/Device/chair") else None

    _, records, _ = read_devices(used("1", "a", "Device/chair"), instead=withhold)

    assert [r.unread for r in records] == [{"DeviceUseStatement"}, frozenset()]


# Withheld from one, or given to nobody


def refuse_conditions_of(*refused):
    def instead(request):
        asked = parameters_of(request).get("patient", "").split(",")
        is_refused = "/Condition" in request.url.path and set(asked) & set(refused)
        return answer(outcome("error", "forbidden"), 403) if is_refused else None

    return instead


ALONE = Manners(one_at_a_time=True)


def test_a_type_that_others_are_read_in_is_withheld_from_whoever_was_refused():
    chart = Chart(*PATIENTS, answer_instead=refuse_conditions_of("b"))

    _, records, _ = read(chart, ["a", "b", "c"], manners=ALONE)

    assert [r.withheld for r in records] == [frozenset(), {"Condition"}, frozenset()]


def test_a_type_that_is_refused_to_everybody_is_withheld_from_nobody():
    chart = Chart(*PATIENTS, answer_instead=refuse_conditions_of("a", "b", "c"))

    _, records, _ = read(chart, ["a", "b", "c"])

    assert [r.unread for r in records] == [{"Condition"}] * 3
    assert [r.withheld for r in records] == [frozenset()] * 3


def test_one_refusal_alone_does_not_tell_that_a_type_is_closed_to_everybody():
    _, records, _ = read(Chart(*PATIENTS, answer_instead=refuse_conditions_of("a")), ["a"])

    assert records[0].withheld == {"Condition"}


def test_a_type_that_is_not_listed_is_withheld_from_nobody():
    _, records, _ = read(Chart(*PATIENTS), ["a"], types=("Patient", "Condition"))

    assert (records[0].unread, records[0].withheld) == ({"MedicationRequest"}, frozenset())


def test_a_type_that_was_cut_short_is_withheld():
    def cut(request):
        if "/Condition" not in request.url.path:
            return None
        return answer(bundle(resource("Condition", "1", "a"), next_url="https://x.example/2"))

    _, records, _ = read(Chart(*PATIENTS, answer_instead=cut), ["a"])

    assert records[0].withheld == {"Condition"}


def test_who_was_refused_is_not_asked_about_again_when_the_batch_comes_back():
    wire = Wire(Chart(*PATIENTS, answer_instead=refuse_conditions_of("b")))
    reader = RecordReader(wire.client(), capability(*TYPES), vocabulary_from([]), manners=ALONE)

    for _ in range(2):
        records = list(reader.read_records(["a", "b"], NEEDS, Built()))

    asked = [parameters_of(r).get("patient") for r in wire.requests if "/Condition" in r.url.path]
    assert asked.count("b") == 1
    assert records[1].unread == {"Condition"}


# What the access token covers


def test_a_type_that_is_granted_in_part_is_read_and_concludes_nothing():
    chart = Chart(*PATIENTS, resource("Condition", "1", "a"))
    built = Built()
    wire = Wire(chart)
    reader = RecordReader(
        wire.client(), capability(*TYPES), vocabulary_from([]), restricted=["Condition"]
    )

    records = list(reader.read_records(["a"], NEEDS, built))

    assert len(built.given["a"][0]["Condition"]) == 1
    assert records[0].unread == {"Condition"}
    assert reader.why_unread("a") == {"Condition": "granted in part only"}
    assert records[0].withheld == frozenset()


def test_a_type_that_is_not_granted_says_so_and_is_not_asked_for():
    wire = Wire(Chart(*PATIENTS))
    granted = capability(*TYPES).within(["Condition"], [])
    reader = RecordReader(wire.client(), granted, vocabulary_from([]))

    list(reader.read_records(["a"], NEEDS, Built()))

    assert reader.why_unread("a") == {"Condition": "not granted to this client"}
    assert not any("/Condition" in sent for sent in wire.sent)


# How the server takes ids


def sparse_chart(**quirks):
    """Everybody has a condition, and only the last of five a medicine."""
    everybody = [resource(t, i, i) for t in ("Patient", "Condition") for i in "abcde"]
    return Chart(*everybody, resource("MedicationRequest", "m", "e"), **quirks)


def first_only(chart):
    """A server that answers a list of patients for the first, without a word."""

    def handler(request):
        asked = parameters_of(request).get("patient", "")
        if "," not in asked:
            return chart(request)
        type_ = request.url.path.split("/")[2]
        of_type = [r for r in chart.resources if r["resourceType"] == type_]
        first = asked.split(",")[0]
        return answer(bundle(*(r for r in of_type if patient_id_of(r) == first)))

    return handler


def test_a_list_answered_for_its_first_patient_hides_nobodys_rare_resource():
    _, _, given = read(first_only(sparse_chart()), list("abcde"))

    assert [r["id"] for r in given["e"][0]["MedicationRequest"]] == ["m"]
    assert all(len(given[i][0]["Condition"]) == 1 for i in "abcde")


def test_where_conditions_show_that_lists_are_not_understood_no_other_type_is_asked_by_list():
    wire, _, _ = read(first_only(sparse_chart()), list("abcde"))

    lists = [r.url.path for r in wire.requests if "," in parameters_of(r).get("patient", "")]
    assert lists == ["/fhir/Condition/_search"]


def test_conditions_that_came_by_list_prove_lists_and_cost_no_request():
    wire, _, given = read(sparse_chart(), list("abcde") * 2)

    assert [r["id"] for r in given["e"][0]["MedicationRequest"]] == ["m"]
    # One search for each type; of the rare type, two who are missing are asked alone, once.
    assert len(wire.requests) == len(TYPES) + 2


def test_while_nothing_proves_lists_each_patient_is_asked_alone_and_nothing_is_lost():
    chart = Chart(*PATIENTS, resource("MedicationRequest", "m", "c"))

    _, _, given = read(first_only(chart), ["a", "b", "c"])

    assert [r["id"] for r in given["c"][0]["MedicationRequest"]] == ["m"]


def test_where_conditions_are_refused_another_type_proves_lists():
    refused = answer(outcome("error", "forbidden"), 403)
    medicines = [resource("MedicationRequest", i, i) for i in "abc"]
    chart = Chart(*PATIENTS, *medicines)

    wire, records, _ = read(
        lambda r: refused if "Condition" in r.url.path else chart(r), ["a", "b", "c"]
    )

    assert {r.unread for r in records} == {frozenset({"Condition"})}
    assert len(wire.requests) == len(TYPES)


def typed_only(chart):
    """A server that knows nobody by a bare id."""

    def handler(request):
        asked = parameters_of(request).get("patient")
        if asked is None:
            return chart(request)
        known = [i.removeprefix("Patient/") for i in asked.split(",") if i.startswith("Patient/")]
        type_ = request.url.path.split("/")[2]
        of_type = [r for r in chart.resources if r["resourceType"] == type_]
        return answer(bundle(*(r for r in of_type if patient_id_of(r) in known)))

    return handler


@pytest.mark.parametrize("options", [{}, {"manners": Manners(one_at_a_time=True)}])
def test_a_server_that_knows_nobody_by_a_bare_id_is_asked_by_type_and_id(options):
    _, _, given = read(typed_only(sparse_chart()), list("abcde"), **options)

    assert all(len(given[i][0]["Condition"]) == 1 for i in "abcde")
    assert [r["id"] for r in given["e"][0]["MedicationRequest"]] == ["m"]


def test_a_server_that_refuses_typed_ids_is_asked_by_bare_ids_ever_after():
    chart = Chart(*PATIENTS)

    def handler(request):
        typed = "Patient/" in parameters_of(request).get("patient", "")
        return answer(outcome("error", "invalid"), 400) if typed else chart(request)

    wire, records, _ = read(handler, ["a", "b", "c"])

    assert {r.unread for r in records} == {frozenset()}
    assert parameters_of(wire.requests[-1]).get("patient", "") in ("", "a", "b", "c")


# One at a time


def test_where_patients_are_asked_one_at_a_time_no_list_is_ever_tried():
    many = [f"p{n}" for n in range(7)]
    chart = Chart(*(resource(t, i, i) for t in ("Patient", "Condition") for i in many))

    wire, _, _ = read(chart, many, manners=ALONE)

    assert len(wire.requests) == len(TYPES) * len(many)
    assert not any("," in value for r in wire.requests for value in parameters_of(r).values())


def test_several_required_searches_for_one_type_are_put_together():
    categories = Manners(
        one_at_a_time=True, required={"Condition": ({"category": "p"}, {"category": "e"})}
    )
    parts = {
        "p": [resource("Condition", "1", "a"), resource("Condition", "2", "a")],
        "e": [resource("Condition", "2", "a"), resource("Condition", "3", "a")],
    }

    def by_category(request):
        category = parameters_of(request).get("category")
        return answer(bundle(*parts[category])) if category else None

    wire, records, given = read(
        Chart(*PATIENTS, answer_instead=by_category), ["a"], manners=categories
    )

    assert sorted(r["id"] for r in given["a"][0]["Condition"]) == ["1", "2", "3"]
    assert records[0].unread == frozenset()
    assert len(wire.requests) == len(TYPES) + 1


def test_a_type_is_unread_when_one_of_its_required_searches_fails():
    categories = Manners(required={"Condition": ({"category": "p"}, {"category": "e"})})

    def fail_one(request):
        failed = parameters_of(request).get("category") == "e"
        return answer(outcome("error", "invalid"), 400) if failed else None

    _, records, _ = read(Chart(*PATIENTS, answer_instead=fail_one), ["a"], manners=categories)

    assert records[0].unread == {"Condition"}


# Merged


def test_a_read_that_is_led_on_to_another_patient_says_merged_and_into_whom():
    def merged(request):
        is_old = request.url.path.endswith("/Patient/z")
        return answer(b"", 302, Location=f"{BASE}/Patient/a") if is_old else None

    wire = Wire(Chart(*PATIENTS, answer_instead=merged))
    reader = RecordReader(wire.client(), capability(*TYPES), vocabulary_from([]))

    built = Built()
    (record,) = reader.read_records(["z"], NEEDS, built)

    assert reader.why_unread("z") == {"Patient": "merged into another"}
    assert survivor_of(built.given["z"][0]["Patient"][0]) == "a"
    assert record.unread == {"Patient"}


def test_a_refusal_with_the_code_of_a_merge_says_merged():
    def moved(request):
        asked = parameters_of(request).get("patient") == "z"
        return answer(outcome("error", "processing", "4107"), 400) if asked else None

    wire = Wire(Chart(*PATIENTS, resource("Patient", "z"), answer_instead=moved))
    manners = Manners(merged_codes=frozenset({"4107"}))
    reader = RecordReader(wire.client(), capability(*TYPES), vocabulary_from([]), manners=manners)

    list(reader.read_records(["z"], NEEDS, Built()))

    assert reader.why_unread("z")["Condition"] == "merged into another"
