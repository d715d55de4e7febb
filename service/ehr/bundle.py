"""What a server answers: one page of a search, a whole search, one stored resource.

A newcomer would get three things wrong. Entries are not all results: a page also holds included
resources and OperationOutcomes, told apart by `search.mode`, which sloppy servers leave out.
`Bundle.total` is an estimate until the last page on some servers, and absent on others. And a
complete answer is not the same as no error: `SearchResult.is_complete` is False when pages were cut
short or when the server itself says that it held something back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from service.ehr.errors import EHRMisunderstood, Issue, issues_of
from service.screening.record import ResourceRef

Resource = dict[str, Any]

# Issue types that say that something was held back even where the severity is only a warning (FHIR
# R4, IssueType). Epic's warning 4119, "may not contain the entire record", comes with every answer
# and says nothing about this one.
_WITHHOLDING = frozenset(
    {"suppressed", "incomplete", "security", "login", "forbidden", "too-costly", "throttled"}
    | {"timeout", "too-long"}
)


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One page of a search.

    `raw` are the bytes as they came. `total` is how many matches the server says there are on all
    pages together, None where it says nothing that can be read. `search_number` counts restarts:
    when it is higher than on the page before, the search began again and what came earlier is to be
    forgotten.
    """

    matches: tuple[Resource, ...]
    included: tuple[Resource, ...]
    issues: tuple[Issue, ...]
    next_url: str | None
    server_time: datetime | None
    raw: bytes
    search_number: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult:
    """All pages of one search, each resource once.

    `server_time` is the server's own clock on the first page, None where it shows none.
    `cut_short` says why pages are missing, "" where none are.
    """

    matches: tuple[Resource, ...]
    included: tuple[Resource, ...]
    issues: tuple[Issue, ...]
    server_time: datetime | None
    cut_short: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether something may be concluded from what is absent."""
        return not self.cut_short and not any(withholds(issue) for issue in self.issues)


@dataclass(frozen=True, slots=True, repr=False)
class Stored:
    """One resource as the server holds it, after a read or a write.

    `resource` and `ref` are None where the server answered a write without body or location,
    `version` where it keeps none. `is_new` is True for 201, False where it was there already.
    `was_led_on` says that the server led on from the address that was asked for.
    """

    resource: Resource | None
    ref: ResourceRef | None
    version: str | None
    is_new: bool = False
    server_time: datetime | None = None
    was_led_on: bool = False


def withholds(issue: Issue) -> bool:
    """Whether this issue means that the answer lacks something we asked for."""
    return issue.is_severe or issue.code in _WITHHOLDING


def read_page(
    body: object, raw: bytes, asked_type: str, date_header: str | None, search_number: int = 0
) -> Page:
    """Sort the entries of a decoded Bundle; EHRMisunderstood for anything but a Bundle."""
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise EHRMisunderstood(
            "The EHR answered a search with something that is not a Bundle",
            issues=issues_of(body),
        )
    matches: list[Resource] = []
    included: list[Resource] = []
    issues: list[Issue] = []
    for entry in _mappings(body.get("entry")):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            continue
        mode = _mapping(entry.get("search")).get("mode")
        if mode == "outcome" or resource.get("resourceType") == "OperationOutcome":
            issues += issues_of(resource)
        elif mode == "include" or resource.get("resourceType") != asked_type:
            included.append(resource)
        else:
            matches.append(resource)
    return Page(
        matches=tuple(matches),
        included=tuple(included),
        issues=tuple(issues),
        next_url=_next_url(body),
        server_time=instant(_mapping(body.get("meta")).get("lastUpdated"))
        or http_date(date_header),
        raw=raw,
        search_number=search_number,
        total=_count(body.get("total")),
    )


def read_stored(
    body: object, *, etag: str | None, location: str | None, is_new: bool, date_header: str | None
) -> Stored:
    """One resource out of an answer; the body wins over the headers, which win over nothing."""
    resource = body if isinstance(body, dict) and "resourceType" in body else None
    if resource is not None and resource["resourceType"] == "OperationOutcome":
        resource = None
    version = _etag_version(etag)
    ref, location_version = _located(location)
    if resource is not None:
        version = version or _text(_mapping(resource.get("meta")).get("versionId"))
        if isinstance(resource.get("id"), str):
            ref = ResourceRef(str(resource["resourceType"]), resource["id"])
    return Stored(resource, ref, version or location_version, is_new, http_date(date_header))


def read_transaction_response(body: object) -> tuple[Stored, ...]:
    """What became of each entry of a transaction, in order; EHRMisunderstood for no Bundle."""
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise EHRMisunderstood("The EHR answered a transaction with something else than a Bundle")
    done = []
    for entry in _mappings(body.get("entry")):
        response = _mapping(entry.get("response"))
        status = str(response.get("status", ""))
        if not status.startswith("2"):
            raise EHRMisunderstood("The EHR carried out only a part of a transaction")
        done.append(
            read_stored(
                entry.get("resource"),
                etag=_text(response.get("etag")),
                location=_text(response.get("location")),
                is_new=status.startswith("201"),
                date_header=None,
            )
        )
    return tuple(done)


def instant(value: object) -> datetime | None:
    """A FHIR instant as an aware datetime; None for anything else, also without a zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as an aware datetime, None where it is absent or broken."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _next_url(bundle: Mapping[str, Any]) -> str | None:
    for link in _mappings(bundle.get("link")):
        if link.get("relation") == "next":
            return _text(link.get("url"))
    return None


def _etag_version(etag: str | None) -> str | None:
    """The version in `W/"3"`; some servers leave out the W/ or the quotes."""
    return (etag or "").removeprefix("W/").strip('"') or None


def _located(location: str | None) -> tuple[ResourceRef | None, str | None]:
    """The reference and the version in `…/Flag/12/_history/3`, absolute or relative."""
    parts = (location or "").split("?")[0].rstrip("/").split("/")
    version = None
    if len(parts) >= 4 and parts[-2] == "_history":
        version = parts[-1]
        parts = parts[:-2]
    if len(parts) < 2 or not parts[-2][:1].isupper():
        return None, version
    return ResourceRef(parts[-2], parts[-1]), version


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
