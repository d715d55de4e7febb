"""`boneflag worklist` after a sweep of a real server: who of the invented people is on it, and why.

The clinic nurse's question: which charts wait for me, although nobody was alerted?
"""

import csv
from datetime import UTC

import pytest
import typer
from typer.testing import CliRunner

from service.cli.listing import worklist
from service.cli.speaking import speaks_plainly
from service.demo_ehr.people import DEMO_COUNT, make_people
from service.demo_ehr.stories import bone_density, cohort, exclusions, gaps, osteoporosis
from service.settings import load_settings
from service.worklist.lines import wanted
from service.worklist.listing import worklist as lines_of
from tests.lib.demo_site import due, fine
from tests.lib.real_workers import environment_of

pytestmark = pytest.mark.heavy  # Sweeps of the whole demo.
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(speaks_plainly(worklist))


@pytest.fixture
def list_of(ward, monkeypatch, tmp_path):
    """The command on this ward: the lines of its file, as FHIR id and reason."""
    for name, value in environment_of(ward.settings()).items():
        if name.startswith("BONEFLAG_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()

    def lines(*words):
        path = tmp_path / f"list-{len(list(tmp_path.iterdir()))}.csv"
        result = CliRunner().invoke(app, [str(path), *words])
        assert result.exit_code == 0, result.output
        assert ward.name not in result.output.replace(str(tmp_path), "")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [(row["patient"].removeprefix("Patient/"), row["why"]) for row in rows]

    yield lines
    load_settings.cache_clear()


@pytest.mark.parametrize(
    ("story", "reasons"),
    [
        (gaps.nothing_recorded, ["data-gap"]),
        (gaps.nothing_recorded_at_sixty_eight, ["data-gap"]),
        (gaps.only_impossible_values, ["data-gap", "chart-problem"]),
        (gaps.nothing_recorded_but_a_dxa, ["data-gap"]),
        (gaps.only_medicines_recorded, []),
        (gaps.birth_date_missing, ["birth-date"]),
        (gaps.diagnosis_without_a_code, ["chart-problem"]),
        (cohort.ms_provisional, ["review-ms"]),
        (cohort.ms_resolved, ["review-ms"]),
        (cohort.ms_one_encounter, ["review-ms"]),
        (cohort.ms_refuted, []),
        (exclusions.denosumab_for_cancer, ["review-oncology"]),
        (bone_density.dxa_procedure_only, ["result-missing"]),
        (bone_density.dxa_ordered_and_forgotten, ["order-old"]),
        (bone_density.dxa_ordered, []),
        (osteoporosis.osteoporosis_untreated, ["treatment-gap"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_invented_person_is_listed_for_the_reason_of_their_story(
    ward, list_of, story, reasons
):
    fhir_id = ward.admit(story.tell, story.name)
    ward.sweep(mode="shadow")
    assert list_of() == [(fhir_id, reason) for reason in reasons]


def test_everybody_whom_nobody_could_determine_is_on_the_list(ward, list_of):
    ids = ward.admit_all([story.tell for story in UNDETERMINED])
    ward.sweep(mode="shadow")
    assert {fhir_id for fhir_id, _ in list_of()} == set(ids)


UNDETERMINED = [
    story for story in vars(gaps).values() if getattr(story, "status", "") == "could-not-determine"
]


def test_the_stories_of_this_test_are_all_of_the_hospital_that_nobody_can_determine(ward):
    people = make_people(ward.clock.today(), DEMO_COUNT)
    undetermined = {p.id for p in people if p.expected_status == "could-not-determine"}
    assert undetermined == {f"{story.name}-01" for story in UNDETERMINED}


def test_who_is_due_has_a_flag_and_a_task_and_is_listed_on_request_only(ward, list_of):
    fhir_id = ward.admit(due)
    ward.admit(fine)
    ward.sweep()
    assert list_of() == []
    assert list_of("--all") == [(fhir_id, "due")]


def test_a_clinicians_no_is_listed_on_request_only(ward, list_of):
    fhir_id = ward.admit(due)
    ward.sweep()
    (task,) = ward.ours("Task", fhir_id)
    ward.person_sets(task, status="rejected")
    ward.sweep()
    assert list_of() == []
    assert list_of("--status", "snoozed") == [(fhir_id, "snoozed")]


def test_an_alert_that_stays_open_though_ms_is_only_possible_now_is_on_the_list(ward, list_of):
    fhir_id = ward.admit(due)
    ward.sweep()
    (diagnosis,) = [r for r in ward.charts[fhir_id].resources if r["resourceType"] == "Condition"]
    said = {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status"}
    doubted = {"verificationStatus": {"coding": [said | {"code": "provisional"}]}}
    ward.load([diagnosis | doubted])
    ward.sweep()
    assert list_of() == [(fhir_id, "alert-without-ms"), (fhir_id, "review-ms")]


def test_a_type_that_the_ehr_refuses_is_what_must_be_known_first(ward, list_of):
    fhir_id = ward.admit(fine)
    refused = (403, {}, b"")
    ward.proxy.on_request = lambda _, p: refused if p.startswith("MedicationRequest") else None
    ward.sweep(mode="shadow")
    assert list_of() == [(fhir_id, "could-not-determine")]


def test_a_note_for_whoever_looks_stands_beside_the_line(ward):
    ward.admit(exclusions.palliative_care_alone.tell)
    ward.sweep(mode="shadow")
    with ward.ledger() as ledger:
        (line,) = lines_of(ledger, wanted([], everything=True), urgent_months=24, zone=UTC)
    assert line.note == "Palliative care is on file: weigh whether a scan would help."


def test_nothing_is_asked_of_the_ehr(ward, list_of):
    ward.admit(gaps.nothing_recorded.tell)
    ward.sweep(mode="shadow")
    ward.proxy.forget()
    list_of("--all")
    assert ward.proxy.requests == []
