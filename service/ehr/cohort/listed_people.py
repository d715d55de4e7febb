"""The cohort from a file of people, and the people whom a hospital wants left out.

A newcomer would get two things wrong. The file is read anew every night, but only record numbers
that were not looked up before cost a request. And the two lists err in opposite directions: a
record number that fits two people brings neither into the cohort, and leaves both out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from service.ehr.cohort.id_file import Listed, named_lines, read_id_file
from service.ehr.cohort.identifier_search import Found, IdentifierSearch, digest_of
from service.ehr.cohort.members import CohortMembers, LeftOut
from service.ehr.cohort.source import Asking

_log = structlog.get_logger()

SOURCE = "id-file"


@dataclass(slots=True, repr=False)
class _Looked:
    """The people of a file: their ids, what was looked up now, who fits several, and remarks."""

    ids: set[str]
    resolved: dict[str, str] = field(default_factory=dict)
    several: set[str] = field(default_factory=set)
    remarks: tuple[str, ...] = ()


def members_of_file(
    asking: Asking, path: str, system: str = "", *, prefer_post: bool = True
) -> CohortMembers:
    """Everybody whom the file names and the EHR knows; remarks name the lines that found nobody.

    IdFileUnusable where the file cannot be used, EHRError where the EHR cannot be asked.
    """
    looked = _look_up(asking, read_id_file(path, system), prefer_post)
    return CohortMembers(
        tuple(sorted(looked.ids)),
        SOURCE,
        is_complete=True,
        resolved=looked.resolved,
        remarks=looked.remarks,
    )


def left_out_by_file(
    asking: Asking, path: str, system: str = "", *, prefer_post: bool = True
) -> LeftOut:
    """Whom nobody may look at; an identifier that fits two people leaves out both."""
    looked = _look_up(asking, read_id_file(path, system), prefer_post)
    return LeftOut(frozenset(looked.ids | looked.several), looked.resolved, looked.remarks)


def _look_up(asking: Asking, listed: Sequence[Listed], prefer_post: bool) -> _Looked:
    looked = _Looked({row.value for row in listed if not row.system})
    unknown: list[Listed] = []
    for row in listed:
        known = asking.known.get(digest_of((row.system, row.value))) if row.system else None
        if known is not None:
            looked.ids.add(known)
        elif row.system:
            unknown.append(row)
    if not unknown:
        return looked
    search = IdentifierSearch(asking.client, prefer_post=prefer_post)
    found = search.find([(row.system, row.value) for row in unknown])
    looked.ids.update(found.one.values())
    looked.resolved = {digest_of(token): id_ for token, id_ in found.one.items()}
    looked.several = {id_ for ids in found.several.values() for id_ in ids}
    looked.remarks = _remarks(unknown, found)
    for remark in looked.remarks:
        _log.warning("identifiers_not_resolved", reason=remark)
    return looked


def _remarks(unknown: Sequence[Listed], found: Found) -> tuple[str, ...]:
    several, nobody = [], []
    for row in unknown:
        token = (row.system, row.value)
        if token in found.several:
            several.append(row.line)
        elif token not in found.one:
            nobody.append(row.line)
    said = []
    if nobody:
        said.append(f"{named_lines(nobody)}: the EHR shows nobody with this identifier")
    if several:
        said.append(f"{named_lines(several)}: this identifier fits more than one person")
    return tuple(said)
