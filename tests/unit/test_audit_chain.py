"""What is found in a chain that somebody worked on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.audit_chain import check_chain
from service.store.acts import Act
from service.store.audit import Link
from service.store.database import Database
from service.store.ledger import Ledger
from service.store.retention import purged_phrase

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite3"


@pytest.fixture
def ledger(url):
    """Five rows, one a day."""
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        for number in range(5):
            ledger.audit.record([Act("read", f"k{number}", reason="due")], NOW + number * DAY)
        yield ledger


@pytest.fixture
def tamper(url):
    def run(*statements):
        store = Database(url)
        with store.writing() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        store.close()

    return run


def check(ledger, expect=""):
    with ledger.audit.chain() as chain:
        return check_chain(chain, expect)


def rows(ledger):
    return list(ledger.audit.rows())


def test_a_chain_that_nobody_touched_holds(ledger):
    found = check(ledger)
    assert found.broken is None
    assert (found.rows, found.end.number, found.first_at, found.last_at) == (
        5,
        5,
        NOW,
        NOW + 4 * DAY,
    )


def test_an_empty_chain_holds(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/empty.sqlite3", attempts_in_a_run=1) as empty:
        empty.migrate()
        assert check(empty).broken is None


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-11-25 03:00:00.000001'",
        "client = 'somebody'",
        "by_whom = 'somebody'",
        "software = 'other'",
        "protocol_digest = 'other'",
        "what = 'list'",
        "patient_key = 'k9'",
        "resource = 'Flag/1'",
        "run_id = 1",
        "run_kind = 'sweep'",
        "reason = 'other'",
        "outcome = 'failed'",
        "detail = 'other'",
        "hash = 'other'",
    ],
)
def test_a_changed_row_is_found_by_number_and_day(ledger, tamper, change):
    tamper(f"UPDATE audit SET {change} WHERE number = 4")
    broken = check(ledger).broken
    assert (broken.number, broken.at.date()) == (4, (NOW + 3 * DAY).date())


def test_a_deleted_row_is_found(ledger, tamper):
    tamper("DELETE FROM audit WHERE number IN (2, 3)")
    broken = check(ledger).broken
    assert broken.number == 4
    assert "2 to 3" in broken.why


def test_a_deleted_row_whose_place_was_closed_is_found(ledger, tamper):
    tamper(
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit SET number = number - 1 WHERE number > 2",
    )
    assert check(ledger).broken.number == 2


def test_a_row_that_was_put_in_is_found(ledger, tamper):
    tamper(
        "UPDATE audit SET number = -number WHERE number > 2",
        "UPDATE audit SET number = 1 - number WHERE number < 0",
        "INSERT INTO audit SELECT 3, at, client, by_whom, software, protocol_digest, what,"
        " 'somebody', resource, run_id, run_kind, reason, outcome, detail, hash"
        " FROM audit WHERE number = 2",
    )
    assert check(ledger).broken.number == 3


def test_rows_that_changed_places_are_found(ledger, tamper):
    tamper(
        "UPDATE audit SET number = 99 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 99",
    )
    assert check(ledger).broken.number == 2


def test_the_first_of_several_faults_is_told(ledger, tamper):
    tamper("UPDATE audit SET reason = 'other' WHERE number IN (3, 5)")
    found = check(ledger)
    assert (found.broken.number, found.end.number) == (3, 2)


def test_a_cut_end_is_found_by_a_hash_that_was_written_down(ledger, tamper):
    last = rows(ledger)[-1].hash
    tamper("DELETE FROM audit WHERE number = 5")
    assert check(ledger).broken is None
    assert check(ledger, last).broken.number == 5


def test_a_hash_that_was_written_down_earlier_is_still_found(ledger):
    assert check(ledger, rows(ledger)[1].hash).broken is None


def test_a_cut_end_is_found_by_the_anchor_of_a_night(ledger, tamper):
    ledger.audit.anchor(NOW)
    tamper("DELETE FROM audit WHERE number > 3")
    broken = check(ledger).broken
    assert (broken.number, broken.at) == (4, None)


def test_a_chain_that_was_written_anew_is_found_by_the_anchor_of_a_night(ledger, tamper):
    ledger.audit.anchor(NOW)
    tamper("DELETE FROM audit")
    for _ in range(6):
        ledger.audit.record([Act("list")], NOW)
    assert check(ledger).broken.number == 5


def purged(tamper, ledger, link, told):
    tamper(
        f"DELETE FROM audit WHERE number <= {link.number}",
        f"INSERT INTO audit_anchors VALUES ({link.number}, '{link.hash}', 'purged', '2026-11-22')",
    )
    if told:
        ledger.audit.record([Act("purge", detail=purged_phrase(link))], NOW)


def test_a_chain_whose_beginning_was_purged_holds(ledger, tamper):
    second = rows(ledger)[1]
    purged(tamper, ledger, Link(2, second.hash), told=True)
    found = check(ledger)
    assert found.broken is None
    assert (found.start.number, found.rows) == (2, 4)
    assert check(ledger, second.hash).broken is None


def test_a_beginning_that_is_gone_without_a_purge_is_found(ledger, tamper):
    purged(tamper, ledger, Link(2, rows(ledger)[1].hash), told=False)
    broken = check(ledger).broken
    assert broken.number == 2
    assert "no row tells of a purge" in broken.why


def test_a_purge_with_another_hash_is_found(ledger, tamper):
    purged(tamper, ledger, Link(2, "0" * 64), told=True)
    assert check(ledger).broken.number == 3
