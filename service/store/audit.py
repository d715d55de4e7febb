"""The audit: each access to a chart and each write, append-only, every row tied to the one before.

A newcomer would get three things wrong. `append` is called inside the transaction of what it tells,
so that neither is there without the other. It is the last statement of that transaction: it waits
for whoever appends now, and whoever then waited for rows of theirs would wait for ever. And the
chain proves that rows were changed, taken out or put in between only to somebody who knows a later
hash from elsewhere: whoever may write the database may also write a new chain from there on. That
is why a hash goes into the log every night (`anchor`), and `boneflag audit verify --expect` asks
for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.store.acts import FIRST_HASH, Act, Actor, AuditRow, chained_hash
from service.store.database import ACTOR, Database, hold_still, wait_for_turn
from service.store.tables import AUDIT, AUDIT_ANCHORS, PATIENTS

_APPENDING = 0x626F6E67
_ROWS_AT_ONCE = 1000
_FIELDS = [field.name for field in fields(AuditRow)]
_LAST = sa.select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)

AnchorKind = Literal["night", "purged"]


@dataclass(frozen=True, slots=True)
class Link:
    """A number of the chain and its hash. Number 0 stands before the first row of all."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`start` is what the oldest row must follow; `anchors` are kept beside it, number to hash."""

    start: Link
    anchors: Mapping[int, str]
    rows: Iterator[AuditRow]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in the audit; "" and None are all.

    `since` is inclusive, `until` exclusive; `by` is a part of a name, in any case.
    `patient_keys` are those of one person, None where it is about nobody in particular.
    """

    since: datetime | None = None
    until: datetime | None = None
    what: str = ""
    by: str = ""
    patient_keys: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the chain as it was kept on a night; `holds`: its row still has that hash."""

    number: int
    at: datetime
    holds: bool


class Audit:
    """The chain, to read it, and to write down what no transaction of the store tells."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, acts: Iterable[Act], at: datetime | None = None) -> None:
        """Write acts down in a transaction of their own; for the doors that show people."""
        acts = list(acts)
        if acts:
            with self._database.writing() as connection:
                append(connection, acts, at)

    def rows(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[AuditRow]:
        """All rows in their order, one by one; `since` inclusive, `until` exclusive."""
        query = sa.select(AUDIT)
        if since is not None:
            query = query.where(AUDIT.c.at >= since)
        if until is not None:
            query = query.where(AUDIT.c.at < until)
        return self._stream(query)

    def about(self, patient_keys: Sequence[str], since: datetime | None = None) -> list[AuditRow]:
        """Every row about a person, who may have had several keys, oldest first."""
        query = sa.select(AUDIT).where(AUDIT.c.patient_key.in_(patient_keys))
        if since is not None:
            query = query.where(AUDIT.c.at >= since)
        return list(self._stream(query))

    def find(self, search: Search, limit: int) -> list[AuditRow]:
        """The newest rows that fit, newest first."""
        columns = AUDIT.c
        query = sa.select(AUDIT).order_by(columns.number.desc()).limit(limit)
        if search.since is not None:
            query = query.where(columns.at >= search.since)
        if search.until is not None:
            query = query.where(columns.at < search.until)
        if search.what:
            query = query.where(columns.what == search.what)
        if search.by:
            query = query.where(columns.by_whom.icontains(search.by, autoescape=True))
        if search.patient_keys is not None:
            query = query.where(columns.patient_key.in_(search.patient_keys))
        with self._database.reading() as connection:
            return [_row_of(row) for row in connection.execute(query)]

    def newest_anchor(self) -> Anchor | None:
        """How far the chain went when it was kept last; None where no night has passed."""
        anchors = AUDIT_ANCHORS.c
        newest = sa.select(AUDIT_ANCHORS).order_by(anchors.number.desc()).limit(1)
        with self._database.reading() as connection:
            kept = connection.execute(newest).first()
            if kept is None:
                return None
            of_row = sa.select(AUDIT.c.hash).where(AUDIT.c.number == kept.number)
            # The row of a purge is gone on purpose; what follows it is tied to its hash.
            holds = kept.why == "purged" or connection.scalar(of_row) == kept.hash
            return Anchor(kept.number, kept.at, holds)

    @contextmanager
    def chain(self) -> Iterator[Chain]:
        """The whole chain as it stands at one moment, however many rows come meanwhile."""
        with self._database.reading() as connection:
            hold_still(connection)
            anchors = connection.execute(sa.select(AUDIT_ANCHORS)).all()
            yield Chain(
                _last_purged(connection),
                {row.number: row.hash for row in anchors},
                _rows(connection, sa.select(AUDIT)),
            )

    def keys_of(self, fhir_id: str) -> list[str]:
        """Every key that a person has or had, those of merged records too; [] for a stranger."""
        columns = PATIENTS.c
        query = sa.select(columns.key, columns.merged_into).where(columns.fhir_id == fhir_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return []
            kept = row.merged_into or row.key
            former = sa.select(columns.key).where(columns.merged_into == kept)
            return [kept, *connection.scalars(former.order_by(columns.key))]

    def fhir_ids(self) -> dict[str, str]:
        """Key to FHIR id of everybody who was not forgotten, whether or not they may be read."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(PATIENTS.c.key, PATIENTS.c.fhir_id))
            return {row.key: row.fhir_id for row in rows}

    def anchor(self, at: datetime) -> Link:
        """Write down beside the chain how far it goes, so that a cut shows; its end."""
        with self._database.writing() as connection:
            end = head(connection)
            if end.number:
                add_anchor(connection, end, "night", at)
            return end

    def _stream(self, query: sa.Select[Any]) -> Iterator[AuditRow]:
        with self._database.reading() as connection:
            yield from _rows(connection, query)


def append(connection: sa.Connection, acts: Sequence[Act], at: datetime | None = None) -> None:
    """Write acts at the end of the chain, inside the caller's transaction, as its last statement.

    `at` None is the clock of this process, for callers that do not know what time it is.
    """
    if not acts:
        return
    actor = connection.get_execution_options().get(ACTOR) or Actor()
    # Both databases keep UTC, and the hash is over what they give back.
    at = (at or datetime.now(UTC)).astimezone(UTC)
    end = head(connection)
    rows = []
    for act in acts:
        row = _row(act, actor, end.number + 1, at)
        row["hash"] = chained_hash(end.hash, *row.values())
        end = Link(row["number"], row["hash"])
        rows.append(row)
    connection.execute(sa.insert(AUDIT), rows)


def head(connection: sa.Connection) -> Link:
    """The end of the chain, kept for this transaction until it ends."""
    wait_for_turn(connection, _APPENDING)
    row = connection.execute(_LAST).first()
    return _last_purged(connection) if row is None else Link(row.number, row.hash)


def add_anchor(connection: sa.Connection, link: Link, why: AnchorKind, at: datetime) -> None:
    """Keep a link beside the chain, once; a purge overwrites what a night wrote."""
    anchors = AUDIT_ANCHORS
    connection.execute(sa.delete(anchors).where(anchors.c.number == link.number))
    values = {"number": link.number, "hash": link.hash, "why": why, "at": at}
    connection.execute(sa.insert(anchors).values(**values))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[AuditRow]:
    query = query.order_by(AUDIT.c.number).execution_options(yield_per=_ROWS_AT_ONCE)
    for row in connection.execute(query):
        yield _row_of(row)


def _row_of(row: sa.Row[Any]) -> AuditRow:
    return AuditRow(*(getattr(row, name) for name in _FIELDS))


def _last_purged(connection: sa.Connection) -> Link:
    anchors = AUDIT_ANCHORS.c
    query = sa.select(anchors.number, anchors.hash).where(anchors.why == "purged")
    row = connection.execute(query.order_by(anchors.number.desc()).limit(1)).first()
    return Link(0, FIRST_HASH) if row is None else Link(row.number, row.hash)


def _row(act: Act, actor: Actor, number: int, at: datetime) -> dict[str, Any]:
    """The columns in the order in which the hash takes them."""
    return {
        "number": number,
        "at": at,
        "client": actor.client,
        "by_whom": act.by or actor.process,
        "software": actor.software,
        "protocol_digest": act.protocol_digest,
        "what": act.what,
        "patient_key": act.patient_key,
        "resource": act.resource,
        "run_id": act.run_id,
        "run_kind": act.run_kind,
        "reason": act.reason,
        "outcome": act.outcome,
        "detail": act.detail,
    }
