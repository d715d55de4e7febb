"""The chart of one person, read and judged as the line does it, and nothing stored.

A newcomer would get two things wrong. What people said to our alerts comes from the ledger as well
as from the EHR, so that the answer is that of a sweep. And a merged record is followed for this
look alone: the ledger follows it when the line reads the person next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service import merged_people
from service.ehr.alert_history import AlertHistory
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRNotFound, EHRRefused
from service.ehr.unread import REFUSED
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.store.entries import KnownPerson
from service.store.ledger import Ledger
from service.thought import Thought, blind, think

_MOST_MERGES = 5


@dataclass(frozen=True, slots=True, repr=False)
class ChartRead:
    """A chart and what the line thinks of it. `why_unread` says why types did not come, by type.

    `was_merged`: the EHR leads on from the record that the ledger knows. `sees_alerts` is False
    where our own alerts could not be read.
    """

    thought: Thought
    why_unread: Mapping[str, str]
    was_merged: bool
    sees_alerts: bool


def read_chart(
    person: KnownPerson,
    ehr: EHRConnection,
    ledger: Ledger,
    protocol: Protocol,
    *,
    site: str,
    on: date,
) -> ChartRead:
    """Read and judge. EHRError where nobody can be read, StoreError passes through."""
    former = ledger.cohort.former_ids_of([person.patient_key]).get(person.patient_key, ())
    record, older = _standing_record(person.fhir_id, ehr, protocol)
    why = dict(ehr.why_unread(record.patient.id))
    if "Patient" in record.unread and not (record.conditions or record.observations):
        if why.get("Patient") == REFUSED:
            raise EHRRefused("The EHR does not show this chart to the service")
        raise EHRNotFound("The EHR shows nobody with this id")
    fhir_id = record.patient.id
    alerts = merged_people.read_alerts(
        ehr, ledger, {person.patient_key: fhir_id}, {fhir_id: (*older, *former)}
    )
    history = alerts.histories.get(fhir_id)
    decisions = ledger.decisions.of([person.patient_key]).get(person.patient_key, ())
    thought = think(record, history or AlertHistory(), protocol, on, site=site, decisions=decisions)
    if history is None:
        thought = blind(thought)
    return ChartRead(thought, why, bool(older), history is not None)


def _standing_record(
    fhir_id: str, ehr: EHRConnection, protocol: Protocol
) -> tuple[PatientRecord, tuple[str, ...]]:
    """The record that stands, and the ids that led to it; EHRNotFound where it is a circle."""
    led: list[str] = []
    while len(led) < _MOST_MERGES and fhir_id not in led:
        record = next(iter(ehr.read_records([fhir_id], protocol.needs)))
        if not merged_people.is_merged(record) or record.replaced_by is None:
            return record, tuple(led)
        led.append(fhir_id)
        fhir_id = record.replaced_by.id
    raise EHRNotFound("The EHR leads from one record to another and back")
