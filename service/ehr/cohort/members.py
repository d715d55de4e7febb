"""The people whom one source names as the cohort."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class CohortMembers:
    """Patient ids, sorted. Where `is_complete` is False, nobody may be taken to have left."""

    ids: tuple[str, ...]
    source: str
    is_complete: bool


def merged(sources: Iterable[CohortMembers]) -> CohortMembers:
    """Everybody whom any source names; complete only where every source is."""
    found = list(sources)
    return CohortMembers(
        ids=tuple(sorted({id_ for members in found for id_ in members.ids})),
        source=" + ".join(members.source for members in found),
        is_complete=all(members.is_complete for members in found),
    )
