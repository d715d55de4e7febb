"""Carries an alert plan out in a worklist file: a row is there while the alert stands.

A newcomer would get one thing wrong: nothing here is sent to the EHR. The only request is one read
of the Patient for a new row, because a registry or a reporting workbench knows people by their
medical record number and not by the id that FHIR gives them; without it the row has the id alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.ehr.alert_state import Remembered
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import has_coding, objects, part
from service.ehr.delivery.told import is_told_elsewhere
from service.ehr.delivery.worklist_file import Rows, WorklistFile, row_of
from service.ehr.errors import EHRError
from service.ehr.plan_progress import Outcome
from service.screening.alert import Action, Alert, AlertPlan, PostedResource
from service.screening.record import ResourceRef

_NOTHING_REMEMBERED = Remembered()
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


class RowWriter:
    """Carries out plans in the rows of one file."""

    def __init__(self, client: FHIRClient, file: WorklistFile, *, channel: str) -> None:
        self._client = client
        self._file = file
        self._channel = channel

    def apply(self, plan: AlertPlan, remembered: Remembered = _NOTHING_REMEMBERED) -> Outcome:
        """Make the file say what the plan says; any number of times has the effect of one."""
        if plan.action is Action.KEEP:
            return Outcome("left-alone", channel=self._channel)
        if is_told_elsewhere(plan, remembered, self._channel):
            return Outcome("already-there", channel=remembered.channel, remains=True)
        if plan.alert is None:
            key = plan.posted.key if plan.posted else ""
            did_change = self._file.change(lambda rows: rows.pop(key, None) is not None)
            return Outcome("updated" if did_change else "already-there", channel=self._channel)
        is_new = plan.alert.key not in self._file.keys()  # noqa: SIM118 - no mapping
        did_change = self._file.change(self._with_row(plan.alert))
        if not did_change:
            return Outcome("already-there", channel=self._channel)
        return Outcome("created" if is_new else "updated", channel=self._channel)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """Nothing: a file holds each key once."""
        return sum(0 for _ in duplicates)

    def _with_row(self, alert: Alert) -> Any:
        mrn = self._mrn_of(alert.patient)

        def change(rows: Rows) -> bool:
            row = row_of(alert, mrn)
            is_the_same = rows.get(alert.key) == row
            rows[alert.key] = row
            return not is_the_same

        return change

    def _mrn_of(self, patient: ResourceRef) -> str:
        """The medical record number, "" where the EHR does not tell it."""
        try:
            resource = self._client.read("Patient", patient.id).resource
        except EHRError:
            return ""
        return mrn_in(resource or {})


def mrn_in(patient: Mapping[str, Any]) -> str:
    """The medical record number of a Patient that is in use; "" where none is marked as one."""
    for identifier in objects(patient, "identifier"):
        is_old = identifier.get("use") == "old" or part(identifier, "period").get("end")
        if not is_old and has_coding(part(identifier, "type"), _IDENTIFIER_TYPES, "MR"):
            return str(identifier.get("value") or "")
    return ""
