"""Whether the audit is whole: walks the chain and finds the first row that does not fit.

A newcomer would get one thing wrong. A chain that fits proves nothing about its end: rows that were
cut off leave a shorter chain that fits as well. What shows a cut is a hash from before it: one that
was kept beside the chain on a night, or one that somebody wrote down and gives as `expect`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.store.acts import AuditRow
from service.store.audit import Chain, Link

PURGE = "purge"
_PURGED = re.compile(r"audit up to (\d+) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that does not fit; `at` is None where there is no row to ask."""

    number: int
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """How many rows fitted, from which instant to which, and the last link of those."""

    rows: int
    start: Link
    end: Link
    first_at: datetime | None
    last_at: datetime | None
    broken: Broken | None


def check_chain(chain: Chain, expect: str = "") -> ChainCheck:
    """Walk the chain. `expect` is the hash of a row that must be in it; "" for none."""
    end, rows = chain.start, 0
    first_at = last_at = None
    is_expected_met = expect in ("", chain.start.hash)
    is_purge_told = chain.start.number == 0
    broken = None
    for row in chain.rows:
        broken = _misfit(row, end, chain.anchors)
        if broken is not None:
            break
        end, rows = Link(row.number, row.hash), rows + 1
        first_at, last_at = first_at or row.at, row.at
        is_expected_met = is_expected_met or row.hash == expect
        is_purge_told = is_purge_told or _tells_of(row, chain.start)
    if broken is None:
        broken = _cut(end, chain, is_purge_told=is_purge_told, is_expected_met=is_expected_met)
    return ChainCheck(rows, chain.start, end, first_at, last_at, broken)


def _misfit(row: AuditRow, before: Link, anchors: Mapping[int, str]) -> Broken | None:
    """Why a row does not fit; None where it does."""
    if row.number != before.number + 1:
        missing = f"{before.number + 1} to {row.number - 1}"
        return Broken(row.number, row.at, f"the rows {missing} before it are missing")
    if row.hash != row.hash_after(before.hash):
        why = "it was changed, or a row before it was changed, put in or moved"
        return Broken(row.number, row.at, why)
    if anchors.get(row.number, row.hash) != row.hash:
        return Broken(row.number, row.at, "the hash that was kept of it on that night is another")
    return None


def _tells_of(row: AuditRow, start: Link) -> bool:
    told = _PURGED.search(row.detail) if row.what == PURGE else None
    return told is not None and told.groups() == (str(start.number), start.hash)


def _cut(end: Link, chain: Chain, *, is_purge_told: bool, is_expected_met: bool) -> Broken | None:
    """What is missing at the two ends of a chain that fits."""
    last_kept = max(chain.anchors, default=0)
    if last_kept > end.number:
        why = f"the rows {end.number + 1} to {last_kept}, which were kept in mind, are cut off"
        return Broken(end.number + 1, None, why)
    if not is_purge_told:
        why = f"the rows up to {chain.start.number} are gone, and no row tells of a purge of them"
        return Broken(chain.start.number, None, why)
    if not is_expected_met:
        why = "no row has the hash that you expect: rows were cut off, or the chain is another one"
        return Broken(end.number + 1, None, why)
    return None
