"""Sending what the outbox holds by a channel on which nobody can look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from service.delivery import Delivery
from service.ehr.connection import EHRConnection
from service.ehr.delivery.channels import CHANNELS
from service.ehr.parse import RecordParser
from service.going_live.leave import Volume
from service.screening.alert import Alert, AlertKind
from service.screening.record import ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import AlertEntry, AssessmentEntry, EntryState, Screening
from service.store.ledger import Ledger
from tests.lib.alerts import AT, ON, an_alert, create, key_of
from tests.lib.channels import capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.going_live import approve
from tests.lib.wire import Wire

BERTA = ResourceRef("Patient", "berta")
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


def test_an_answer_that_contradicts_the_ledger_keeps_nobody_else_waiting(ledger: Ledger) -> None:
    server, clock = FakeFHIRServer(), Clock()
    _planned(ledger)
    (run,) = ledger.runs.newest(1)
    _planned(ledger, an_alert(patient=BERTA, key=key_of(BERTA, AlertKind.SCREENING, 1)))
    server.before = lambda request: _give_key_away(ledger, run.id, request)
    _delivery(server, ledger, clock).deliver()
    told = [message["subject"]["reference"] for message in server.all("Communication")]
    assert told == ["Patient/anna", "Patient/berta"]


def _give_key_away(ledger: Ledger, run_id: int, request: httpx.Request) -> None:
    """While the message about Anna is on its way, its identifier becomes somebody else's."""
    plans = ledger.outbox.plans_to_send(9, AT + timedelta(hours=1), run_id)
    if request.method != "POST" or not plans:
        return
    ledger.outbox.mark_failed(plans[0].id, "taken out")
    ledger.cohort.add(["clara"], "code-search", AT)
    alert = an_alert()
    taken = alert.key, alert.kind, alert.protocol_id, 1, EntryState.CONFIRMED, ON, "digest"
    clara = ledger.cohort.keys_of(["clara"])["clara"]
    ledger.alerts.remember(clara, AlertEntry(*taken), AT)


def _planned(ledger: Ledger, alert: Alert | None = None) -> str:
    patient = (alert or an_alert()).patient
    ledger.cohort.add([patient.id], "code-search", AT)
    key = ledger.cohort.keys_of([patient.id])[patient.id]
    approve(ledger, "abc123")
    run = ledger.runs.open("sweep", "live", "abc123", AT)
    ledger.runs.finish_reading(run)
    ledger.screenings.store(Screening(key, run, DUE, (create(alert),)), AT)
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
