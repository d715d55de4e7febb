"""What came of an export, whose it is, and what did not come."""

from datetime import UTC, datetime
from functools import partial

import httpx
import pytest

from service.ehr.bulk.download import Downloads, FileExpired
from service.ehr.bulk.gaps import Gaps
from service.ehr.bulk.intake import Exported, Intake
from service.ehr.bulk.manifest import manifest_from
from service.ehr.bulk.records import ExportedRecords
from service.ehr.bulk.spool import Spool
from service.ehr.cohort.code_search import may_be_in
from service.ehr.errors import EHRUnavailable
from service.ehr.parse import RecordParser
from service.ehr.references import ReferenceReader
from service.screening.value_sets import packaged_vocabulary
from tests.lib.export_server import CLOCK, STATUS, ExportServer, ndjson
from tests.lib.wire import BASE, Wire, answer, outcome, resource

VOCABULARY = packaged_vocabulary(True)
READ_AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
TYPES = ("Patient", "Condition", "MedicationRequest", "Observation")
MS = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "24700007"}]}}
STEROID = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8640"}]}


def people(*ids):
    """Everybody with one resource of each type."""
    for id_ in ids:
        yield resource("Patient", id_, birthDate="1980-01-01")
        yield resource("Condition", f"c-{id_}", id_, **MS)
        yield resource("Observation", f"o-{id_}", id_, status="final")
        yield resource(
            "MedicationRequest",
            f"m-{id_}",
            id_,
            status="active",
            intent="order",
            medicationCodeableConcept=STEROID,
        )


def server_of(*resources, **manifest):
    return ExportServer(*resources, **manifest)


def take(server, *, asked=TYPES, expired_is_final=False):
    """The export of this server, and its client."""
    client = Wire(server).client()
    status = httpx.Response(200, content=server._status().content)
    manifest = manifest_from(status.json(), STATUS, READ_AT)
    exported = Exported(Spool(), Gaps(frozenset(TYPES)), manifest.transaction_time)
    downloads = Downloads(client, needs_token=True, pause=lambda _: None)
    intake = Intake(
        exported,
        downloads,
        has_diagnosis=partial(may_be_in, VOCABULARY, "multiple-sclerosis"),
        expired_is_final=expired_is_final,
    )
    intake.take(manifest, asked)
    return exported, client


def charts(server, wanted=("p1", "p2"), *, reads_medications=True, **options):
    """Records by patient id."""
    exported, client = take(server, **options)
    records = ExportedRecords(
        exported,
        RecordParser(VOCABULARY).record,
        base_url=BASE,
        medications=ReferenceReader(client, "Medication") if reads_medications else None,
        search=None,
    )
    return {
        record.patient.id: record
        for batch in records.batches(set(wanted), 60)
        for record in batch.read_records(batch.patient_ids)
    }


def unread(server, **options):
    return {id_: set(record.unread) for id_, record in charts(server, **options).items()}


def test_everybody_in_the_export_gets_a_record_with_what_is_theirs():
    found = charts(server_of(*people("p1", "p2")))
    assert {id_: [c.ref.id for c in r.conditions] for id_, r in found.items()} == {
        "p1": ["c-p1"],
        "p2": ["c-p2"],
    }


def test_whoever_is_not_wanted_gets_no_record():
    assert set(charts(server_of(*people("p1", "p2")), wanted=("p2",))) == {"p2"}


def test_a_record_is_as_old_as_the_export():
    assert charts(server_of(*people("p1")))["p1"].read_at == datetime.fromisoformat(CLOCK)


def test_where_everything_came_nothing_is_unread():
    assert unread(server_of(*people("p1"))) == {"p1": set()}


def test_a_type_without_a_file_is_unread_for_everybody():
    server = server_of(*people("p1", "p2"))
    del server.files["Observation"]
    assert unread(server) == {"p1": {"Observation"}, "p2": {"Observation"}}


def test_a_type_that_was_not_asked_for_is_unread_even_where_some_of_it_came():
    asked = ("Patient", "Condition", "MedicationRequest")
    assert unread(server_of(*people("p1")), asked=asked) == {"p1": {"Observation"}}


def test_a_type_without_a_file_is_not_called_withheld():
    server = server_of(*people("p1"))
    del server.files["Observation"]
    assert charts(server)["p1"].withheld == frozenset()


def test_a_file_that_breaks_off_leaves_its_type_unread_and_what_came_is_kept():
    server = server_of(*people("p1", "p2"))
    content = server.files["Condition"]

    def cut(request):
        if request.url.path.endswith("/Condition"):
            return httpx.Response(200, content=_cut_off(content[: content.index(b"\n") + 5]))
        return None

    server.quirk = cut
    found = charts(server)
    assert {id_: set(r.unread) for id_, r in found.items()} == {
        "p1": {"Condition"},
        "p2": {"Condition"},
    }
    assert [c.ref.id for c in found["p1"].conditions] == ["c-p1"]
    assert found["p1"].withheld == {"Condition"}


def _cut_off(content):
    yield content
    raise httpx.RemoteProtocolError("cut")


def test_a_file_that_was_read_twice_gives_nothing_twice():
    server = server_of(*people("p1"))
    server.files["Condition"] *= 2
    assert len(charts(server)["p1"].conditions) == 1


def test_a_broken_line_that_names_its_patient_costs_nobody_else_anything():
    server = server_of(*people("p1", "p2"))
    server.files["Observation"] += b'{"subject":{"reference":"Patient/p2"},"resourceType":"Obs'
    assert unread(server) == {"p1": set(), "p2": {"Observation"}}


def test_a_broken_line_that_names_nobody_costs_everybody_its_type():
    server = server_of(*people("p1", "p2"))
    server.files["Observation"] += b'{"resourceType":"Observation","sub'
    assert unread(server) == {"p1": {"Observation"}, "p2": {"Observation"}}


def test_a_resource_of_a_group_or_of_nobody_belongs_to_no_chart():
    server = server_of(*people("p1"), resource("Observation", "x", status="final"))
    server.files["Observation"] += ndjson(
        [{"resourceType": "Observation", "id": "y", "subject": {"reference": "Group/p1"}}]
    )
    assert len(charts(server)) == 1


def test_an_undecodable_character_does_not_cost_the_resource():
    server = server_of(*people("p1"))
    server.files["Condition"] = server.files["Condition"].replace(
        b'"code":{', b'"note":[{"text":"\xff"}],"code":{', 1
    )
    assert len(charts(server)["p1"].conditions) == 1


@pytest.mark.parametrize("name", ["error", "outcome"])
def test_a_type_named_in_an_error_file_is_unread_for_everybody(name):
    server = server_of(*people("p1", "p2"))
    files = [{"type": "OperationOutcome", "url": f"{BASE}/files/problems"}]
    server.manifest[name] = files
    add_problem(server, outcome("error", "processing", diagnostics="Observation export failed"))
    assert unread(server) == {"p1": {"Observation"}, "p2": {"Observation"}}


def add_problem(server, problem):
    server.files["problems"] = ndjson([problem])
    kept = {t: c for t, c in server.files.items() if t != "problems"}
    server.manifest["output"] = [{"type": t, "url": f"{BASE}/files/{t}"} for t in kept]


def problems_in(server, problem):
    server.manifest["error"] = [{"type": "OperationOutcome", "url": f"{BASE}/files/problems"}]
    add_problem(server, problem)
    return unread(server)


def test_an_error_about_one_patient_costs_that_patient_alone():
    text = "Condition of Patient/p2 could not be written"
    found = problems_in(
        server_of(*people("p1", "p2")), outcome("error", "processing", diagnostics=text)
    )
    assert found == {"p1": set(), "p2": {"Condition"}}


def test_an_error_that_names_nothing_leaves_everything_unread():
    found = problems_in(server_of(*people("p1")), outcome("fatal", "exception"))
    assert found == {"p1": set(TYPES)}


@pytest.mark.parametrize("severity", ["information", "warning"])
def test_a_remark_in_an_error_file_costs_nothing(severity):
    told = outcome(severity, "not-supported", diagnostics="Ignored a parameter for Observation")
    assert problems_in(server_of(*people("p1")), told) == {"p1": set()}


def test_a_warning_that_something_was_held_back_is_believed():
    told = outcome("warning", "suppressed", diagnostics="Some Observation were left out")
    assert problems_in(server_of(*people("p1")), told) == {"p1": {"Observation"}}


def test_an_error_file_that_cannot_be_read_leaves_everything_unread():
    server = server_of(*people("p1"))
    server.manifest["error"] = [{"type": "OperationOutcome", "url": f"{BASE}/files/problems"}]
    add_problem(server, {})
    server.files["problems"] = b"<html>"
    assert unread(server) == {"p1": set(TYPES)}


def test_an_outcome_among_the_resources_is_read_as_a_problem():
    server = server_of(*people("p1"))
    server.files["Condition"] += ndjson([outcome("error", "x", diagnostics="Condition is cut")])
    assert unread(server) == {"p1": {"Condition"}}


def test_what_was_deleted_meanwhile_is_not_in_a_chart():
    server = server_of(*people("p1"))
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"request": {"method": "DELETE", "url": "Condition/c-p1"}}],
    }
    server.manifest["deleted"] = [{"type": "Bundle", "url": f"{BASE}/files/gone"}]
    server.manifest["output"] = [{"type": t, "url": f"{BASE}/files/{t}"} for t in server.files]
    server.files["gone"] = ndjson([bundle])
    assert charts(server)["p1"].conditions == ()


def test_an_expired_file_begins_the_export_again():
    server = server_of(*people("p1"))
    server.quirk = lambda r: answer({}, 403) if r.url.path.endswith("/Condition") else None
    with pytest.raises(FileExpired):
        take(server)


def test_a_file_that_expires_again_leaves_its_type_unread():
    server = server_of(*people("p1"))
    server.quirk = lambda r: answer({}, 403) if r.url.path.endswith("/Condition") else None
    found = charts(server, expired_is_final=True)["p1"]
    assert (found.unread, found.withheld) == ({"Condition"}, {"Condition"})


def test_a_server_that_is_away_is_no_gap():
    server = server_of(*people("p1"))
    server.quirk = lambda r: answer({}, 503) if r.url.path.endswith("/Condition") else None
    with pytest.raises(EHRUnavailable):
        take(server)


def test_who_has_a_condition_of_the_disease_is_noted():
    exported, _ = take(
        server_of(
            *people("p1"),
            resource("Patient", "p2"),
            resource("Condition", "c2", "p2", code={"coding": [{"system": "x", "code": "y"}]}),
        )
    )
    assert exported.coded == {"p1"}
    assert exported.patients == {"p1", "p2"}


# Medications

REFERENCE = {"medicationReference": {"reference": "Medication/d1"}}
PREDNISONE = {"resourceType": "Medication", "id": "d1", "code": STEROID}


def with_reference(*more, **options):
    request = resource(
        "MedicationRequest", "m2", "p1", status="active", intent="order", **REFERENCE
    )
    return server_of(*people("p1"), request, *more)


def medicines_of(server):
    return sorted(use.ref.id for use in charts(server)["p1"].medicines)


def test_a_medicine_by_reference_is_known_from_the_medications_of_the_export():
    assert medicines_of(with_reference(PREDNISONE)) == ["m-p1", "m2"]


def test_a_medication_that_the_export_left_out_is_read_from_the_ehr():
    server = with_reference()
    server.quirk = lambda r: answer(PREDNISONE) if "/Medication/" in r.url.path else None
    assert medicines_of(server) == ["m-p1", "m2"]


def test_a_medication_that_is_withheld_leaves_its_type_unread():
    server = with_reference()
    server.quirk = lambda r: answer({}, 403) if "/Medication/" in r.url.path else None
    found = charts(server)["p1"]
    assert (found.unread, found.withheld) == ({"MedicationRequest"}, {"MedicationRequest"})


def test_where_no_medication_can_be_read_the_type_of_an_unnamed_medicine_is_unread():
    found = charts(with_reference(), reads_medications=False)["p1"]
    assert (found.unread, found.withheld) == ({"MedicationRequest"}, {"MedicationRequest"})


def test_where_no_medication_can_be_read_the_name_beside_the_reference_counts():
    named = {"reference": "Medication/d1", "display": "Prednisone 10 mg"}
    request = resource(
        "MedicationRequest", "m2", "p1", status="active", intent="order", medicationReference=named
    )
    found = charts(server_of(*people("p1"), request), reads_medications=False)["p1"]
    assert found.unread == frozenset()
    assert sorted(use.ref.id for use in found.medicines) == ["m-p1", "m2"]


def test_a_medication_that_nobody_has_is_reported_as_in_a_search():
    found = charts(with_reference())["p1"]
    assert "MedicationRequest/m2" in {problem.source for problem in found.reported}


def test_what_medications_say_is_kept_once_however_many_there_are():
    from service.ehr.bulk.shelf import MedicationShelf

    shelf = MedicationShelf()
    for number in range(50):
        shelf.add({**PREDNISONE, "id": f"d{number}", "meta": {"versionId": str(number)}})
    assert len(shelf._said) == 1
    assert shelf.by_reference(["d7"])["Medication/d7"]["code"] == STEROID
