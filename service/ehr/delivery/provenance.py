"""Provenance: who wrote an alert into the EHR, by which protocol, on what evidence.

A newcomer would get one thing wrong: it is told beside an alert and is no part of it. Where it
cannot be written, the alert stands all the same, and it is not written later: an alert's own
extensions and text say the same. Shape: integration notes 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import structlog

from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import AUTHOR_NAME, protocol_of, stamp, without_empty
from service.ehr.errors import EHRError
from service.screening.alert import Alert
from service.screening.record import ResourceRef

_log = structlog.get_logger()
Deed = Literal["CREATE", "UPDATE"]
_DEEDS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_AGENTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def new_provenance(
    target: ResourceRef, alert: Alert, deed: Deed, at: datetime, author: str | None
) -> dict[str, Any]:
    """Who created or updated one resource of an alert."""
    from fhir.resources.R4B.provenance import Provenance  # Only where something is written.

    who = {"reference": author} if author else {"display": AUTHOR_NAME}
    body = {
        "resourceType": "Provenance",
        "target": [{"reference": str(target)}],
        "recorded": stamp(at),
        "policy": [protocol_of(alert)],
        "activity": {"coding": [{"system": _DEEDS, "code": deed}]},
        "agent": [{"type": {"coding": [{"system": _AGENTS, "code": "author"}]}, "who": who}],
        "entity": [
            {"role": "source", "what": {"reference": str(ref)}}
            for ref in dict.fromkeys(alert.evidence)
        ],
    }
    checked = Provenance.model_validate(without_empty(body))
    return dict(checked.model_dump(mode="json"))


class ProvenanceRecorder:
    """Writes one Provenance for each create and update; its failure costs the alert nothing."""

    def __init__(
        self, client: FHIRClient, *, author: str | None, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._author = author
        self._now = now

    def record(self, target: ResourceRef, alert: Alert, deed: Deed) -> None:
        """Say who did it; a refusal or an outage is logged and no more."""
        try:
            self._client.create(new_provenance(target, alert, deed, self._now(), self._author))
        except EHRError as error:
            _log.warning("provenance_not_written", status=error.status, error=type(error).__name__)
