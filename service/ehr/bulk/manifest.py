"""The list of an export's files, read with tolerance.

A newcomer would get three things wrong. A type without a file is not an empty type: it may not have
been exported at all. `error` is called `outcome` from the fourth edition of Bulk Data on. And a
missing `requiresAccessToken` is taken for a yes, which costs nothing: the token goes to our own
origin only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from service.ehr.bundle import instant
from service.ehr.errors import EHRMisunderstood


@dataclass(frozen=True, slots=True, repr=False)
class ExportFile:
    """One file; its URL may be a capability and is never logged. `count` is None if not told."""

    type: str
    url: str
    count: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What an export holds. `transaction_time`: nothing in it is newer than that."""

    transaction_time: datetime
    needs_token: bool
    output: tuple[ExportFile, ...]
    deleted: tuple[ExportFile, ...]
    problems: tuple[ExportFile, ...]


def manifest_from(body: Mapping[str, Any], status_url: str, asked_at: datetime) -> Manifest:
    """Read a manifest; `asked_at` stands in for a time that is not told.

    EHRMisunderstood for anything without a list of files, and for a manifest in parts, which nobody
    asked for: what stands in the other parts would be missing.
    """
    if not isinstance(body.get("output"), list):
        raise EHRMisunderstood("The EHR says that an export is ready and lists no files")
    if any(link.get("relation") == "next" for link in _objects(body.get("link"))):
        raise EHRMisunderstood("The EHR lists the files of an export in parts, unasked")
    problems = (*_files(body, "error", status_url), *_files(body, "outcome", status_url))
    return Manifest(
        transaction_time=instant(body.get("transactionTime")) or asked_at,
        needs_token=body.get("requiresAccessToken") is not False,
        output=tuple(_files(body, "output", status_url)),
        deleted=tuple(_files(body, "deleted", status_url)),
        problems=problems,
    )


def _files(body: Mapping[str, Any], name: str, status_url: str) -> Iterator[ExportFile]:
    for item in _objects(body.get(name)):
        url, type_, count = item.get("url"), item.get("type"), item.get("count")
        if not isinstance(url, str) or not url:
            raise EHRMisunderstood("The EHR lists a file of an export without its address")
        yield ExportFile(
            type=type_ if isinstance(type_, str) else "",
            url=_absolute(url, status_url),
            count=count if isinstance(count, int) and count >= 0 else None,
        )


def _absolute(url: str, status_url: str) -> str:
    try:
        return urljoin(status_url, url)
    except ValueError:
        raise EHRMisunderstood("The EHR lists a file of an export at no address") from None


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
