"""The doors of the audit, and the doors that must write into it."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest

from service.store.acts import Act
from service.store.ledger import Ledger
from tests.lib.command_line import boneflag
from tests.unit.worklist.builders import judged, keep
from tests.unit.worklist.test_lines import NOTHING_ON_FILE

NOW = datetime(2026, 10, 22, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite3"


@pytest.fixture
def ledger(url):
    """One person whose chart was read on three days."""
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        key = ledger.cohort.register(["p1"], "asked for", NOW)["p1"]
        for days in range(3):
            ledger.audit.record([Act("read", key, reason=f"day {days}")], NOW + days * DAY)
        yield ledger


def words_told(ledger):
    return [row.what for row in ledger.audit.rows()]


def test_a_whole_chain_is_told_with_the_hash_to_write_down(url, ledger):
    said = boneflag("audit", "verify", database_url=url)
    assert said.code == 0
    assert "3 rows, number 1 to 3, from 2026-10-22 03:00 to 2026-10-24 03:00" in said.output
    assert list(ledger.audit.rows())[-1].hash in said.output


def test_an_empty_chain_is_told_as_such(url):
    assert "nothing was written down yet" in boneflag("audit", "verify", database_url=url).output


@pytest.mark.usefixtures("ledger")
def test_a_broken_row_is_named_by_number_and_day_with_exit_code_6(url, tmp_path):
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        connection.execute("UPDATE audit SET reason = 'other' WHERE number = 2")
    said = boneflag("audit", "verify", database_url=url)
    assert said.code == 6
    assert "does not hold at number 2 of 2026-10-23" in said.sentences[0]


@pytest.mark.usefixtures("ledger")
def test_an_expected_hash_that_no_row_has_is_an_error(url):
    assert boneflag("audit", "verify", "--expect", "0" * 64, database_url=url).code == 6


def test_an_expected_hash_is_taken_as_it_was_written_down(url, ledger):
    wanted = f" {next(iter(ledger.audit.rows())).hash.upper()} "
    assert boneflag("audit", "verify", "--expect", wanted, database_url=url).code == 0


def test_what_was_done_about_one_person_is_told_and_that_is_written_down(url, ledger):
    said = boneflag("audit", "patient", "Patient/p1", "--since", "2026-10-23", database_url=url)
    assert said.code == 0
    assert "day 1" in said.output
    assert "day 0" not in said.output
    assert words_told(ledger)[-1] == "show-audit"


@pytest.mark.usefixtures("ledger")
def test_a_stranger_is_told_as_such_without_the_id(url):
    said = boneflag("audit", "patient", "nobody-7", database_url=url)
    assert said.code == 2
    assert "nobody-7" not in said.output


@pytest.mark.usefixtures("ledger")
def test_a_day_that_is_none_is_refused(url):
    said = boneflag("audit", "patient", "p1", "--since", "yesterday", database_url=url)
    assert (said.code, "--since" in said.sentences[0]) == (2, True)


def test_the_export_holds_a_line_for_each_event_and_is_for_its_owner_alone(url, ledger, tmp_path):
    path = tmp_path / "audit.ndjson"
    span = ("--since", "2026-10-23", "--until", "2026-10-23")
    said = boneflag("audit", "export", str(path), *span, database_url=url, site_id="ward")
    assert said.code == 0
    (event,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (event["recorded"], event["source"]["site"]) == ("2026-10-23T03:00:00Z", "ward")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert words_told(ledger)[-1] == "export"


@pytest.mark.usefixtures("ledger")
def test_an_export_never_overwrites_a_file(url, tmp_path):
    path = tmp_path / "audit.ndjson"
    path.write_text("mine")
    assert boneflag("audit", "export", str(path), database_url=url).code == 2
    assert path.read_text() == "mine"


def test_a_worklist_is_written_down_for_everybody_in_it(url, ledger, tmp_path):
    keep(ledger, "gap-1", judged(NOTHING_ON_FILE))
    path = tmp_path / "list.csv"
    before = len(words_told(ledger))
    assert boneflag("worklist", str(path), database_url=url).code == 0
    with path.open(encoding="utf-8", newline="") as file:
        assert [row["patient"] for row in csv.DictReader(file)] == ["Patient/gap-1"]
    (row,) = [r for r in ledger.audit.rows() if r.number > before and r.what == "list"]
    assert ledger.audit.fhir_ids()[row.patient_key] == "gap-1"
    assert row.by_whom.endswith(": boneflag worklist")


@pytest.mark.heavy  # Waits for an EHR that is away.
def test_an_explanation_is_written_down_before_the_ehr_is_asked(url, ledger):
    said = boneflag("explain", "p9", database_url=url, fhir_base_url="http://localhost:9/fhir")
    assert said.code == 3
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.by_whom.endswith("boneflag explain")) == ("explain", True)
    assert "Condition" in row.detail


@pytest.mark.heavy  # Waits for an EHR that is away.
def test_whoever_asks_for_a_screening_is_written_down(url, ledger):
    boneflag("screen", "p9", database_url=url, fhir_base_url="http://localhost:9/fhir")
    assert "screen" in words_told(ledger)


def test_a_pause_says_by_which_command(url, ledger):
    boneflag("pause", database_url=url)
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.by_whom.endswith(": boneflag pause")) == ("pause", True)
