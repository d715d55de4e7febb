"""`boneflag ledger unknown` and `settle`."""

import pytest

from service.screening.alert import AlertKind
from service.store.entries import AlertEntry, EntryState
from service.store.ledger import Ledger
from tests.lib.alerts import AT, ON
from tests.lib.command_line import boneflag


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger(url, attempts_in_a_run=5) as ledger:
        ledger.migrate()
        key = ledger.cohort.register(["anna"], "test", AT)["anna"]
        state = EntryState.UNKNOWN
        entry = AlertEntry("the-key", AlertKind.SCREENING, "p", 1, state, ON, "says")
        ledger.alerts.remember(key, entry, AT)
    return url


def test_unknown_alerts_are_not_written_into_a_file_unasked(url):
    assert boneflag("ledger", "unknown", database_url=url).code == 2


def test_unknown_alerts_are_listed_by_patient(url):
    said = boneflag("ledger", "unknown", "--to-stdout", database_url=url)

    assert said.code == 0
    assert said.output.startswith("anna: ms-bone-health-review")
    assert "the-key" in said.output


def test_an_alert_that_arrived_is_settled_once(url):
    words = ("ledger", "settle", "the-key", "--arrived", "--by", "N. Nurse")

    assert boneflag(*words, database_url=url).code == 0
    assert boneflag(*words, database_url=url).code == 2
    assert "known" in boneflag("ledger", "unknown", "--to-stdout", database_url=url).output


def test_settling_needs_to_know_how_it_ended(url):
    assert boneflag("ledger", "settle", "the-key", "--by", "N. Nurse", database_url=url).code == 2
