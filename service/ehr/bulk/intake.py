"""From the manifest to the spool: what came, whose it is, and what did not come.

A newcomer would get three things wrong. A type that was asked for and has no file is unread for
everybody: the server may have left it out. One line that cannot be read costs its own patient, not
ten thousand others, as long as it still tells whose it is. And nothing of a resource is decoded
here but whose it is: most people of an export may not be in the cohort.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

from service.ehr.answer import decode
from service.ehr.bulk.download import Downloads, FileExpired
from service.ehr.bulk.gaps import Gaps
from service.ehr.bulk.manifest import ExportFile, Manifest
from service.ehr.bulk.shelf import MedicationShelf
from service.ehr.bulk.spool import Spool
from service.ehr.bundle import Resource
from service.ehr.errors import EHRError, EHRMisunderstood, EHRUnavailable
from service.ehr.subject import patient_id_of
from service.ehr.unread import CUT_SHORT, FAILED

_log = structlog.get_logger()

NOT_EXPORTED = "not in the export"
_LINES_BETWEEN_SIGNS = 50_000
_NOT_IN_AN_ID = frozenset("\t\r\n")


class _Head(msgspec.Struct):
    """As much of a resource as tells what it is and whose."""

    resourceType: str = ""  # noqa: N815 - FHIR's name
    id: Any = None
    subject: Any = None
    patient: Any = None
    participant: Any = None


@dataclass(slots=True, repr=False)
class Exported:
    """What an export brought. `patients` are those whose Patient came; `coded` see `Intake`."""

    spool: Spool
    gaps: Gaps
    read_at: datetime
    patients: set[str] = field(default_factory=set)
    coded: set[str] = field(default_factory=set)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    medications: MedicationShelf = field(default_factory=MedicationShelf)

    def is_whole(self, *types: str) -> bool:
        """Whether everything of these types came, for everybody."""
        return not self.gaps.everybody.keys() & set(types)


class Intake:
    """Takes one export in. `has_diagnosis` tells of a Condition whether it names the disease.

    `expired_is_final`: an expired file leaves its type unread, where otherwise FileExpired is
    raised so that the export begins again. `still_here` is called now and then.
    """

    def __init__(
        self,
        exported: Exported,
        downloads: Downloads,
        *,
        has_diagnosis: Callable[[Resource], bool],
        expired_is_final: bool,
        still_here: Callable[[], None] = lambda: None,
    ) -> None:
        self._exported = exported
        self._downloads = downloads
        self._has_diagnosis = has_diagnosis
        self._expired_is_final = expired_is_final
        self._still_here = still_here
        self._head = msgspec.json.Decoder(_Head)
        self._file_type = ""
        self._nobodys = self._lines = 0

    def take(self, manifest: Manifest, asked_types: Sequence[str]) -> None:
        """Read every file. EHRUnavailable, FileExpired and SpoolUnusable pass through."""
        gaps = self._exported.gaps
        came = {file.type for file in manifest.output}
        gaps.add(gaps.wanted - came, NOT_EXPORTED)
        gaps.add(gaps.wanted - set(asked_types), NOT_EXPORTED)
        for file in manifest.output:
            self._read(file, self._take_resource, [file.type])
        for file in manifest.deleted:
            self._read(file, self._take_deleted, sorted(gaps.wanted))
        for file in manifest.problems:
            # What cannot be read may have been about anything.
            self._read(file, self._take_problem, sorted(gaps.wanted))
        _log.info(
            "bulk_export_read",
            patients=len(self._exported.patients),
            types=" ".join(sorted(gaps.everybody)),
            dropped=self._nobodys,
        )

    def _read(self, file: ExportFile, take: Callable[[bytes], None], costs: Sequence[str]) -> None:
        self._file_type = file.type
        self._still_here()
        why = FAILED
        try:
            self._downloads.read(file, take)
        except EHRUnavailable:
            raise
        except FileExpired as error:
            if not self._expired_is_final:
                raise
            problem: EHRError = error
        except EHRError as error:
            problem, why = error, CUT_SHORT
        else:
            return
        self._exported.gaps.add(costs, why)
        _log.warning("bulk_file_unread", type=file.type, status=problem.status)

    def _take_resource(self, line: bytes) -> None:
        self._lines += 1
        if self._lines % _LINES_BETWEEN_SIGNS == 0:
            self._still_here()
        head = self._head_of(line)
        if head is None:
            return
        type_ = head.resourceType
        if type_ == "OperationOutcome":
            self._take_problem(line)
        elif type_ == "Medication":
            self._exported.medications.add(decode(line))
        elif type_ in self._exported.gaps.wanted:
            self._spool(type_, head, line)

    def _spool(self, type_: str, head: _Head, line: bytes) -> None:
        patient_id = patient_id_of(
            {
                "resourceType": type_,
                "id": head.id,
                "subject": head.subject,
                "patient": head.patient,
                "participant": head.participant,
            }
        )
        if not patient_id or _NOT_IN_AN_ID & set(patient_id):
            self._nobodys += 1
            return
        if type_ == "Patient":
            self._exported.patients.add(patient_id)
        elif type_ == "Condition" and self._has_diagnosis(decode(line)):
            self._exported.coded.add(patient_id)
        self._exported.spool.add(patient_id, type_, line)

    def _head_of(self, line: bytes) -> _Head | None:
        try:
            return self._head.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            return msgspec.convert(decode(line), _Head)
        except (EHRMisunderstood, msgspec.ValidationError):
            self._exported.gaps.add_line(line, self._file_type, FAILED)
            _log.warning("bulk_line_unread", type=self._file_type)
            return None

    def _take_deleted(self, line: bytes) -> None:
        """A Bundle of the DELETEs that were carried out; `request.url` is `Type/id`."""
        try:
            entries = decode(line).get("entry")
        except EHRMisunderstood:
            self._exported.gaps.add_line(line, "", FAILED)
            return
        for entry in entries if isinstance(entries, list) else ():
            request = entry.get("request") if isinstance(entry, dict) else None
            url = request.get("url") if isinstance(request, dict) else None
            if isinstance(url, str) and url.count("/") == 1:
                type_, id_ = url.split("/")
                self._exported.deleted.add((type_, id_))

    def _take_problem(self, line: bytes) -> None:
        try:
            outcome = decode(line)
        except EHRMisunderstood:
            self._exported.gaps.add_line(line, "", FAILED)
            return
        self._exported.gaps.add_outcome(outcome, FAILED)
