"""The doors by which the ledger keeps something no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.store.acts import Act
from service.store.ledger import Ledger
from tests.lib.command_line import boneflag

LONG_AGO = datetime.now(UTC) - timedelta(days=4000)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite3"


@pytest.fixture
def ledger(url):
    """Somebody whom a command asked for long ago."""
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        key = ledger.cohort.register(["p1"], "asked for", LONG_AGO)["p1"]
        ledger.audit.record([Act("explain", key)], LONG_AGO)
        yield ledger


def test_a_purge_is_only_shown_until_somebody_says_yes(url, ledger):
    said = boneflag("purge", database_url=url)
    assert (said.code, "people who left: 1" in said.output) == (0, True)
    assert "audit rows: 1" in said.output
    assert ledger.cohort.keys_of(["p1"])


def test_a_purge_that_is_meant_is_done(url, ledger):
    assert "people who left: 1" in boneflag("purge", "--yes", database_url=url).output
    assert ledger.cohort.keys_of(["p1"]) == {}
    assert boneflag("audit", "verify", database_url=url).code == 0
    assert "nothing is over its span" in boneflag("purge", "--yes", database_url=url).output


def test_spans_are_those_of_the_settings(url, ledger):
    spans = {"audit_retention_days": "0", "left_people_retention_days": "4001"}
    assert "nothing is over" in boneflag("purge", "--yes", database_url=url, **spans).output
    assert ledger.cohort.keys_of(["p1"])


def test_a_person_is_forgotten_only_when_somebody_says_yes(url, ledger):
    assert boneflag("forget", "Patient/p1", database_url=url).code == 0
    assert ledger.cohort.keys_of(["p1"])
    said = boneflag("forget", "Patient/p1", "--yes", database_url=url)
    assert (said.code, ledger.cohort.keys_of(["p1"])) == (0, {})
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.by_whom.endswith(": boneflag forget")) == ("forget", True)


def test_a_member_of_the_cohort_is_not_forgotten_and_the_way_is_told(url, ledger):
    ledger.cohort.add(["p1"], "code-search", LONG_AGO)
    said = boneflag("forget", "p1", "--yes", database_url=url)
    assert said.code == 2
    assert "is in the cohort" in said.sentences[0]
    assert "BONEFLAG_COHORT_EXCLUDE_FILE" in said.sentences[0]
    assert ledger.cohort.keys_of(["p1"])


@pytest.mark.usefixtures("ledger")
def test_a_stranger_cannot_be_forgotten(url):
    assert boneflag("forget", "p2", "--yes", database_url=url).code == 2
