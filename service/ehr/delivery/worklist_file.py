"""The worklist file: every alert that stands as one row, as CSV and as NDJSON.

A newcomer would get three things wrong. Both files are rewritten as a whole and put in place in one
step, so that whoever imports them never reads half a list. A cell that begins like a formula is
made text in the CSV, because people open it in a spreadsheet; the NDJSON has every value exactly,
and is what we read back. And several workers write: they take turns by a lock beside the files, so
that all of them must see the same folder.

The files hold patient data: they are made for their owner alone (0600), and belong on an encrypted
disk.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog

from service.ehr.errors import EHRUnavailable
from service.screening.alert import Alert

_log = structlog.get_logger()
Row = dict[str, Any]
Rows = dict[str, Row]
"""The rows by alert key."""

COLUMNS = (
    "patient_id",
    "mrn",
    "kind",
    "priority",
    "since",
    "summary",
    "evidence",
    "unknown",
    "citations",
    "protocol_id",
    "protocol_version",
    "protocol_digest",
    "alert_key",
)
_FORMULA = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20|]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def row_of(alert: Alert, mrn: str) -> Row:
    """One alert as a row; `mrn` is "" where the EHR does not tell it."""
    return {
        "patient_id": alert.patient.id,
        "mrn": mrn,
        "kind": alert.kind.value,
        "priority": alert.priority,
        "since": alert.since.isoformat(),
        "summary": alert.banner,
        "evidence": [str(ref) for ref in dict.fromkeys(alert.evidence)],
        "unknown": list(alert.unknown),
        "citations": list(alert.citations),
        "protocol_id": alert.protocol_id,
        "protocol_version": alert.protocol_version,
        "protocol_digest": alert.protocol_digest,
        "alert_key": alert.key,
        "content_digest": alert.content_digest,
        "reasons": sorted(alert.reasons),
        "detail": alert.detail,
    }


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as CSV, one line each, every cell quoted and none a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row.get(name, "")) for name in COLUMNS])
    return text.getvalue()


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = _CONTROL.sub(" ", text)
    return f"'{text}" if _FORMULA.match(text) else text


class WorklistFile:
    """The files at one path, to which `.csv` and `.ndjson` are added."""

    def __init__(self, path: Path) -> None:
        self._csv = path.with_name(f"{path.name}.csv")
        self._ndjson = path.with_name(f"{path.name}.ndjson")
        self._lock = path.with_name(f"{path.name}.lock")

    def keys(self) -> frozenset[str]:
        """The keys of the rows that are there; EHRUnavailable where the file cannot be read."""
        with _as_outage():
            return frozenset(self._read())

    def rows(self) -> Rows:
        """The rows that are there; EHRUnavailable where the file cannot be read."""
        with _as_outage():
            return self._read()

    def change(self, change: Callable[[Rows], bool]) -> bool:
        """Let `change` alter the rows and write them where it says that it did.

        EHRUnavailable where the files cannot be read or written: the plan is tried again.
        """
        with _as_outage(), self._turn():
            rows = self._read()
            if not change(rows):
                return False
            ordered = sorted(
                rows.values(), key=lambda row: (str(row.get("since")), row["alert_key"])
            )
            lines = (msgspec.json.encode(row).decode() for row in ordered)
            # The NDJSON last: it is what we read back, and so says what the CSV has as well.
            _replace(
                {
                    self._csv: as_csv(ordered),
                    self._ndjson: "".join(f"{line}\n" for line in lines),
                }
            )
            return True

    def _read(self) -> Rows:
        try:
            lines = self._ndjson.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        rows: Rows = {}
        for line in lines:
            try:
                row = msgspec.json.decode(line, type=dict[str, Any])
                rows[str(row["alert_key"])] = row
            except (msgspec.MsgspecError, KeyError):
                # Somebody changed it by hand: the next screening says the row again.
                _log.warning("worklist_row_unreadable")
        return rows

    @contextmanager
    def _turn(self) -> Iterator[None]:
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def _as_outage() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EHRUnavailable(
            f"The worklist file cannot be read or written ({error.strerror}): make its folder"
            " writable for BoneFlag and see that the disk has room"
        ) from None


def _replace(texts: Mapping[Path, str]) -> None:
    """Put whole new files in place of the old ones, in this order, for their owner alone.

    None is put in place before all are on the disk.
    """
    made: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            made[path] = Path(name)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for path, new in made.items():
            new.replace(path)  # mkstemp made it 0600.
    except BaseException:
        for new in made.values():
            new.unlink(missing_ok=True)
        raise
