"""What an HTTP answer of the EHR means, before anybody looks at its FHIR content.

A newcomer would get two things wrong. A fault while decoding carries the bytes in its text, so none
of those exceptions leaves this module. And a broken character in one patient's note must not cost a
page of fifty patients: it is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from service.ehr.bundle import Resource, Stored, http_date, read_stored
from service.ehr.errors import EHRError, EHRMisunderstood, error_for, issues_of

_LONGEST_RETRY_AFTER_SECONDS = 3600.0
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(content: bytes) -> Resource:
    """A JSON object, with undecodable characters replaced; EHRMisunderstood for anything else."""
    body = _json_in(content)
    if not isinstance(body, dict):
        was = "a web page" if content.lstrip()[:1] == b"<" else "something else"
        raise EHRMisunderstood(
            f"The EHR answered with {was} and not with FHIR JSON: check BONEFLAG_FHIR_BASE_URL"
        )
    return body


def stored_in(content: bytes, status: int, headers: Mapping[str, str]) -> Stored:
    """What a read or a write answered; a write succeeded whatever its body looks like."""
    body = _json_in(content)
    return read_stored(
        body,
        etag=headers.get("ETag"),
        location=headers.get("Location") or headers.get("Content-Location"),
        is_new=status == 201,
        date_header=headers.get("Date"),
    )


def error_in(
    what: str, content: bytes, status: int, headers: Mapping[str, str], *, is_write: bool
) -> EHRError:
    """The error that a status of 300 or more stands for; `what` names the request, without ids.

    Of all refusals of a write only 429 says for sure that nothing was done.
    """
    return error_for(
        what,
        status,
        issues_of(_json_in(content)),
        retry_after_seconds(headers),
        outcome_unknown=is_write and status != 429,
    )


def objects_to_strictness(content: bytes, status: int) -> bool:
    """Whether a search was turned down because of `Prefer: handling=strict` itself.

    A server that only objects to a parameter may advise `handling=lenient`.
    """
    told = content.lower()
    names_it = b"handling" in told or b"prefer" in told
    return status in (400, 422, 501) and names_it and b"lenient" not in told


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in both forms, from zero to an hour; a reference server has sent a timestamp."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_RETRY_AFTER_SECONDS)
    moment = http_date(value)
    if moment is None:
        return None
    now = http_date(headers.get("Date")) or datetime.now(UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_RETRY_AFTER_SECONDS)


def _json_in(content: bytes) -> object:
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        return msgspec.json.decode(content)
    except UnicodeDecodeError:
        pass
    except (msgspec.DecodeError, RecursionError):
        return None
    try:
        return msgspec.json.decode(content.decode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None
