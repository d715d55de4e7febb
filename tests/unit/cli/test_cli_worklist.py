"""The door to the worklist: where it may be written, what is refused, what is said."""

import csv
import os
import stat

import pytest
import typer
from typer.testing import CliRunner

from service.cli import listing as door
from service.cli.speaking import speaks_plainly
from service.settings import load_settings
from service.store.ledger import Ledger
from tests.unit.worklist.builders import judged, keep, of_status
from tests.unit.worklist.test_lines import DUE, NOTHING_ON_FILE

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(speaks_plainly(door.worklist))


@pytest.fixture(autouse=True)
def ledger(monkeypatch, tmp_path):
    """An environment of our own without an EHR; a ledger with two people to look at, one due."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", url)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        keep(ledger, "gap-1", judged(NOTHING_ON_FILE))
        keep(ledger, "due-1", judged(DUE))
        yield ledger
    load_settings.cache_clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "list.csv"


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)))


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["patient"], row["why"]) for row in csv.DictReader(file)]


def test_the_file_holds_who_needs_a_look_and_has_no_alert(path):
    result = run(path)
    assert result.exit_code == 0, result.output
    assert rows(path) == [("Patient/gap-1", "data-gap")]


def test_all_adds_who_is_due(path):
    run(path, "--all")
    assert rows(path) == [("Patient/due-1", "due"), ("Patient/gap-1", "data-gap")]


def test_a_status_that_is_asked_for_leaves_the_others_out(path):
    run(path, "--status", "due")
    assert rows(path) == [("Patient/due-1", "due")]


def test_several_statuses_may_be_asked_for(path):
    run(path, "--status", "due", "--status", "could-not-determine")
    assert len(rows(path)) == 2


def test_a_status_that_nobody_knows_is_refused_with_the_names_and_leaves_no_file(path):
    result = run(path, "--status", "overdue")
    assert result.exit_code == 2
    assert "ordered-waiting" in result.output
    assert not path.exists()


def test_the_file_is_for_its_owner_alone(path):
    run(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_refused_and_kept(path):
    path.write_text("somebody's work")
    result = run(path)
    assert result.exit_code == 2
    assert "cannot be written: File exists" in result.output
    assert path.read_text() == "somebody's work"


def test_only_counts_are_said_beside_the_file(path):
    result = run(path)
    assert result.stdout == ""
    assert result.stderr.splitlines() == ["1 people, 1 lines, 0 urgent", "  data-gap: 1"]


def test_a_pipe_gets_no_list(path):
    result = run("-")
    assert result.exit_code == 2
    assert "--to-stdout" in result.output
    assert "gap-1" not in result.output


def test_a_pipe_gets_the_list_where_somebody_says_so():
    result = run("-", "--to-stdout")
    assert result.exit_code == 0
    assert "Patient/gap-1" in result.stdout
    assert "Patient" not in result.stderr


def test_a_terminal_gets_the_list(monkeypatch, capsys):
    monkeypatch.setattr(door.sys.stdout, "isatty", lambda: True, raising=False)
    door.worklist("-")
    assert "Patient/gap-1" in capsys.readouterr().out


def test_to_stdout_alone_does_not_change_where_a_file_goes(path):
    result = run(path, "--to-stdout")
    assert result.stdout == ""
    assert len(rows(path)) == 1


def test_a_ledger_without_a_judgement_says_what_to_do(path, monkeypatch, tmp_path):
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    load_settings.cache_clear()
    result = run(path)
    assert result.exit_code == 0
    assert "boneflag sweep" in result.stderr
    assert rows(path) == []


def test_a_list_without_a_line_is_no_reason_to_sweep(path):
    result = run(path, "--status", "snoozed")
    assert "boneflag sweep" not in result.stderr


def test_a_no_is_listed_on_request(path, ledger):
    keep(ledger, "no-1", of_status("snoozed"))
    run(path, "--status", "snoozed")
    assert rows(path) == [("Patient/no-1", "snoozed")]
