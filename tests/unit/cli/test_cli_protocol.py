"""`boneflag protocol check | test | show`: exit codes, one clear sentence, no traceback."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from service.cli.protocol import app
from service.settings import load_settings
from tests.lib.overlays import APPROVED
from tests.lib.source_tree import HOME

EXAMPLES = HOME / "docs" / "examples"
ANNA = """\
- name: Anna
  born: 1986-06-01
  on: 2026-11-22
  facts: [{diagnosis: G35.A}, {edss: 6.5, on: 2026-09-01}]
"""


@pytest.fixture(autouse=True)
def _fresh_settings(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def overlay_file(tmp_path):
    def written(more="", text=APPROVED):
        path = tmp_path / "overlay.yaml"
        path.write_text(text + more, "utf-8")
        return str(path)

    return written


@pytest.fixture
def cases_file(tmp_path):
    def written(text):
        path = tmp_path / "cases.yaml"
        path.write_text(text, "utf-8")
        return str(path)

    return written


def told(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_protocol_that_ships_passes_its_check():
    result = told("check")
    assert (result.exit_code, result.stdout.splitlines()[-1][:8]) == (0, "0 errors")


def test_the_example_overlay_passes_its_check_on_its_day():
    result = told("check", "--overlay", str(EXAMPLES / "overlay.yaml"), "--on", "2026-11-22")
    assert result.exit_code == 0, result.output


def test_an_error_of_the_check_gives_exit_code_1(overlay_file):
    path = overlay_file("criteria: {MSO-02: {is_on: false}}")
    result = told("check", "--overlay", path, "--on", "2026-11-22")
    assert (result.exit_code, "silences the MAJOR criterion MSO-02" in result.stdout) == (1, True)


def test_the_check_is_given_to_machines_too(overlay_file):
    path = overlay_file("criteria: {MSO-02: {is_on: false}}")
    remarks = json.loads(told("check", "--json", "--overlay", path, "--on", "2026-11-22").stdout)
    assert remarks[0]["level"] == "error"
    assert remarks[0].keys() == {"level", "where", "what", "do"}


def test_the_configured_overlay_is_checked_where_none_is_named(overlay_file, monkeypatch):
    path = overlay_file("criteria: {MSO-02: {is_on: false}}")
    monkeypatch.setenv("BONEFLAG_PROTOCOL_OVERLAY", path)
    assert told("check", "--on", "2026-11-22").exit_code == 1


@pytest.mark.parametrize("command", [("check",), ("show",), ("test", "cases")])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML"),
        ("titel: x", "titel: not a name that is read here"),
        (APPROVED + "criteria: {MSO-99: {is_on: false}}", "criteria.MSO-99: no such criterion"),
        (APPROVED.replace("ms-bone", "als-bone"), "the protocol here is 'ms-bone-health'"),
    ],
)
def test_an_overlay_that_cannot_be_used_is_one_sentence(
    command, text, words, overlay_file, cases_file
):
    arguments = [
        a if a != "cases" else cases_file(ANNA + "  expect: {status: due}") for a in command
    ]
    result = told(*arguments, "--overlay", overlay_file(text=text))
    if command == ("check",) and "YAML" not in words and "titel" not in words:
        assert (result.exit_code, words in result.stdout) == (1, True)
    else:
        assert (result.exit_code, words in result.stderr) == (2, True)
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_overlay_that_cannot_be_read_is_one_sentence(content, tmp_path):
    path = tmp_path / "overlay.yaml"
    if content is not None:
        path.write_bytes(content)
    result = told("show", "--overlay", str(path))
    assert (result.exit_code, result.stderr.startswith("boneflag: the protocol overlay")) == (
        2,
        True,
    )


def test_a_day_that_is_none_is_one_sentence():
    result = told("check", "--on", "soon")
    assert (result.exit_code, result.stderr) == (
        2,
        "boneflag: --on 'soon' is not a date: write YYYY-MM-DD\n",
    )


def test_cases_that_come_out_as_expected_give_exit_code_0(cases_file):
    result = told("test", cases_file(ANNA + "  expect: {status: due}"))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "1 case, 0 otherwise than expected",
    )


def test_a_case_that_differs_gives_exit_code_1_and_the_reason(cases_file):
    result = told("test", cases_file(ANNA + "  expect: {status: not-at-risk}"))
    assert result.exit_code == 1
    assert "expected not-at-risk, is due: MSO-02 met major: EDSS 6.5" in result.stdout


def test_the_outcome_is_given_to_machines_too(cases_file):
    result = told("test", "--json", cases_file(ANNA + "  expect: {status: due}"))
    assert json.loads(result.stdout) == [
        {"name": "Anna", "status": "due", "as_expected": True, "differences": []}
    ]


def test_cases_that_cannot_be_understood_are_one_sentence_with_the_name(cases_file):
    result = told("test", cases_file(ANNA + "  expect: {status: duee}"))
    assert (result.exit_code, result.stderr) == (
        2,
        "boneflag: Anna.expect.status: 'duee' is not a choice; did you mean 'due'?\n",
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_cases_that_cannot_be_read_are_one_sentence(content, tmp_path):
    path = tmp_path / "cases.yaml"
    if content is not None:
        path.write_bytes(content)
    result = told("test", str(path))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_a_protocol_is_shown_with_its_digest():
    result = told("show")
    assert result.exit_code == 0
    assert "sha256:" in result.stdout
    assert "No overlay: the protocol as it ships." in result.stdout


def test_what_an_overlay_changed_is_shown(overlay_file):
    result = told("show", "--overlay", overlay_file("criteria: {MSO-11: {is_on: false}}"))
    assert "Changed by st-elsewhere" in result.stdout
    assert "criteria.MSO-11.is_on" in result.stdout


def test_the_effective_protocol_is_given_to_machines_too(overlay_file):
    result = told("show", "--json", "--overlay", overlay_file("criteria: {MSO-11: {is_on: false}}"))
    assert json.loads(result.stdout)["changes"] == [
        {"where": "criteria.MSO-11.is_on", "shipped": "on", "effective": "off"}
    ]
