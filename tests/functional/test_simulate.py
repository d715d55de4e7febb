"""`boneflag simulate` and `boneflag report` on a real server: what they answer and leave behind.

The clinical lead's question each time: what would this overlay do to my people?
"""

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from service.cli import programme as commands
from service.cli.speaking import speaks_plainly
from service.demo_ehr.measurements import add_edss
from service.demo_ehr.story import ordinary
from service.settings import load_settings
from tests.lib.demo_site import due, fine

HEAD = """
overlay: here
for: ms-bone-health
for_version: 0.3.0
version: 1
author: {name: Ida Muster, role: neurologist}
"""
pytestmark = pytest.mark.heavy  # A cohort is read twice for each answer.
EDSS_FROM_FIVE = """
criteria:
  MSO-02:
    numbers:
      edss_at_least: {value: 5.0, source: "a trial", certainty: local}
"""
EDSS_FROM_SEVEN = EDSS_FROM_FIVE.replace("5.0", "7.0")
EDSS_OFF = """
criteria:
  MSO-02:
    is_on: false
accepts:
  MSO-02: a trial
"""
LOCAL_EDSS = """
local_codes:
  edss:
    - {system: "https://ward.example/codes", code: "NEU-0042", display: "EDSS", source: "a trial"}
"""


def edss_of_five(chart):
    """Somebody whom a threshold of 5.0 reaches and one of 6.0 does not."""
    ordinary(chart, "male", 44, edss=5.0)


def due_man(chart):
    """A man of 44 with an EDSS that is enough alone."""
    ordinary(chart, "male", 44, edss=6.5)


def edss_under_a_local_code(chart):
    """Somebody whose EDSS of 7.0 stands under a code of the hospital."""
    ordinary(chart, "female", 44)
    observation = add_edss(chart, 7.0, months=1)
    local = {"system": "https://ward.example/codes", "code": "NEU-0042"}
    observation["code"] = {"coding": [local]}


@pytest.fixture
def bench(ward, monkeypatch, tmp_path):
    """A ward in live mode, as the environment gives it to a command, and the command line."""
    settings = ward.settings(mode="live")
    for name in ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id"):
        monkeypatch.setenv(f"BONEFLAG_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield Bench(ward, tmp_path)
    load_settings.cache_clear()


class Bench:
    def __init__(self, ward, directory):
        self.ward = ward
        self.directory = directory
        self._app = typer.Typer(pretty_exceptions_enable=False)
        for command in (commands.simulate, commands.report):
            self._app.command()(speaks_plainly(command))

    def run(self, *words):
        return CliRunner().invoke(self._app, list(map(str, words)))

    def simulate(self, changes, *words):
        """The JSON of a simulation of one overlay."""
        result = self.run("simulate", "--overlay", self.overlay(changes), "--json", *words)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def overlay(self, changes):
        path = self.directory / "overlay.yaml"
        path.write_text(HEAD + changes)
        return path


def counts(answer):
    changes = answer["due"]
    return changes["newly_due"], changes["no_longer_due"]


def test_a_lower_threshold_makes_newly_due_by_that_criterion(bench):
    bench.ward.admit_all([due, edss_of_five, fine])

    answer = bench.simulate(EDSS_FROM_FIVE)

    assert counts(answer) == (1, 0)
    assert answer["made_the_difference"]["MSO-02"] == {"newly-due": 1, "no-longer-due": 0}
    assert answer["judged"] == 3


def test_a_higher_threshold_takes_people_out(bench):
    bench.ward.admit_all([due, fine])

    answer = bench.simulate(EDSS_FROM_SEVEN)

    assert counts(answer) == (0, 1)
    assert answer["dxa_slots"]["today"]["backlog"] == 1
    assert answer["dxa_slots"]["changed"]["backlog"] == 0


def test_a_criterion_that_is_switched_off_takes_people_out(bench):
    bench.ward.admit(due)
    answer = bench.simulate(EDSS_OFF)
    assert counts(answer) == (0, 1)
    assert set(answer["made_the_difference"]) == {"MSO-02"}


def test_a_local_code_is_searched_for_and_read_by_the_changed_protocol_alone(bench):
    bench.ward.admit(edss_under_a_local_code)
    assert counts(bench.simulate(LOCAL_EDSS)) == (1, 0)


def test_not_one_write_leaves_though_the_site_is_live(bench):
    bench.ward.admit_all([due, edss_of_five])

    bench.simulate(EDSS_FROM_FIVE)

    assert bench.ward.proxy.requests
    assert bench.ward.proxy.writes == []


def test_the_ledger_learns_only_who_was_read(bench):
    fhir_id = bench.ward.admit(due)
    bench.simulate(EDSS_FROM_FIVE)
    with bench.ward.ledger() as ledger:
        counts = ledger.report.counts()
        assert (counts.in_cohort, counts.waiting, counts.statuses) == (0, 0, {})
        assert {r.reason for r in ledger.audit.about(ledger.audit.keys_of(fhir_id))} == {"simulate"}


def test_a_no_that_a_person_said_holds_under_both_protocols(bench):
    fhir_id = bench.ward.admit(due)
    bench.ward.sweep()
    (task,) = bench.ward.ours("Task", fhir_id)
    bench.ward.person_sets(task, status="rejected")

    answer = bench.simulate(EDSS_FROM_FIVE)

    assert [step for step in answer["transitions"] if step["people"]] == [
        {"today": "snoozed", "changed": "snoozed", "people": 1}
    ]


def test_a_no_that_only_the_ledger_remembers_holds_too(bench):
    fhir_id = bench.ward.admit(due)
    bench.ward.sweep()
    (task,) = bench.ward.ours("Task", fhir_id)
    bench.ward.person_sets(task, status="rejected")
    bench.ward.sweep()
    for resource in (*bench.ward.ours("Flag", fhir_id), *bench.ward.ours("Task", fhir_id)):
        bench.ward.person_deletes(resource)

    (step,) = bench.simulate(EDSS_FROM_FIVE)["transitions"]

    assert (step["today"], step["changed"]) == ("snoozed", "snoozed")


def test_somebody_with_an_open_alert_is_judged_though_no_source_names_them_any_more(bench):
    fhir_id = bench.ward.admit(due)
    bench.ward.admit(fine)
    bench.ward.sweep()
    bench.ward.discharge(fhir_id)

    assert bench.simulate(EDSS_FROM_FIVE)["cohort"] == 2


def test_the_text_and_the_csv_answer_the_same_question(bench):
    bench.ward.admit(edss_of_five)
    overlay = bench.overlay(EDSS_FROM_FIVE)

    text = bench.run("simulate", "--overlay", overlay).stdout
    lines = bench.run("simulate", "--overlay", overlay, "--csv").stdout

    assert "1 newly due, 0 no longer due" in text
    assert "due,newly_due,people,1,False" in lines


def test_names_are_written_only_to_the_file_that_was_named(bench):
    fhir_id = bench.ward.admit(edss_of_five)
    names = bench.directory / "names.csv"

    result = bench.run("simulate", "--overlay", bench.overlay(EDSS_FROM_FIVE), "--list", names)

    assert result.exit_code == 0, result.output
    assert fhir_id in names.read_text()
    assert fhir_id not in result.output


def test_a_file_of_names_that_is_there_is_refused(bench):
    names = bench.directory / "names.csv"
    names.write_text("")
    overlay = bench.overlay(EDSS_FROM_FIVE)

    result = bench.run("simulate", "--overlay", overlay, "--list", names)

    assert result.exit_code == 2
    assert "cannot be written: File exists" in result.output


def test_a_sample_reads_no_more_than_it_says(bench):
    bench.ward.admit_all([due, due, fine])
    answer = bench.simulate(EDSS_FROM_FIVE, "--sample", "2")
    assert (answer["cohort"], answer["chosen"], answer["judged"]) == (3, 2, 2)


def test_an_overlay_that_is_not_there_is_an_operators_mistake(bench):
    result = bench.run("simulate", "--overlay", "nowhere.yaml")
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_an_ehr_that_is_not_there_is_said_by_the_exit_code(bench, monkeypatch):
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", "http://127.0.0.1:9/fhir")
    load_settings.cache_clear()
    result = bench.run("simulate", "--overlay", bench.overlay(EDSS_FROM_FIVE))
    assert result.exit_code == 3


def test_the_report_counts_sex_and_age_of_whom_a_sweep_judged(bench):
    bench.ward.admit_all([due] * 9 + [due_man] * 9 + [fine])
    bench.ward.sweep(mode="shadow")

    answer = json.loads(bench.run("report", "--json").stdout)

    assert answer["counts"]["statuses"]["due"] == 18
    sexes = answer["programme"]["divisions"]["sex"]
    assert (sexes["female"]["due"], sexes["male"]["due"]) == (10, 10)
    assert sexes["female"]["not-at-risk"] is None
    both = answer["programme"]["divisions"]["sex-and-age"]
    assert (both["female-under-50"]["due"], both["male-under-50"]["due"]) == (10, 10)


def test_the_report_comes_as_csv_and_as_a_measure_report(bench):
    bench.ward.admit(due)
    bench.ward.sweep(mode="shadow")

    lines = list(csv.DictReader(io.StringIO(bench.run("report", "--csv").stdout)))
    made = json.loads(bench.run("report", "--fhir", "--reporter", "Organization/1").stdout)

    assert {line["division"] for line in lines} > {"all", "sex", "criterion"}
    assert made["resourceType"] == "MeasureReport"
    assert made["reporter"] == {"reference": "Organization/1"}
