"""The doors to report and simulate: forms, refusals, progress (the rest: tests/functional)."""

import os
import re

import pytest
import typer
from typer.testing import CliRunner

from service.cli import programme as commands
from service.cli.speaking import speaks_plainly
from service.settings import load_settings

app = typer.Typer(pretty_exceptions_enable=False)
for command in (commands.report, commands.simulate):
    app.command()(speaks_plainly(command))


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """An environment of our own with an empty ledger and no EHR."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.fixture
def overlay(tmp_path):
    path = tmp_path / "overlay.yaml"
    path.write_text("overlay: here\nfor: ms-bone-health\nfor_version: 0.3.0\nversion: 1\n")
    return path


@pytest.mark.parametrize("words", [("--json", "--csv"), ("--csv", "--fhir"), ("--json", "--fhir")])
def test_a_report_has_one_form(words):
    result = run("report", *words)
    assert result.exit_code == 2
    assert "choose one form" in result.output


@pytest.mark.parametrize("form", ["--json", "--csv", "--fhir"])
def test_a_report_is_printed_or_saved(form, tmp_path):
    result = run("report", form, "--html", tmp_path / "report.html")
    assert result.exit_code == 2
    assert not (tmp_path / "report.html").exists()


def test_a_report_is_saved_as_one_file_and_its_funnel_as_a_picture(tmp_path):
    result = run("report", "--html", tmp_path / "r.html", "--picture", tmp_path / "r.svg")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "Counts are rounded to 5; 7 or fewer are hidden" in text
    assert not re.findall(r'(?:src|srcset|href|action)="(?!data:|#)', text)
    assert "From the cohort to treatment" in (tmp_path / "r.svg").read_text("utf-8")


def test_a_simulation_has_one_form(overlay):
    result = run("simulate", "--overlay", overlay, "--json", "--csv")
    assert result.exit_code == 2
    assert "choose one form" in result.output


def test_a_report_before_the_first_sweep_prints_the_ledger_alone():
    result = run("report")
    assert result.exit_code == 0
    assert "in_cohort: 0" in result.output
    assert "By criterion" not in result.output


def test_a_measure_report_before_the_first_sweep_is_refused_with_what_to_do():
    result = run("report", "--fhir")
    assert result.exit_code == 2
    assert "boneflag sweep" in result.output


def test_a_reporter_that_cannot_report_is_refused():
    assert run("report", "--fhir", "--reporter", "Patient/1").exit_code == 2


def test_a_simulation_without_an_ehr_says_which_setting_is_missing(overlay):
    result = run("simulate", "--overlay", overlay)
    assert result.exit_code == 2
    assert "BONEFLAG_FHIR_BASE_URL" in result.output


def test_a_simulation_without_an_overlay_is_refused():
    assert run("simulate").exit_code == 2


def test_a_date_that_is_none_is_refused(overlay):
    result = run("simulate", "--overlay", overlay, "--on", "yesterday")
    assert result.exit_code == 2
    assert "YYYY-MM-DD" in result.output


def test_a_sample_of_nobody_is_refused(overlay):
    assert run("simulate", "--overlay", overlay, "--sample", "0").exit_code == 2


def test_progress_is_told_now_and_then_and_at_the_end(capsys):
    with commands._progress() as progress:
        for done in (50, 1000, 1050, 1070):
            progress(done, 1070)
    assert capsys.readouterr().err == "1000 of 1070 people read\n1070 of 1070 people read\n"


def test_progress_on_a_terminal_is_a_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with commands._progress() as progress:
        progress(50, 100)
    assert "people read" not in capsys.readouterr().err
