"""A survey of a real server over real HTTP: what it finds, and what it never tells."""

from __future__ import annotations

import json
from datetime import date

import pytest
import structlog
import typer
from typer.testing import CliRunner

from service.cli.speaking import speaks_plainly
from service.cli.surveying import survey
from service.settings import load_settings
from service.survey.snippet import uncommented
from tests.lib.demo_site import due, fine
from tests.lib.overlays import overlay
from tests.lib.real_workers import environment_of

LOCAL = "urn:oid:1.2.3.4"
SECRET = "Ida Muster of 5 High Street"


def local_edss(fhir_id):
    """A score under a code that only this hospital knows, with text that names somebody."""
    coding = {"system": LOCAL, "code": "NEURO-7", "display": "EDSS by neurologist"}
    return {
        "resourceType": "Observation",
        "id": f"{fhir_id}-local",
        "status": "final",
        "code": {"coding": [coding], "text": SECRET},
        "subject": {"reference": f"Patient/{fhir_id}"},
        "effectiveDateTime": date.today().isoformat(),
        "valueString": SECRET,
    }


@pytest.fixture
def people(ward):
    """Ten people with a local code, two of them with an EDSS that is enough alone."""
    ids = ward.admit_all([due, due, *[fine] * 8])
    ward.load([local_edss(fhir_id) for fhir_id in ids])
    return ids


@pytest.fixture
def run(ward, monkeypatch):
    """The command as the console would run it on this ward, in live mode."""
    for name, value in environment_of(ward.settings()).items():
        if name.startswith("BONEFLAG_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(speaks_plainly(survey))

    def run(*words):
        with structlog.testing.capture_logs() as events:
            result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.output
        return result, events

    yield run
    load_settings.cache_clear()


def on_file(answer, name):
    return next(row for row in answer["on_file"] if row["id"] == name)


def test_a_local_code_is_found_though_no_sweep_would_ask_for_it(people, run):
    result, _ = run("--json")
    (code,) = json.loads(result.stdout)["codes"]["with_hint"]
    assert (code["type"], code["code"], code["hint"]) == ("Observation", "NEURO-7", "edss")
    assert (code["people"], code["share"]) == (10, 1.0)


def test_what_is_on_file_is_told(people, run):
    answer = json.loads(run("--json")[0].stdout)
    assert answer["people"]["surveyed"] == 10
    assert on_file(answer, "birth-date")["share"] == 1.0
    assert on_file(answer, "vitamin-d")["people"] == 0


def test_a_type_that_this_server_does_not_offer_is_told(people, run):
    answer = json.loads(run("--json")[0].stdout)
    unlisted = {row["type"] for row in answer["types"] if not row["is_listed"]}
    assert "DeviceUseStatement" in unlisted
    assert "Observation" not in unlisted


def test_the_snippet_uncommented_gives_the_code_a_meaning(people, run, tmp_path):
    path = tmp_path / "codes.yaml"
    run("--overlay-snippet", str(path))
    pasted = overlay(uncommented(path.read_text("utf-8")))
    (added,) = pasted.local_codes["edss"]
    assert (added.system, added.code) == (LOCAL, "NEURO-7")


def test_neither_a_person_nor_free_text_is_told_or_logged(ward, people, run, tmp_path):
    path = tmp_path / "codes.yaml"
    printed, events = run("--all", "--overlay-snippet", str(path))
    as_json, more = run("--json")
    said = printed.output + as_json.output + path.read_text("utf-8") + str([*events, *more])
    assert "Muster" not in said
    assert ward.name not in said.replace(str(tmp_path), "")


def test_a_small_sample_tells_no_code_at_all(people, run):
    answer = json.loads(run("--json", "--people", "7")[0].stdout)
    assert answer["people"]["surveyed"] == 7
    assert not any(answer["codes"][kind] for kind in ("with_hint", "local", "standard"))


def test_a_survey_in_live_mode_writes_nothing(ward, people, run):
    run()
    assert [ward.shown(fhir_id) for fhir_id in people] == [[]] * 10
