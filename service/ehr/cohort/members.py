"""The people whom one source names, and all sources together.

A newcomer would get one thing wrong: a source that failed named nobody, which is not the same as
naming an empty cohort. Its answer carries a `problem`, and whoever takes it keeps the members that
the source named last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False)
class CohortMembers:
    """Patient ids, sorted. Where `is_complete` is False, nobody may be taken to have left.

    `source` names the source and, where there are several of a kind, which one. `problem` is why
    nothing came, "" where something did. `resolved` gives the Patient id for the digest of an
    identifier that was looked up just now. `remarks` are sentences for an operator, without ids.
    `is_passing`: people come and go with the calendar, so that their number says nothing.
    """

    ids: tuple[str, ...]
    source: str
    is_complete: bool
    problem: str = ""
    resolved: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    is_passing: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class LeftOut:
    """Who is on the hospital's list of people to leave out; see `CohortMembers` for the rest."""

    ids: frozenset[str] = frozenset()
    resolved: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class CohortRead:
    """What every source answered. `ids` are everybody named, without those who are left out."""

    answers: tuple[CohortMembers, ...]
    ids: tuple[str, ...]
    left_out: LeftOut

    @property
    def is_complete(self) -> bool:
        """Whether every source named all that it has."""
        return all(members.is_complete for members in self.answers)

    @property
    def resolved(self) -> Mapping[str, str]:
        """Digest of an identifier to Patient id, for all that were looked up."""
        found = dict(self.left_out.resolved)
        for members in self.answers:
            found.update(members.resolved)
        return found


def together(answers: Iterable[CohortMembers], left_out: LeftOut) -> CohortRead:
    """Everybody whom any source names, each once, but for those who are left out."""
    found = tuple(answers)
    named = {id_ for members in found for id_ in members.ids}
    return CohortRead(found, tuple(sorted(named - left_out.ids)), left_out)
