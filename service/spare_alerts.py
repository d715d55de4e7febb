"""Spare alerts of ours, found at every look: counted, retired in live mode, and told about.

A newcomer would get one thing wrong: the ledger learns of a spare alert *before* it is retired. A
Flag that is found entered in error later, by a ledger that calls it active, would be taken for a
person's no, and that no would close the alert that was kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog

from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError
from service.screening.alert import PostedAlert
from service.store.acts import Act, Outcome
from service.store.entries import AlertEntry, EntryState
from service.store.errors import StoreConflict
from service.store.ledger import Ledger

_log = structlog.get_logger()
CLOSED_AS_SPARE = "another alert of this kind stood beside it"


@dataclass(frozen=True, slots=True, repr=False)
class Spare:
    """What is spare about one person, as one run saw it."""

    patient_key: str
    run_id: int
    history: AlertHistory


def spare_in(
    alerts: AlertsRead, fhir_ids: Mapping[str, str], runs: Mapping[str, int]
) -> list[Spare]:
    """Who has spare alerts; `fhir_ids` and `runs` are by key."""
    nothing = AlertHistory()
    return [
        Spare(key, runs[key], history)
        for key, id_ in fhir_ids.items()
        if (history := alerts.histories.get(id_, nothing)).duplicates
    ]


def retire_spare(
    ehr: EHRConnection,
    ledger: Ledger,
    spare: Sequence[Spare],
    at: datetime,
    writable: Set[str],
) -> None:
    """Mark spare Flags and Tasks as entered in error; of people outside `writable` only count.

    `writable` are the keys of those about whom something may be written now.
    """
    if not spare:
        return
    for person in spare:
        ledger.duplicates.remember(
            person.patient_key, person.run_id, len(person.history.duplicates)
        )
    found = sum(len(person.history.duplicates) for person in spare)
    going = [person for person in spare if person.patient_key in writable]
    _log.warning("duplicates_found", duplicates=found, patients=len(spare), to_retire=len(going))
    if not going:
        return
    for person in going:
        _close_in_ledger(ledger, person, at)
    resources = [duplicate for person in going for duplicate in person.history.duplicates]
    _tell_audit(ledger, going, "sent", at)
    try:
        retired = ehr.retire(resources)
    except EHRError as error:
        # What was judged is stored; the next reading finds the duplicates again.
        _tell_audit(ledger, going, "unknown", at)
        _log.warning("duplicates_stay", status=error.status, error=type(error).__name__)
    else:
        _tell_audit(ledger, going, "done", at)
        _log.warning("duplicates_retired", duplicates=retired)


def _tell_audit(ledger: Ledger, spare: Sequence[Spare], outcome: Outcome, at: datetime) -> None:
    ledger.audit.record(
        [
            Act(
                "retire",
                person.patient_key,
                resource=" ".join(str(duplicate.ref) for duplicate in person.history.duplicates),
                run_id=person.run_id,
                reason=CLOSED_AS_SPARE,
                outcome=outcome,
            )
            for person in spare
        ],
        at,
    )


def _close_in_ledger(ledger: Ledger, person: Spare, at: datetime) -> None:
    known = {
        entry.key: entry
        for entry in ledger.alerts.history([person.patient_key]).get(person.patient_key, ())
    }
    for alert in person.history.spare:
        entry = known.get(alert.key) or _entry_of(alert)
        try:
            ledger.alerts.remember(person.patient_key, _closed(entry, alert, at.date()), at)
        except StoreConflict:
            # Known as another person's, as between a merge in the EHR and our following it.
            _log.warning("spare_alert_is_another_persons")


def _entry_of(alert: PostedAlert) -> AlertEntry:
    """An alert of which the ledger has never heard: what was read is all there is to keep."""
    return AlertEntry(
        key=alert.key,
        kind=alert.kind,
        protocol_id="",
        episode=alert.episode,
        state=EntryState.CLOSED,
        opened_on=alert.opened_on,
        content_digest=alert.content_digest,
        reasons=" ".join(sorted(alert.reasons)),
    )


def _closed(entry: AlertEntry, alert: PostedAlert, on: date) -> AlertEntry:
    flag, task = alert.flag, alert.task
    return replace(
        entry,
        state=EntryState.CLOSED,
        closed_on=on,
        closing_reason=CLOSED_AS_SPARE,
        flag_id=flag.ref.id if flag else entry.flag_id,
        flag_status="entered-in-error" if flag else entry.flag_status,
        task_id=task.ref.id if task else entry.task_id,
        task_status="entered-in-error" if task else entry.task_status,
    )
