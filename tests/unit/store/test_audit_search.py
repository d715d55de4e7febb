"""What is found in the audit, and whether the end that was kept still holds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import Search
from service.store.tables import AUDIT

from .builders import MINUTE, NOW


@pytest.fixture
def told(ledger):
    """Three acts of three people, a minute apart."""
    ledger.audit.record([Act("list", "k1", by="Ada 100% Night")], NOW)
    ledger.audit.record([Act("pause", by="Bo Day")], NOW + MINUTE)
    ledger.audit.record([Act("list", "k2", by="Bo Day")], NOW + 2 * MINUTE)
    return ledger


def numbers(ledger, limit=10, **wanted):
    return [row.number for row in ledger.audit.find(Search(**wanted), limit)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [3, 2, 1]),
        ({"since": NOW + MINUTE}, [3, 2]),
        ({"until": NOW + MINUTE}, [1]),
        ({"what": "list"}, [3, 1]),
        ({"by": "bo"}, [3, 2]),
        ({"by": "0%"}, [1]),
        ({"by": "%"}, [1]),
        ({"patient_keys": ("k1", "k2")}, [3, 1]),
        ({"patient_keys": ()}, []),
        ({"what": "list", "by": "Bo", "since": NOW}, [3]),
    ],
)
def test_what_fits_is_found_the_newest_first(told, wanted, found):
    assert numbers(told, **wanted) == found


def test_no_more_is_given_than_was_asked_for(told):
    assert numbers(told, limit=2) == [3, 2]


def test_nothing_was_kept_before_the_first_night(told):
    assert told.audit.newest_anchor() is None


def test_the_end_that_was_kept_holds_until_its_row_is_changed_or_gone(told):
    told.audit.anchor(NOW)
    assert (told.audit.newest_anchor().number, told.audit.newest_anchor().holds) == (3, True)
    with told._database.writing() as connection:
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.number == 3))
    assert not told.audit.newest_anchor().holds
