"""The members of a Group by an export of its Patients: where the Group itself cannot be read.

A newcomer would get one thing wrong: even this small export takes minutes to hours on Epic, which
runs it on the hospital's own database. It is asked for once a night, never for a poll.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import structlog

from service.ehr.bulk.download import Downloads
from service.ehr.bulk.export import BulkExport, Running
from service.ehr.bulk.manifest import Manifest
from service.ehr.bulk.order import ExportOrder
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers
from service.ehr.errors import EHRCutShort, EHRUnavailable

_log = structlog.get_logger()

SOURCE = "bulk-group"
_USUAL_WAIT_SECONDS, _SHORTEST_WAIT_SECONDS = 10.0, 1.0


def members_of_export(
    client: FHIRClient,
    group_id: str,
    *,
    patience_seconds: float = 1800.0,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> CohortMembers:
    """Everybody whose Patient a Group's export holds; blocks until it is ready.

    `is_complete` is False where a file broke off, a line cannot be read, something was reported as
    missing, or nobody is in it. EHRUnavailable where it is not ready in `patience_seconds`, or the
    EHR is busy with another export; the other EHRErrors as `BulkExport` raises them.
    """
    export = BulkExport(client)
    asked_at = datetime.now(UTC)
    started = export.kick_off(ExportOrder("group", group_id, ("Patient",)))
    try:
        manifest = _wait(export, started.status_url, asked_at, patience_seconds, pause, clock)
        return _members_in(client, manifest, pause)
    finally:
        export.delete(started.status_url)


def _wait(
    export: BulkExport,
    status_url: str,
    asked_at: datetime,
    patience_seconds: float,
    pause: Callable[[float], None],
    clock: Callable[[], float],
) -> Manifest:
    ends = clock() + patience_seconds
    while isinstance(found := export.ask(status_url, asked_at), Running):
        wait = max(found.wait_seconds or _USUAL_WAIT_SECONDS, _SHORTEST_WAIT_SECONDS)
        if clock() + wait > ends:
            raise EHRUnavailable("The bulk export of the Group takes too long: try again later")
        pause(wait)
    return found


def _members_in(
    client: FHIRClient, manifest: Manifest, pause: Callable[[float], None]
) -> CohortMembers:
    ids: set[str] = set()
    unreadable = len(manifest.problems)

    def take(line: bytes) -> None:
        nonlocal unreadable
        try:
            patient = msgspec.json.decode(line, type=_Patient)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable += 1
        else:
            if patient.resourceType == "Patient" and patient.id:
                ids.add(patient.id)

    downloads = Downloads(client, needs_token=manifest.needs_token, pause=pause)
    for file in manifest.output:
        try:
            downloads.read(file, take)
        except EHRCutShort:
            unreadable += 1
    if unreadable:
        _log.warning("bulk_group_incomplete", unreadable=unreadable, patients=len(ids))
    return CohortMembers(tuple(sorted(ids)), SOURCE, bool(ids) and not unreadable)


class _Patient(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's name
    id: str = ""
