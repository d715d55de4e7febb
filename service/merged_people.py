"""People whose record was merged into another: followed, and told about once.

A newcomer would get three things wrong. A merge is found where the chart is read, so that the
person is judged anew at once, under the record that stands; nothing is concluded from the old one,
which is inactive and would close an alert. Our alerts are looked for under every id that the person
had, because some servers leave them at the old record. And a source of the cohort may name the new
record from one night to the next, without the old one: whoever just left is asked for once more, by
the Patient alone, or what was said about the old record would be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from service.alert_memory import remembered_from
from service.ehr.alert_history import NO_MEMORY, AlertHistory, Memory
from service.ehr.alerts import AlertsRead
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError
from service.ehr.merged_alerts import as_one
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement
from service.store.acts import Act
from service.store.entries import Screening
from service.store.ledger import Ledger

_log = structlog.get_logger()
# An EHR that was away, or that merges a day after the Group was changed, has its chance.
_ASKED_FOR_AFTER_LEAVING = timedelta(days=7)
_WHO_THEY_ARE = (DataRequirement("Patient"),)
NOBODY_REMEMBERED: Mapping[str, Memory] = {}


class MergedInACircle(Exception):
    """The EHR leads from one record to another and back: nobody can tell which one stands."""


def is_merged(record: PatientRecord) -> bool:
    """Whether the record says which other one the person goes on under."""
    other = record.replaced_by
    return other is not None and other.type == "Patient" and other.is_valid


def follow_merges(
    ledger: Ledger,
    merged: Mapping[str, PatientRecord],
    runs: Mapping[str, int],
    at: datetime,
    led_from: frozenset[str] = frozenset(),
) -> tuple[list[str], list[str]]:
    """Let people go on under the record that stands, pending for the run that found it.

    `merged` and `runs` are by key. Gives the keys to screen anew, and those of people whom the EHR
    leads in a circle: back to one of the ids from which this look was led on, `led_from`.
    """
    again: list[str] = []
    astray: list[str] = []
    for key, record in merged.items():
        other = record.replaced_by
        stands = (
            None
            if other is None or other.id in led_from
            else ledger.merges.follow(record.patient.id, other.id, at, runs[key])
        )
        if stands is None:
            astray.append(key)
            continue
        again.append(stands)
    if again:
        _log.info("merged_records_followed", patients=len(again))
    return again, astray


def follow_who_left(ehr: EHRConnection, ledger: Ledger, run_id: int, at: datetime) -> None:
    """Follow the merges of people who left the cohort lately and of whom something is known.

    Nothing else of their charts is read. What the EHR does not answer is asked again by the sweeps
    of the next days.
    """
    left = ledger.cohort.known_outside(at - _ASKED_FOR_AFTER_LEAVING)
    if not left:
        return
    looks = [
        Act("read", key, run_id=run_id, reason="whether their record was merged") for key in left
    ]
    ledger.audit.record(looks, at)
    key_of = {fhir_id: key for key, fhir_id in left.items()}
    merged: dict[str, PatientRecord] = {}
    try:
        for record in ehr.read_records(list(key_of), _WHO_THEY_ARE):
            if is_merged(record):
                merged[key_of[record.patient.id]] = record
    except EHRError as error:
        _log.warning("merges_unread", patients=len(left), error=type(error).__name__)
    follow_merges(ledger, merged, dict.fromkeys(merged, run_id), at)


def former_ids(ledger: Ledger, fhir_ids: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Today's id to the ids that were merged into it; `fhir_ids` is by key."""
    return {fhir_ids[key]: ids for key, ids in ledger.cohort.former_ids_of(list(fhir_ids)).items()}


def as_read(screening: Screening, fhir_id: str, former: Mapping[str, tuple[str, ...]]) -> Screening:
    """The screening with every id under which the person was looked for.

    The ledger does not store it where another worker has followed a merge since: its alerts would
    lack those of the other record.
    """
    return replace(screening, fhir_ids=frozenset({fhir_id, *former.get(fhir_id, ())}))


class ReadsAlerts(Protocol):
    """The EHR by its channel of today, or one channel of it."""

    def read_alerts(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """See `EHRConnection.read_alerts`."""
        ...


def read_alerts(
    ehr: ReadsAlerts,
    ledger: Ledger,
    fhir_ids: Mapping[str, str],
    former: Mapping[str, tuple[str, ...]],
) -> AlertsRead:
    """Our alerts about these people, by the id of today; `fhir_ids` is by key."""
    keys = list(fhir_ids)
    remembered = {
        fhir_ids[key]: {entry.key: remembered_from(entry) for entry in of_patient}
        for key, of_patient in ledger.alerts.history(keys).items()
    }
    for id_, others in former.items():
        remembered |= {other: remembered[id_] for other in others if id_ in remembered}
    ids = [*fhir_ids.values(), *(other for others in former.values() for other in others)]
    return alerts_of_people(ehr.read_alerts(ids, remembered), former, remembered)


def alerts_of_people(
    read: AlertsRead,
    former: Mapping[str, tuple[str, ...]],
    remembered: Mapping[str, Memory] = NOBODY_REMEMBERED,
) -> AlertsRead:
    """The alerts of each person, those under former ids included, one open of each kind.

    `former` and the ledger's `remembered` are by today's id. Somebody whose alerts cannot be read
    under one of their ids is unreadable.
    """
    found: dict[str, list[AlertHistory]] = {id_: [h] for id_, h in read.histories.items()}
    unreadable = set(read.unreadable)
    for id_, others in former.items():
        parts = [history for other in others for history in found.pop(other, [])]
        if id_ in found and len(parts) == len(others):
            found[id_] += parts
        else:
            found.pop(id_, None)
            unreadable.add(id_)
    histories = {i: as_one(parts, remembered.get(i, NO_MEMORY)) for i, parts in found.items()}
    return AlertsRead(histories, frozenset(unreadable))
