"""`boneflag survey`: no writer whatever the mode, one sentence for an operator's mistake."""

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from service import wiring
from service.cli.speaking import speaks_plainly
from service.cli.surveying import survey
from service.settings import load_settings
from tests.lib.canned_server import canned_server

METADATA = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "resource": [{"type": "Condition", "interaction": [{"code": "search-type"}]}],
        }
    ],
}


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    monkeypatch.setattr("time.sleep", lambda _: None)  # Between retries nothing happens.
    load_settings.cache_clear()
    yield monkeypatch
    load_settings.cache_clear()


@pytest.fixture
def connections(settings):
    """What the command reads through; its cohort is empty."""
    made = []
    real = wiring.reading_connection_for

    def make(*arguments):
        connection = real(*arguments)
        connection._cohort_sources = ()
        made.append(connection)
        return connection

    settings.setattr(wiring, "reading_connection_for", make)
    return made


def run(*words):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(speaks_plainly(survey))
    return CliRunner().invoke(app, list(words))


def given(settings, url, **values):
    settings.setenv("BONEFLAG_FHIR_BASE_URL", url)
    settings.setenv("BONEFLAG_FHIR_ALLOW_PLAIN_HTTP", "true")
    for name, value in values.items():
        settings.setenv(f"BONEFLAG_{name.upper()}", value)


def test_without_a_base_url_it_says_what_to_set():
    result = run()
    assert result.exit_code == 2
    assert "BONEFLAG_FHIR_BASE_URL" in result.stderr


def test_it_cannot_write_in_live_mode_either(settings, connections):
    with canned_server(200, METADATA) as url:
        given(settings, url, mode="live")
        result = run("--json")
    assert result.exit_code == 0, result.stderr
    with pytest.raises(RuntimeError, match="shadow"):
        connections[0].apply(None)


def test_an_empty_cohort_gives_an_answer_and_a_snippet_without_codes(settings, connections):
    with canned_server(200, METADATA) as url:
        given(settings, url)
        result = run("--json", "--overlay-snippet", "codes.yaml")
    assert json.loads(result.stdout)["people"]["surveyed"] == 0
    assert all(line.startswith("##") for line in Path("codes.yaml").read_text().splitlines())


def test_a_snippet_is_never_written_over_a_file(settings):
    Path("codes.yaml").write_text("mine")
    with canned_server(200, METADATA) as url:
        given(settings, url)
        result = run("--overlay-snippet", "codes.yaml")
    assert result.exit_code == 2
    assert "--overlay-snippet codes.yaml cannot be written: File exists" in result.stderr
    assert Path("codes.yaml").read_text() == "mine"


def test_an_ehr_that_refuses_gives_exit_code_4_and_leaves_no_snippet(settings):
    with canned_server(403, {"resourceType": "OperationOutcome", "issue": []}) as url:
        given(settings, url)
        result = run("--overlay-snippet", "codes.yaml")
    assert result.exit_code == 4
    assert not Path("codes.yaml").exists()


def test_an_ehr_that_is_away_gives_exit_code_3(settings):
    with canned_server(503, {}) as url:
        given(settings, url)
        result = run()
    assert result.exit_code == 3
    assert "Traceback" not in result.stderr


def test_without_json_a_report_is_printed(settings, connections):
    with canned_server(200, METADATA) as url:
        given(settings, url)
        result = run("--all")
    assert "0 surveyed of 0 in the cohort" in result.stdout
