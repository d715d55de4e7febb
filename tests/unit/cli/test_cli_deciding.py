"""`boneflag decide`: what it says, and with which exit code."""

import os
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings
from service.store.ledger import Ledger

NO = ("decide", "p1", "--reason", "patient-refuses", "--by", "Practitioner/7")


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """An environment of our own: a ledger that knows one person, and nothing else."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", url)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    with Ledger(url, attempts_in_a_run=3) as ledger:
        ledger.migrate()
        ledger.cohort.register(["p1"], "test", datetime.now(UTC))
    yield
    load_settings.cache_clear()


def told(*arguments):
    result = CliRunner().invoke(cli.app, list(arguments))
    return result.exit_code, result.output


def test_a_decision_is_noted_with_its_span():
    code, said = told(*NO)
    assert (code, "noted: declined (patient-refuses), until 20" in said) == (0, True)


def test_the_same_decision_again_changes_nothing():
    told(*NO)
    assert told(*NO)[1].startswith("it was said already")


def test_decisions_are_listed_with_who_and_what_about():
    told(*NO)
    told("decide", "p1", "--reason", "limited-time", "--by", "neurologist", "--about", "gap")
    listed = told("decide", "p1", "--list")[1]
    assert "declined, patient-refuses; ms-bone-health-review; until" in listed
    assert "by Practitioner/7; said to BoneFlag" in listed
    assert "snoozed, limited-time; osteoporosis-treatment-gap" in listed


def test_a_person_about_whom_nothing_was_decided_has_an_empty_list():
    assert "nothing was decided" in told("decide", "p1", "--list")[1]


def test_a_wrong_diagnosis_is_listed_without_an_end():
    told("decide", "p1", "--reason", "wrong-diagnosis", "--by", "neurologist")
    assert "without an end by date" in told("decide", "p1", "--list")[1]


def test_what_was_taken_back_is_still_listed():
    told(*NO)
    assert "taken back: 1" in told("decide", "p1", "--take-back")[1]
    assert "; taken back on 20" in told("decide", "p1", "--list")[1]


def test_taking_back_where_nothing_stood_is_told():
    assert "nothing stood" in told("decide", "p1", "--take-back")[1]


def test_a_day_can_be_given():
    assert "until 2999-01-10" in told(*NO, "--until", "2999-01-10")[1]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("decide", "p1"), "give --reason CODE and --by WHO"),
        (("decide", "p1", "--reason", "because", "--by", "nurse"), "no reason of the protocol"),
        (("decide", "p9", "--reason", "limited-time", "--by", "nurse"), "known here"),
        ((*NO, "--about", "bones"), "screening or gap"),
        (("decide", "p1,p2", "--list"), "the id of a FHIR Patient"),
    ],
)
def test_what_cannot_be_understood_ends_with_exit_code_2(arguments, fault):
    code, said = told(*arguments)
    assert (code, fault in " ".join(said.split())) == (2, True)
