"""Sending what the outbox holds by a channel on which nobody can look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.delivery import Delivery
from service.ehr.connection import EHRConnection
from service.ehr.delivery.channels import CHANNELS
from service.ehr.parse import RecordParser
from service.going_live.leave import Volume
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import AssessmentEntry, EntryState, Screening
from service.store.ledger import Ledger
from tests.lib.alerts import ANNA, AT, ON, create
from tests.lib.channels import capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.going_live import approve
from tests.lib.wire import Wire

UNSEARCHABLE = capability_of("Communication", parameters=("recipient",))
DUE = AssessmentEntry("due", None, ON, AT, "ms-bone-health", "1.0.0", "abc123", (), ())


class Clock:
    def __init__(self) -> None:
        self.at: datetime = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


def test_a_message_whose_answer_was_lost_is_sent_once_and_kept_as_unknown(ledger: Ledger) -> None:
    server = FakeFHIRServer()
    server.loses_answer_of = lambda request: request.method == "POST"
    clock = Clock()
    key = _planned(ledger)
    delivery = _delivery(server, ledger, clock)
    for _ in range(3):
        delivery.deliver()
        clock.at += timedelta(minutes=5)
    assert server.writes == ["create Communication"]
    (entry,) = ledger.alerts.history([key])[key]
    assert (entry.state, entry.channel) == (EntryState.UNKNOWN, "communication")
    assert ledger.report.counts().plans == {("failed", "create"): 1}


def _planned(ledger: Ledger) -> str:
    ledger.cohort.add([ANNA.id], "code-search", AT)
    key = ledger.cohort.keys_of([ANNA.id])[ANNA.id]
    approve(ledger, "abc123")
    run = ledger.runs.open("sweep", "live", "abc123", AT)
    ledger.runs.finish_reading(run)
    ledger.screenings.store(Screening(key, run, DUE, (create(),)), AT)
    return key


def _delivery(server: FakeFHIRServer, ledger: Ledger, clock: Clock) -> Delivery:
    vocabulary = packaged_vocabulary()
    ehr = EHRConnection(
        Wire(server).client(),
        vocabulary,
        RecordParser(vocabulary).record,
        cohort_sources=(),
        open_writing=lambda connection: CHANNELS["communication"].writer(
            connection.client, UNSEARCHABLE, options()
        ),
    )
    return Delivery(ehr, ledger, mode="live", limits=Volume(9, None), now=clock, passing=())
