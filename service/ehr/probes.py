"""Cheap questions that catch a server's untruths, asked by `boneflag check` and by nobody else.

A newcomer would get one thing wrong: a probe decides nothing. What a server does with a question
that nobody would ask tells an engineer what to expect; the reader tests every real answer anyway.
No probe names a patient, and none reads more than one resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRError, EHRUnavailable

# Nothing was changed then.
_FAR_AHEAD = "ge2200-01-01T00:00:00Z"


def untruths(client: FHIRClient, capability: Capability) -> Iterator[str]:
    """What the server says and does not keep, in sentences. EHRUnavailable goes through."""
    if capability.can_search("Condition", "_lastUpdated") and _answers_something(
        client, "Condition", {"_lastUpdated": _FAR_AHEAD, "_count": "1"}
    ):
        yield "_lastUpdated is listed and not understood: only a sweep sees changes"
    if capability.can_search("Patient") and _answers_something(
        client, "Patient", {"boneflag-no-such-parameter": "1", "_count": "1"}
    ):
        yield (
            "unknown search parameters are ignored, also when strictness is asked for: every"
            " answer is tested, and what came too much is dropped"
        )


def _answers_something(client: FHIRClient, type_: str, params: dict[str, str]) -> bool:
    """Whether a search that nothing can match brings something all the same."""
    try:
        page = next(iter(client.pages(type_, params)))
    except EHRUnavailable:
        raise
    except EHRError:
        return False
    return bool(page.matches)
