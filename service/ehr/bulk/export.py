"""The life of an export on the server: kicked off, asked about, deleted.

A newcomer would get three things wrong. Only one export may run for a client and a group on most
EHRs: "429" and "conflict" at the kick-off mean "wait", not "no". And the status URL is a key to the
whole cohort on servers that give it without a login: it is kept in the ledger while it is needed
and never logged. And some servers refuse an export of patients as a whole for one type that is no
patient's, where others leave it out: HAPI for Medication (HAPI-0512, 8.8.0).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin

import msgspec
import structlog

from service.ehr.answer import decode, retry_after_seconds
from service.ehr.bulk.manifest import Manifest, manifest_from
from service.ehr.bulk.order import ExportOrder
from service.ehr.client import FHIRClient
from service.ehr.errors import (
    EHRConflict,
    EHRError,
    EHRMisunderstood,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.transport import FHIR_JSON

_log = structlog.get_logger()
_KICK_OFF = {"Accept": FHIR_JSON, "Prefer": "respond-async"}
_STILL_RUNNING = 202
# The types among those that we ask for which are in no patient's compartment (FHIR R4).
_NO_PATIENTS_TYPES = ("Medication", "Device")


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """An export that the server has accepted."""

    status_url: str
    wait_seconds: float | None


@dataclass(frozen=True, slots=True)
class Running:
    """It is not ready. `wait_seconds`: what the server asks for, at most an hour; None: nothing."""

    wait_seconds: float | None


class BulkExport:
    """Exports of one server. No outage is sat out here: whoever polls comes again anyway."""

    def __init__(self, client: FHIRClient) -> None:
        self._client = client

    def kick_off(self, order: ExportOrder) -> Started:
        """Ask for an export, in the end without what is no patient's where that is rejected.

        EHRUnavailable also while another export of ours runs there.
        """
        of_patients = order.level != "system"
        for type_ in _NO_PATIENTS_TYPES if of_patients else ():
            if type_ not in order.types:
                continue
            try:
                return self._kick_off(order)
            except EHRRejected as error:
                _log.warning("bulk_export_rejected_with", type=type_, status=error.status)
                order = replace(order, types=tuple(t for t in order.types if t != type_))
        return self._kick_off(order)

    def _kick_off(self, order: ExportOrder) -> Started:
        url = f"{self._client.base_url}/{order.path}"
        headers, content, method = _KICK_OFF, None, "GET"
        if order.uses_post:
            method, content = "POST", msgspec.json.encode(order.parameters())
            headers = {**headers, "Content-Type": FHIR_JSON}
        elif query := order.query():
            url = f"{url}?{query}"
        try:
            answer = self._client.exchange("bulk export", method, url, headers, content)
        except EHRConflict as error:
            raise EHRUnavailable(
                "The EHR is busy with another export: try again later",
                status=error.status,
                issues=error.issues,
            ) from None
        location = answer.headers.get("Content-Location") or answer.headers.get("Location")
        if answer.status != _STILL_RUNNING or not location:
            raise EHRMisunderstood(
                "The EHR took a bulk export for something else", status=answer.status
            )
        return Started(urljoin(url, location), retry_after_seconds(answer.headers))

    def ask(self, status_url: str, asked_at: datetime) -> Running | Manifest:
        """How far it is. EHRNotFound where the server has forgotten it."""
        headers = {"Accept": "application/json"}
        answer = self._client.exchange("status of a bulk export", "GET", status_url, headers)
        if answer.status == _STILL_RUNNING:
            return Running(retry_after_seconds(answer.headers))
        return manifest_from(decode(answer.content), status_url, asked_at)

    def delete(self, status_url: str) -> None:
        """Let the server throw the files away. That it does not is written down and no error."""
        try:
            self._client.exchange("deletion of a bulk export", "DELETE", status_url, {})
        except EHRError as error:
            _log.info("bulk_export_not_deleted", status=error.status)
