"""The drift report: counts by what happened and why, and who is known to have died."""

from datetime import timedelta

import pytest

from service.cohort_drift import read_drift
from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.merged_people import alerts_of_people
from service.store.ledger import Ledger
from tests.unit.store.builders import NOW, begin, screening, take

LATER = NOW + timedelta(days=1)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", attempts_in_a_run=1) as ledger:
        ledger.migrate()
        yield ledger


def moves(ledger):
    return {(what, why): number for what, why, number in read_drift(ledger, 1).moves}


@pytest.mark.parametrize(
    ("criterion", "words"),
    [("deceased", "deceased"), ("inactive-or-merged", "the record is inactive")],
)
def test_who_left_and_is_known_to_be_nobodys_patient_is_told_apart(ledger, criterion, words):
    take(ledger, ["p1", "p2"])
    keys = ledger.cohort.keys_of(["p1", "p2"])
    finding = {"number": "EXC-01", "criterion": criterion, "verdict": "met", "evidence": []}
    run = begin(ledger, [keys["p1"]])
    ledger.screenings.store(screening(keys["p1"], run, status="excluded", findings=[finding]), NOW)
    take(ledger, [], at=LATER)

    assert moves(ledger) == {
        ("left", "no longer named by code-search"): 1,
        ("left", f"no longer named by code-search ({words})"): 1,
    }


def test_a_merge_between_two_readings_is_in_the_report(ledger):
    take(ledger, ["p1"])
    ledger.merges.follow("p1", "p9", LATER, begin(ledger))

    assert ("merged", "two records of one person were merged in the EHR") in moves(ledger)


def test_the_alerts_of_a_merged_record_are_the_persons():
    read = AlertsRead({"new": AlertHistory(), "old": AlertHistory(), "other": AlertHistory()})

    assert set(alerts_of_people(read, {"new": ("old",)}).histories) == {"new", "other"}


@pytest.mark.parametrize("unreadable", ["new", "old"])
def test_a_person_whose_alerts_cannot_be_read_under_one_id_is_left_alone(unreadable):
    readable = {"new", "old"} - {unreadable}
    read = AlertsRead({id_: AlertHistory() for id_ in readable}, frozenset({unreadable}))

    found = alerts_of_people(read, {"new": ("old",)})

    assert "new" not in found.histories
    assert "new" in found.unreadable
