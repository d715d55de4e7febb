"""Hospitals that are told by messages, drafts or a file: a lost ledger, and what is taken back."""

from __future__ import annotations

import pytest

from service.demo_ehr.arrivals import a_dxa_arrives
from service.demo_ehr.presets import preset_named
from service.demo_ehr.presets.proxy import QuirkyEHR
from service.demo_ehr.server import DemoEHR
from service.ehr.client import FHIRClient
from tests.lib.command_line import boneflag
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy  # Real sweeps, several for each test.
TYPES = {"communication": "Communication", "service-request": "ServiceRequest"}
NAMES = (
    *("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id"),
    *("delivery", "worklist_file", "alert_recipients", "alert_author", "closing_message"),
)


@pytest.fixture
def demo_ehr():
    """A server for each test: a rebuild takes up every alert of the EHR, other tests' too."""
    with DemoEHR() as server:
        yield server


class Hospital:
    """A ward that is told by one channel, on its own server or behind an imitated product."""

    def __init__(self, ward, delivery, **values):
        self.ward = ward
        self.values = {
            "delivery": delivery,
            "worklist_file": str(ward.directory / "worklist"),
            "alert_recipients": "Group/ms-clinic",
            "alert_author": "Practitioner/boneflag",
            **values,
        }
        self.type = TYPES.get(delivery, "")

    def sweep(self, **values):
        return self.ward.sweep(**(self.values | values))

    def loses_its_ledger(self):
        for pipeline in self.ward._opened:
            pipeline.ledger.close()
        for file in self.ward.directory.glob(f"{self.ward.name}.sqlite3*"):
            file.unlink()

    def rebuilds(self, *words):
        settings = self.ward.settings(**self.values)
        return boneflag(
            "ledger", "rebuild", *words, **{n: str(getattr(settings, n)) for n in NAMES}
        )

    def withdraws(self, *words):
        settings = self.ward.settings(**self.values)
        why = ("--reason", "wrong threshold", "--by", "A. Admin", "--yes")
        return boneflag("withdraw", *words, *why, **{n: str(getattr(settings, n)) for n in NAMES})

    def told(self):
        """Every message or row about the people of this ward, with status and version."""
        if not self.type:
            file = self.ward.directory / "worklist.ndjson"
            return sorted(file.read_text().splitlines()) if file.exists() else []
        with FHIRClient(self.ward.server.base_url) as client:
            found = client.search(self.type, {"_count": "500"}).matches
        return sorted(
            (r["id"], r["status"], r["meta"]["versionId"])
            for r in found
            if self.ward.name in r["subject"]["reference"]
        )

    def states(self):
        with self.ward.ledger() as ledger:
            ids = ledger.cohort.fhir_ids_of(ledger.cohort.members())
            history = ledger.alerts.history(list(ids))
            return {
                ids[key]: [(e.key, e.episode, e.state, e.message_id) for e in entries]
                for key, entries in history.items()
            }


def no_scan(ward, patient):
    for resource in a_dxa_arrives(patient, ward.clock.today()):
        ward.load([{**resource, "status": "entered-in-error"}])


@pytest.mark.parametrize("delivery", ["communication", "service-request", "worklist-file"])
def test_after_a_rebuild_a_sweep_tells_nobody_again(ward, delivery):
    hospital = Hospital(ward, delivery, closing_message=delivery == "communication")
    ward.admit(due, "open")
    resolved, again, _ = ward.admit(due, "resolved"), ward.admit(due, "again"), ward.admit(fine)
    hospital.sweep()
    for patient in (resolved, again):
        ward.load(a_dxa_arrives(patient, ward.clock.today()))
    hospital.sweep()
    no_scan(ward, again)
    hospital.sweep()
    before, known = hospital.told(), hospital.states()
    hospital.loses_its_ledger()

    said = hospital.rebuilds()

    assert said.code == 0, said.output
    assert "ATTENTION" not in said.output
    if delivery != "worklist-file":  # Nothing of a closed alert is left in a file.
        assert hospital.states() == known
    hospital.sweep()
    assert hospital.told() == before


def test_a_draft_that_somebody_took_up_is_left_as_it_is_after_a_rebuild(ward):
    hospital = Hospital(ward, "service-request")
    patient = ward.admit(due)
    hospital.sweep()
    with FHIRClient(ward.server.base_url) as client:
        draft = client.search("ServiceRequest", {"patient": patient}).matches[0]
    ward.person_stores({**draft, "status": "active", "intent": "order"})
    before, known = hospital.told(), hospital.states()
    hospital.loses_its_ledger()

    hospital.rebuilds()

    assert hospital.states() == known
    hospital.sweep()
    assert hospital.told() == before


@pytest.mark.parametrize("delivery", ["communication", "flag-and-task"])
def test_a_ledger_that_was_lost_has_no_approval_any_more(ward, delivery):
    hospital = Hospital(ward, delivery)
    ward.admit(due)
    hospital.sweep()
    hospital.loses_its_ledger()
    hospital.rebuilds()
    other = ward.admit(due, "new")
    ward.proxy.forget()

    run = hospital.sweep(is_approved=False)

    assert run.mode == "shadow"
    assert ward.proxy.writes == []
    assert ward.status(other) == "due"


@pytest.mark.parametrize("product", ["epic", "meditech"])
def test_messages_are_found_again_in_a_product_whatever_it_drops(ward, product):
    with QuirkyEHR(preset_named(product), ward.server.base_url) as ehr:
        hospital = Hospital(ward, "communication", fhir_base_url=ehr.base_url)
        ward.admit_all([due, due, fine])
        hospital.sweep()
        before, known = hospital.told(), hospital.states()
        hospital.loses_its_ledger()

        said = hospital.rebuilds()
        rebuilt = hospital.states()
        hospital.sweep()

    assert said.code == 0, said.output
    assert len(before) == 2
    assert rebuilt == known
    assert hospital.told() == before


def test_where_messages_cannot_be_looked_for_that_is_said_before_anything_else(ward):
    hospital = Hospital(ward, "communication")
    patient = ward.admit(due)
    ids = ward.directory / "ids.csv"
    ids.write_text(f"id\n{patient}\n", "utf-8")
    with QuirkyEHR(preset_named("oracle-health"), ward.server.base_url) as ehr:
        hospital.values |= {"fhir_base_url": ehr.base_url}
        said = hospital.rebuilds()

    assert said.code == 0, said.output
    assert said.output.startswith("ATTENTION: this EHR offers no search of Communication")
    assert said.output.rstrip().endswith("rather than going live")


def test_a_worklist_file_that_is_gone_is_told(ward):
    hospital = Hospital(ward, "worklist-file")
    ward.admit(due)

    said = hospital.rebuilds()

    assert "ATTENTION: there is no worklist file" in said.output


# The hospital takes back what it told


@pytest.mark.parametrize("product", ["epic", "meditech"])
def test_a_message_cannot_be_unsaid_and_is_counted_as_left(ward, product):
    with QuirkyEHR(preset_named(product), ward.server.base_url) as ehr:
        hospital = Hospital(ward, "communication", fhir_base_url=ehr.base_url)
        patient = ward.admit(due)
        hospital.sweep()
        before = hospital.told()

        said = hospital.withdraws("--patient", patient)
        hospital.sweep()

    assert said.code == 0, said.output
    assert "0 taken back, 1 left as they are" in said.output
    assert hospital.told() == before
    assert [state for (_, _, state, _) in hospital.states()[patient]] == ["closed"]


def test_a_draft_is_entered_in_error_and_not_proposed_again(ward):
    hospital = Hospital(ward, "service-request")
    patient = ward.admit(due)
    hospital.sweep()

    said = hospital.withdraws("--patient", patient)
    hospital.sweep()

    assert "1 taken back" in said.output
    assert [status for _, status, _ in hospital.told()] == ["entered-in-error"]


def test_a_draft_that_became_an_order_is_left_to_whoever_ordered_it(ward):
    hospital = Hospital(ward, "service-request")
    patient = ward.admit(due)
    hospital.sweep()
    with FHIRClient(ward.server.base_url) as client:
        draft = client.search("ServiceRequest", {"patient": patient}).matches[0]
    ward.person_stores({**draft, "status": "active", "intent": "order"})
    before = hospital.told()

    said = hospital.withdraws("--all")

    assert "0 taken back, 1 left as they are" in said.output
    assert hospital.told() == before


def test_a_row_that_was_taken_back_does_not_come_again(ward):
    hospital = Hospital(ward, "worklist-file")
    patient = ward.admit(due)
    hospital.sweep()
    rows = len(hospital.told())

    said = hospital.withdraws("--patient", patient)
    hospital.sweep()

    assert (rows, said.code, hospital.told()) == (1, 0, [])


def test_what_an_earlier_channel_told_is_known_again_after_a_second_rebuild(ward):
    hospital = Hospital(ward, "communication")
    patient = ward.admit(due)
    hospital.sweep()
    before = hospital.told()
    hospital.loses_its_ledger()
    hospital.values["delivery"] = "flag-and-task"
    hospital.rebuilds()
    hospital.values["delivery"] = "communication"
    hospital.rebuilds("--into-existing")
    found = hospital.states()[patient]
    hospital.values["delivery"] = "flag-and-task"
    ward.proxy.forget()

    hospital.sweep()

    assert [(state, bool(message)) for _, _, state, message in found] == [("confirmed", True)]
    assert (ward.proxy.writes, hospital.told()) == ([], before)
