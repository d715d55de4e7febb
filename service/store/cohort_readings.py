"""What a reading of the cohort changed, source by source, and the alarm that stops it.

A newcomer would get three things wrong. A source that failed or was cut short sends nobody away:
those whom it named last stay its members. A reading that would move more than the set share changes
nothing at all until a person has accepted it; whoever was watched before goes on being watched. And
an acceptance is for one reading: the next one must be about as large.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.cohort import People, dismiss, everybody, insert_people, name
from service.store.database import Database, chunks
from service.store.entries import CohortChange
from service.store.tables import COHORT_MOVES, COHORT_READINGS, COHORT_SOURCES

# Fewer people than these move in any small clinic, whatever share of it they are.
_FEW_PEOPLE = 5
_NO_LONGER_ASKED = "no longer asked"


@dataclass(frozen=True, slots=True, repr=False)
class SourceAnswer:
    """What one source named. `problem` is why nothing came; `is_passing` see `CohortMembers`."""

    source: str
    fhir_ids: Sequence[str]
    is_complete: bool
    problem: str = ""
    remarks: Sequence[str] = ()
    is_passing: bool = False

    @property
    def state(self) -> str:
        """How much of the source came."""
        if self.problem:
            return "failed"
        return "complete" if self.is_complete else "cut short"


@dataclass(frozen=True, slots=True)
class CohortReading:
    """One reading as the ledger keeps it. `sources` gives counts, state and remarks by label.

    Where `is_held`, `came` and `left` are who would have come and gone.
    """

    id: int
    at: datetime
    size: int
    size_before: int
    came: int
    left: int
    is_complete: bool
    is_held: bool
    accepted_at: datetime | None
    sources: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CohortMove:
    """One person who came, left, moved between sources or was merged, by key."""

    patient_key: str
    at: datetime
    what: str
    why: str


@dataclass(slots=True)
class _Proposal:
    """The cohort as a reading would make it: keys by source."""

    before: dict[str, set[str]]
    after: dict[str, set[str]]
    passing: set[str] = field(default_factory=set)

    def members(self, *, steady: bool = False) -> set[str]:
        """Everybody whom a source would name; only those of steady sources where asked."""
        skipped = self.passing if steady else set()
        return {key for source, keys in self.after.items() if source not in skipped for key in keys}

    def former(self, *, steady: bool = False) -> set[str]:
        """The same, as it was before."""
        skipped = self.passing if steady else set()
        named = ((s, keys) for s, keys in self.before.items() if s not in skipped)
        return {key for _, keys in named for key in keys}


class CohortReadings:
    """The readings of the cohort, what each changed, and whether one waits for a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self, answers: Sequence[SourceAnswer], at: datetime, *, alarm_percent: int | None = None
    ) -> CohortChange:
        """Write down a reading, and change the cohort unless it moves too much.

        `alarm_percent` is the share of the last complete cohort that may come or go at once; None
        holds nothing up. Sources that are not among the answers are no longer asked: their people
        leave. Who must not be looked at is never a member.
        """
        with self._database.writing() as connection:
            people = everybody(connection)
            proposal, named = _proposed(connection, people, answers)
            size = _last_complete_size(connection, len(people.members))
            is_held = alarm_percent is not None and _is_too_much(
                connection, proposal, size, alarm_percent
            )
            members = proposal.members()
            change = CohortChange(
                came=len(members - people.members),
                stayed=len(members & people.members),
                left=len(people.members - members),
                is_held=is_held,
            )
            reading_id = _write(connection, answers, proposal, change, size, at)
            if not is_held:
                moves = list(_moves(proposal, people.members))
                keys = _admit(connection, named, proposal, at)
                dismiss(connection, people.members - members, at)
                _write_moves(connection, reading_id, moves, keys, at)
        return change

    def accept(self, at: datetime) -> bool:
        """Let the next reading through that is about as large as the held one; False: none is."""
        with self._database.writing() as connection:
            newest = _newest(connection)
            if newest is None or not newest.is_held:
                return False
            connection.execute(
                sa.update(COHORT_READINGS)
                .where(COHORT_READINGS.c.id == newest.id)
                .values(accepted_at=at)
            )
            append(connection, [Act("cohort accepted", detail=f"people: {newest.size}")], at)
            return True

    def newest(self, limit: int = 1) -> list[CohortReading]:
        """The last readings, newest first."""
        query = sa.select(COHORT_READINGS).order_by(COHORT_READINGS.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [CohortReading(**row._mapping) for row in connection.execute(query)]

    def is_held(self) -> bool:
        """Whether the last reading waits for a person."""
        with self._database.reading() as connection:
            newest = _newest(connection)
        return newest is not None and newest.is_held

    def moves(self, since: datetime) -> list[CohortMove]:
        """Who came, left, moved and was merged at or after an instant, oldest first."""
        columns = (COHORT_MOVES.c[n] for n in ("patient_key", "at", "what", "why"))
        query = sa.select(*columns).where(COHORT_MOVES.c.at >= since).order_by(COHORT_MOVES.c.id)
        with self._database.reading() as connection:
            return [CohortMove(**row._mapping) for row in connection.execute(query)]


def _newest(connection: sa.Connection) -> sa.Row[Any] | None:
    query = sa.select(COHORT_READINGS).order_by(COHORT_READINGS.c.id.desc()).limit(1)
    return connection.execute(query).first()


def _last_complete_size(connection: sa.Connection, members: int) -> int:
    """How large the last complete cohort was; as large as today's where none was complete."""
    complete = sa.and_(COHORT_READINGS.c.is_complete, ~COHORT_READINGS.c.is_held)
    query = sa.select(COHORT_READINGS.c.size).where(complete)
    found = connection.scalar(query.order_by(COHORT_READINGS.c.id.desc()).limit(1))
    return members if found is None else int(found)


def _proposed(
    connection: sa.Connection, people: People, answers: Iterable[SourceAnswer]
) -> tuple[_Proposal, dict[str, set[str]]]:
    """The cohort after the reading, and whom each source named.

    Somebody whom nobody knows yet stands under "?" and their FHIR id, which is no key.
    """
    before: dict[str, set[str]] = {}
    for row in connection.execute(sa.select(COHORT_SOURCES)):
        before.setdefault(row.source, set()).add(row.patient_key)
    named: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    passing: set[str] = set()
    for answer in answers:
        source = answer.source
        known = {people.keys.get(fhir_id, f"?{fhir_id}") for fhir_id in answer.fhir_ids}
        named[source] = known - people.left_out
        kept = set() if answer.is_complete else before.get(source, set())
        after[source] = named[source] | kept
        if answer.is_passing:
            passing.add(source)
    return _Proposal(before, after, passing), named


def _is_too_much(
    connection: sa.Connection, proposal: _Proposal, size: int, alarm_percent: int
) -> bool:
    if not size:
        return False  # The first cohort is the first.

    def exceeds(moved: int, of: int) -> bool:
        return moved > _FEW_PEOPLE and moved * 100 > of * alarm_percent

    now = len(proposal.members())
    newest = _newest(connection)
    if newest is not None and newest.is_held and newest.accepted_at is not None:
        return exceeds(abs(now - newest.size), newest.size)
    before, after = proposal.former(steady=True), proposal.members(steady=True)
    moved = max(len(after - before), len(before - after), abs(now - size))
    return exceeds(moved, size)


def _write(
    connection: sa.Connection,
    answers: Sequence[SourceAnswer],
    proposal: _Proposal,
    change: CohortChange,
    size_before: int,
    at: datetime,
) -> int:
    sources: dict[str, Any] = {}
    for answer in answers:
        before = proposal.before.get(answer.source, set())
        after = proposal.after[answer.source]
        sources[answer.source] = {
            "state": answer.state,
            "members": len(after),
            "came": len(after - before),
            "left": len(before - after),
            "problem": answer.problem,
            "remarks": list(answer.remarks),
        }
    for source in sorted(proposal.before.keys() - proposal.after.keys()):
        left = len(proposal.before[source])
        sources[source] = {"state": _NO_LONGER_ASKED, "members": 0, "came": 0, "left": left}
    result = connection.execute(
        sa.insert(COHORT_READINGS).values(
            at=at,
            size=len(proposal.members()),
            size_before=size_before,
            came=change.came,
            left=change.left,
            is_complete=all(answer.is_complete for answer in answers),
            is_held=change.is_held,
            sources=sources,
        )
    )
    return int(result.inserted_primary_key[0])  # type: ignore[index] # INSERT always has one


def _admit(
    connection: sa.Connection, named: Mapping[str, set[str]], proposal: _Proposal, at: datetime
) -> dict[str, str]:
    """Write down whom each source names; gives the new keys by their place in the proposal."""
    unknown = {key: source for source, keys in named.items() for key in keys if key[0] == "?"}
    made: dict[str, str] = {}
    for source in named:
        new = sorted(key[1:] for key, first in unknown.items() if first == source)
        ids = insert_people(connection, new, source, at)
        made |= {f"?{fhir_id}": key for fhir_id, key in ids.items()}
    for source, keys in named.items():
        name(connection, {made.get(key, key) for key in keys}, source, at)
    for source, before in proposal.before.items():
        gone = before - proposal.after.get(source, set())
        for chunk in chunks(sorted(gone)):
            connection.execute(
                sa.delete(COHORT_SOURCES).where(
                    COHORT_SOURCES.c.source == source, COHORT_SOURCES.c.patient_key.in_(chunk)
                )
            )
    return made


def _moves(proposal: _Proposal, members: frozenset[str]) -> Iterable[tuple[str, str, str]]:
    """Who came, left and moved: key in the proposal, what, and why."""
    before, after = _by_person(proposal.before), _by_person(proposal.after)
    for key in sorted(after.keys() - members):
        yield key, "came", f"named by {_listed(after[key])}"
    for key in sorted(members - after.keys()):
        sources = before.get(key, set())
        asked = sources & proposal.after.keys()
        why = "no longer named by" if asked else "its source is no longer asked:"
        yield key, "left", f"{why} {_listed(asked or sources)}"
    for key in sorted(after.keys() & members):
        if not after[key] & before.get(key, set()):
            yield key, "moved", f"from {_listed(before.get(key, set()))} to {_listed(after[key])}"


def _by_person(sources: Mapping[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for source, keys in sources.items():
        for key in keys:
            found.setdefault(key, set()).add(source)
    return found


def _listed(sources: Iterable[str]) -> str:
    return ", ".join(sorted(sources)) or "nobody"


def _write_moves(
    connection: sa.Connection,
    reading_id: int,
    moves: Sequence[tuple[str, str, str]],
    made: Mapping[str, str],
    at: datetime,
) -> None:
    rows = [
        {
            "reading_id": reading_id,
            "patient_key": made.get(key, key),
            "at": at,
            "what": what,
            "why": why,
        }
        for key, what, why in moves
    ]
    if rows:
        connection.execute(sa.insert(COHORT_MOVES), rows)
