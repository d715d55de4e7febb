"""One database, two ways in: `reading()` and `writing()`, each one transaction.

A newcomer would get three things wrong. SQLite must be told at the beginning that a transaction
will write (BEGIN IMMEDIATE): one that begins by reading cannot wait its turn, it fails. SQLAlchemy
and the drivers put values into their exception texts, so none of those leaves this room. And a
forked worker must not share its parent's connections; they are closed before the fork.
"""

from __future__ import annotations

import os
import select
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.store.acts import Actor
from service.store.errors import (
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreMisconfigured,
    StoreNotReady,
    StoreUnavailable,
)

LOCK_WAIT_SECONDS = 30
_SWITCH_PAUSE_SECONDS = 0.02
CHUNK_SIZE = 1000  # Parameters in one IN list; SQLite builds stop at 32,766 and some at 999.

# Libpq's own would be two hours of silence before it takes a database for gone: a machine that was
# switched off, a firewall that forgot us.
# A process of few threads opens few of them; what is opened stays: a burst of cards that opened and
# closed connections beyond a smaller number took longer for that than for its questions.
_MOST_CONNECTIONS = 15
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

_AMONG = "among"
_TURN = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("work", type_=sa.BigInteger)))
_LIVES_ON_SECONDS = 1.0
_USED_AT = "boneflag_used_at"
_WRITES = "boneflag_writes"
ACTOR = "boneflag_actor"
"""The option of a writing connection under which the audit finds who works with it."""


class Database:
    """An SQLite file (`sqlite:///path`) or a PostgreSQL database (`postgresql://…`).

    Raises StoreMisconfigured for any other address. Nothing is opened until the first use. `actor`
    is who works with it, for the audit.
    """

    def __init__(self, url: str, actor: Actor | None = None) -> None:
        address = _parse(url)
        is_sqlite = address.get_backend_name() == "sqlite"
        if is_sqlite:
            _prepare_file(address)
        self._pool = _open(address, is_sqlite)
        self._writing_pool = self._pool.execution_options(**{_WRITES: True, ACTOR: actor})
        self._of_this_thread = threading.local()
        _close_before_fork(self._pool)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads one consistent state and writes nothing."""
        shared = getattr(self._of_this_thread, "connection", None)
        if shared is not None:
            with _translated():
                yield shared
            return
        with _translated(), self._pool.begin() as connection:
            yield connection

    @contextmanager
    def reading_together(self) -> Iterator[None]:
        """Let all that this thread reads meanwhile be one transaction: fewer ways to the database.

        Nothing that waits for somebody else belongs in here, and nothing that writes.
        """
        with self.reading() as connection:
            self._of_this_thread.connection = connection
            try:
                yield
            finally:
                self._of_this_thread.connection = None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is committed whole, or not at all when anything is raised."""
        if getattr(self._of_this_thread, "connection", None) is not None:
            raise RuntimeError("written within reading_together: read first, then write")
        with _translated(), self._writing_pool.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self._pool.dispose()


def _close_before_fork(pool: sa.Engine) -> None:
    """Leave a forked worker nothing to inherit: a socket or an SQLite handle has one owner.

    What another thread holds at that moment is inherited and never touched by the child.
    """
    weak_pool = weakref.ref(pool)

    def close_idle() -> None:
        if (living := weak_pool()) is not None:
            living.dispose()

    os.register_at_fork(before=close_idle)


def wait_for_turn(connection: sa.Connection, work: int) -> None:
    """Let one transaction at a time do a kind of work, named by any number of its own.

    For work on rows that nobody can lock because they do not exist yet. SQLite lets only one
    transaction write anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_TURN, {"work": work})


def hold_still(connection: sa.Connection) -> None:
    """Let every question of a reading transaction see the same moment; before the first of them.

    On SQLite a transaction does so by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the words of the database at hand."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def chunks(values: Iterable[Any], size: int = CHUNK_SIZE) -> Iterator[list[Any]]:
    """The values in their order, in lists of at most `size`."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def rows_where_in(
    connection: sa.Connection, query: sa.Select[Any], column: Any, values: Sequence[Any]
) -> Iterator[sa.Row[Any]]:
    """The rows whose column holds one of the values, however many values there are."""
    for chunk in chunks(values):
        yield from connection.execute(query.where(column.in_(chunk)))


def among(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """That the column holds one of the values, of a question that is made once for all."""
    return column.in_(sa.bindparam(_AMONG, expanding=True))


def rows_among(
    connection: sa.Connection, query: sa.Select[Any], values: Sequence[Any]
) -> Iterator[sa.Row[Any]]:
    """The rows of a question that says `among`: to make one takes longer than to ask it."""
    for chunk in chunks(values):
        yield from connection.execute(query, {_AMONG: chunk})


def _parse(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise StoreMisconfigured(
            "BONEFLAG_DATABASE_URL cannot be read. It should look like sqlite:///boneflag.db or "
            "postgresql://user:password@host/name."
        ) from None
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in ("postgresql+psycopg", "sqlite", "sqlite+pysqlite"):
        raise StoreMisconfigured(
            "BONEFLAG_DATABASE_URL names a database that the ledger does not know: give SQLite "
            "(sqlite:///…) or PostgreSQL (postgresql://…)."
        )
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise StoreMisconfigured(
            "An SQLite ledger needs a file that several processes can open, as in "
            "sqlite:///boneflag.db."
        )
    return address


def _prepare_file(address: sa.URL) -> None:
    """Create a new file for our eyes only: it names patients. Its WAL inherits the permissions.

    A file that exists is not touched: POSIX drops every lock that this process has on a file when
    it closes *any* handle of it, and other processes would then clear away the WAL under a
    connection that is still writing to it (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    path = Path(str(address.database))
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreMisconfigured(
            f"The ledger's file in {path.parent} cannot be made ({error.strerror}). Create the "
            "folder and let the user that runs BoneFlag write there."
        ) from None


def _open(address: sa.URL, is_sqlite: bool) -> sa.Engine:
    if is_sqlite:
        pool = sa.create_engine(
            address, hide_parameters=True, connect_args={"timeout": LOCK_WAIT_SECONDS}
        )
        sa.event.listen(pool, "connect", _set_up_sqlite)
        sa.event.listen(pool, "begin", _begin_sqlite)
        return pool
    pool = sa.create_engine(
        address,
        hide_parameters=True,
        pool_size=_MOST_CONNECTIONS,
        max_overflow=0,
        connect_args=_PATIENCE,
    )
    sa.event.listen(pool, "connect", _set_up_postgres)
    sa.event.listen(pool, "checkin", _remember_its_use)
    sa.event.listen(pool, "checkout", partial(_make_sure_it_lives, pool.dialect))
    return pool


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # Python's sqlite3 would begin transactions on its own, and never an immediate one.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # `synchronous` stays FULL, the default: "sent" must be on the disk before a request leaves.
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL, once for all; SQLite does not wait its turn for that by itself."""
    give_up = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(_SWITCH_PAUSE_SECONDS)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgres(connection: Any, record: Any) -> None:
    # A transaction that waits for ever would hold its worker for ever.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        cursor.execute("SET idle_in_transaction_session_timeout = '120s'")
    connection.commit()
    _remember_its_use(connection, record)


def _remember_its_use(_: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _make_sure_it_lives(dialect: sa.Dialect, connection: Any, record: Any, _: Any) -> None:
    """Ask a connection whether it lives, unless it did a moment ago and nothing came since.

    To ask each time (pool_pre_ping) is a way to the database and more CPU than a question.
    """
    was_used_now = time.monotonic() - record.info[_USED_AT] < _LIVES_ON_SECONDS
    if was_used_now and not _has_word(connection):
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        raise sa.exc.InvalidatePoolError from None


def _has_word(connection: Any) -> bool:
    """Whether anything came unasked: that is how a server that stops and a cut wire show."""
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        # `from None`: the driver's own text may quote a patient's id.
        raise _translate(error) from None


_NO_TABLE = ("no such table", "no such column", "has no column")
_WHILE_IT_FAILS_OVER = ("ReadOnlySqlTransaction",)
_DAMAGED = ("not a database", "malformed")


def _translate(error: sa.exc.SQLAlchemyError) -> StoreError:
    """The error of ours that says what to do; the name of theirs is kept for whoever looks."""
    cause = getattr(error, "orig", None)
    name = type(cause or error).__name__
    text = str(cause).lower()
    if name in ("UndefinedTable", "UndefinedColumn") or any(part in text for part in _NO_TABLE):
        return StoreNotReady("The ledger's tables are missing or old. Migrate the ledger first.")
    if any(part in text for part in _DAMAGED):
        return StoreDamaged(
            "The ledger's file is damaged or is no ledger. Restore it from a backup, or move it "
            "away: a new one is filled from the EHR as far as the EHR allows."
        )
    if isinstance(error, sa.exc.IntegrityError):
        return StoreConflict(
            f"The ledger refused an entry that contradicts one it has ({name}). Nothing was "
            "written. If BONEFLAG_SITE_ID was changed, set it back; otherwise report this."
        )
    is_away = isinstance(
        error, (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
    )
    if is_away or name in _WHILE_IT_FAILS_OVER:
        return StoreUnavailable(
            f"The ledger cannot be used at the moment ({name}): it is locked, full or gone. "
            "Nothing was written; try again, and if it lasts look at the database and at "
            "BONEFLAG_DATABASE_URL."
        )
    return StoreError(f"The ledger failed in a way that BoneFlag does not know ({name}).")
