"""A ward to which anything may happen: the real line, a real ledger, and an EHR on a fake wire.

Charts are handed to the line as if a server had given them (`Pipeline.screen` takes a reader), for
searching them is tried elsewhere and would cost most of the time here. Our own alerts go over the
wire, both ways, through the real client, reader and writer; the ledger is a real SQLite file.

What a test asks of it is remembered by nobody but the ward itself: every write of ours with the
version before it (`ours`), what each look could know (`known`), and every call that wrote to the
ledger (`calls`), so that the ledger can be made again from them.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import httpx
import sqlalchemy as sa

from service.deciding import Answer, Deciding, PatientUnknown
from service.ehr.capability import read_capability
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.delivery.channels import CHANNELS
from service.ehr.delivery.opened_channel import OpenedChannel
from service.ehr.errors import EHRError
from service.ehr.parse import RecordParser
from service.pipeline import Limits, Pipeline
from service.rebuilding import Rebuilding, Sight
from service.screening.alert import OPEN_TASK_STATUSES, AlertKind, alert_key
from service.screening.protocol import Protocol, packaged_protocol
from service.screening.record import REQUIRED_TYPES, PatientRecord
from service.screening.value_sets import packaged_vocabulary
from service.store.ledger import Ledger
from service.store.selected_alerts import Selection
from service.store.tables import METADATA
from service.withdrawing import Withdrawing
from service.withdrawing_for_good import keep_quiet
from tests.lib.any_chart import kind_of
from tests.lib.channels import options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.going_live import approve
from tests.lib.wire import Resource, Wire, answer, outcome

VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
PARSER = RecordParser(VOCABULARY)
SITE = "any-ward"
FIRST_DAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
ALERT_TYPES = ("Flag", "Task")
_CHANNEL = CHANNELS["flag-and-task"]
# Long enough for whatever waits in the outbox or the queue to be tried again.
A_WHILE = timedelta(hours=2)
# What people write: the parts of the ledger and the methods that change it.
# Some acts are told with the instant of telling, which is another when they are told again.
_OF_THE_MOMENT = {("audit", "at"), ("audit", "hash")}
STATUS_OF_FAULT = {"refused": 403, "away": 503, "conflict": 409, "rejected": 422, "busy": 429}
WRITERS = {
    "cohort": ("add", "register", "leave_out"),
    "merges": ("follow",),
    "readings": ("take", "accept"),
    "runs": ("open", "finish_reading", "start_delivery", "hold", "release", "fail", "finish"),
    "pending": ("mark", "take_over", "hand_out", "store_failure", "put_off", "forget", "give_up"),
    "screenings": ("store", "store_all"),
    "outbox": (
        "mark_sent",
        "mark_confirmed",
        "mark_unknown",
        "mark_unsent",
        "mark_left_unknown",
        "mark_failed",
    ),
    "alerts": ("remember",),
    "decisions": ("remember", "take_back"),
    "approvals": ("record", "end"),
    "withdrawals": ("open", "try_again", "mark_sent", "settle", "finish"),
    "audit": ("record",),
    "duplicates": ("remember",),
    "watermarks": ("advance",),
}


class Crash(BaseException):
    """The process dies here: nothing below may catch it."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of ours that changed the EHR; `before` is None for a new resource.

    `beside` is how many others of its type and kind stood open about the same person just then.
    """

    before: Resource | None
    after: Resource
    if_match: str | None
    beside: int = 0

    @property
    def patient(self) -> str:
        return patient_in(self.after)


@cache
def _migrated() -> bytes:
    """An empty ledger as a file."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "empty.db"
        with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
            ledger.migrate()
        return path.read_bytes()


def patient_in(resource: Resource) -> str:
    """Whom a Flag or Task is about."""
    about = resource.get("for") or resource["subject"]
    return str(about["reference"]).removeprefix("Patient/")


def is_up(resource: Resource) -> bool:
    """Whether a Flag or Task stands open."""
    if resource["resourceType"] == "Flag":
        return bool(resource["status"] == "active")
    return resource["status"] in OPEN_TASK_STATUSES


class AnyServer(FakeFHIRServer):
    """The fake server, which tells our writes from those of people."""

    def __init__(self, **flavour: bool) -> None:
        super().__init__(**flavour)
        self.ours: list[Write] = []
        self.charts: dict[str, list[Resource]] = {}
        self.records_of: Callable[[str], Iterable[str]] = lambda who: [who]
        self._request: httpx.Request | None = None

    def put(self, resource: Resource) -> Resource:
        key = (resource["resourceType"], resource.get("id", ""))
        before = copy.deepcopy(self.store.get(key))
        after = super().put(resource)
        key = (after["resourceType"], after["id"])
        if self._request is not None:
            if_match = self._request.headers.get("If-Match")
            beside = len(self.beside(after))
            self.ours.append(Write(before, copy.deepcopy(after), if_match, beside))
        return after

    def beside(self, resource: Resource) -> list[Resource]:
        """The other open Flags or Tasks of one kind about the person of this one."""
        records, kind = self.records_of(patient_in(resource)), kind_of(resource)
        return [
            r
            for r in self.all(resource["resourceType"])
            if r["id"] != resource["id"]
            and is_up(r)
            and kind_of(r) is kind
            and patient_in(r) in records
        ]

    def _read(self, type_: str, id_: str) -> httpx.Response:
        """People stand in the charts, and are asked for one by one."""
        is_known = type_ == "Patient" and id_ in self.charts
        return answer(self.charts[id_][0]) if is_known else super()._read(type_, id_)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self._request = request
        try:
            return super()._answer(request)
        finally:
            self._request = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that wrote to the ledger, and the number of the first key that it made."""

    part: str
    method: str
    arguments: tuple[Any, ...]
    names: dict[str, Any]
    first_key: int


class Keys:
    """Keys in their order instead of at random, so that the same calls make the same rows."""

    def __init__(self) -> None:
        self.next = 0

    def __call__(self) -> uuid.UUID:
        self.next += 1
        return uuid.UUID(int=self.next)


class AnyWard:
    """People, their EHR, BoneFlag's line and its ledger; time moves when the test says so."""

    def __init__(self, directory: Path, charts: dict[str, list[Resource]], **flavour: bool) -> None:
        self.directory = directory
        self.at = FIRST_DAY
        self.server = AnyServer(**flavour)
        self.server.now = lambda: self.at
        self.charts = self.server.charts = charts
        self.unread: dict[str, frozenset[str]] = {}
        self.protocol: Protocol = PROTOCOL
        self.unnamed: set[str] = set()
        self.read_at: dict[datetime, Any] = {}
        self.what_is_known: Callable[[str], Any] = lambda _: None
        self.calls: list[Call] = []
        self.steps_to_live: int | None = None
        self.fault: tuple[str, int, int] | None = None
        self.before_request: Callable[[httpx.Request], None] = lambda request: None
        self._ledgers = 0
        self._is_called = False
        self._keys = Keys()
        self._patch = mock.patch("uuid.uuid4", self._keys)
        self._patch.start()
        self._open_ledger()
        self.approve()

    def close(self) -> None:
        """Give everything back."""
        self.ledger.close()
        self._patch.stop()

    # What a test does

    def wait(self, days: int = 0, hours: int = 0) -> None:
        """Let time go by."""
        self.at += timedelta(days=days, hours=hours)

    def wait_for_morning(self) -> None:
        """Let the night go by."""
        self.at = (self.at + timedelta(days=1)).replace(hour=4, minute=0, second=0)

    def look(self) -> None:
        """One sweep: read, think, write. What the EHR refuses is left for the next one."""
        self.at += A_WHILE
        self._requests = 0
        line = self._line()
        try:
            line.start_sweep()
            for _ in range(3):
                batches = line.hand_out(99, queue_is_empty=True, forgotten_after=A_WHILE)
                for batch in batches:
                    line.screen(batch, self._records)
            line.deliver()
        except EHRError:
            pass  # The queue would come again; so does the next look.
        except Crash:
            self.restart()

    def restart(self) -> None:
        """A new process on the same ledger."""
        self.steps_to_live = None
        self.ledger.close()
        self.ledger = self._ledger_at(self._path)

    def lose_ledger(self) -> None:
        """A new, empty ledger: the EHR is all that is left."""
        self.ledger.close()
        self._open_ledger()
        self.approve()

    def rebuild_ledger(self) -> None:
        """Fill a lost ledger again from what the EHR shows."""
        self._requests = 0
        ehr = self._ehr()
        Rebuilding(
            ehr,
            self.ledger,
            self.protocol,
            site=SITE,
            channel=_CHANNEL.name,
            sight=Sight(lambda ids: ehr.read_alerts(ids, {}), self._told),
            now=lambda: self.at,
        ).rebuild(into_existing=False)

    def decide(self, patient: str, answer: Answer) -> bool:
        """Say something to BoneFlag itself; whether it is news. Nobody is known before a look."""
        try:
            _, is_news = self._deciding.decide(patient, answer, self.at.date(), self.at)
        except PatientUnknown:
            return False
        return is_news

    def take_back(self, patient: str, kind: AlertKind) -> None:
        """Take back what was said about one kind of alert."""
        with suppress(PatientUnknown):
            self._deciding.take_back(patient, kind, self.at.date(), self.at)

    def withdraw(self, patient: str | None) -> bool:
        """Take back one person's alerts, or everybody's; whether anybody was known to do it for."""
        key = self.ledger.cohort.keys_of([patient]).get(patient) if patient else None
        if patient is not None and key is None:
            return False
        self._requests = 0
        selection = Selection(patient_key=key)
        keep_quiet(self.ledger, selection, "operator", self.at, self.at.date())
        number = self.ledger.withdrawals.open(selection, "a mistake", "operator", self.at)
        withdrawal = self.ledger.withdrawals.get(number)
        assert withdrawal is not None
        Withdrawing(
            self.ledger, withdrawal, self._open_channel, now=lambda: self.at, wait=self._sleep
        ).carry_out()
        return True

    def die_after(self, steps: int) -> None:
        """Let the process die at a step: a request, its answer, a transaction begun or ended."""
        self.steps_to_live = steps

    def upgrade(self, version: str) -> None:
        """Another version of the same protocol, which nobody has approved yet."""
        self.protocol = replace(PROTOCOL, version=version, digest=f"sha256:{version}")

    def approve(self) -> None:
        """Let the protocol in force be written."""
        approve(self.ledger, self.protocol.digest, at=self.at)

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved just this protocol, in this ledger."""
        current = self.ledger.approvals.current()
        return current is not None and current.protocol_digest == self.protocol.digest

    def alerts(self, type_: str, patient: str) -> list[Resource]:
        """Our Flags or Tasks about one person."""
        return [r for r in self.server.all(type_) if patient_in(r) == patient]

    def in_force(self, patient: str) -> Any:
        """What was known when the judgement was made that the ledger holds now; None for none."""
        key = self.ledger.cohort.keys_of([patient]).get(patient)
        latest = self.ledger.screenings.latest([key]) if key else {}
        return self.read_at.get(latest[key].at) if key in latest else None

    # The ledger again

    def tables(self, ledger: Ledger | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        database = (ledger or self.ledger)._database
        with database.reading() as connection:
            found = {}
            for table in METADATA.sorted_tables:
                columns = [c for c in table.columns if (table.name, c.name) not in _OF_THE_MOMENT]
                rows = (tuple(row) for row in connection.execute(sa.select(*columns)))
                found[table.name] = sorted(rows, key=repr)
            return found

    def replayed(self, *, twice: frozenset[tuple[str, str]] = frozenset()) -> Ledger:
        """An empty ledger after the same calls; those in `twice` are made two times each."""
        path = self.directory / "replayed.db"
        for stale in self.directory.glob("replayed.db*"):
            stale.unlink()
        ledger = self._empty_ledger(path)
        keys = Keys()
        with mock.patch("uuid.uuid4", keys):
            for call in self.calls:
                for _ in range(2 if (call.part, call.method) in twice else 1):
                    keys.next = call.first_key
                    method = getattr(getattr(ledger, call.part), call.method)
                    method(*copy.deepcopy(call.arguments), **call.names)
        return ledger

    # Inside

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """The server's answer, or the fault's; a step before it and one behind it."""
        self._step()
        self.before_request(request)
        fault, first, last = self.fault or ("", 0, -1)
        number, self._requests = self._requests, self._requests + 1
        if not first <= number <= last:
            response = self.server(request)
        elif fault == "lost":
            self.server(request)
            raise httpx.ReadTimeout("lost", request=request)
        elif fault == "reset":
            raise httpx.ReadError("reset", request=request)
        else:
            response = answer(outcome("error", "processing"), STATUS_OF_FAULT[fault])
        self._step()
        return response

    def _step(self, *_: Any) -> None:
        if self.steps_to_live is not None:
            self.steps_to_live -= 1
            if self.steps_to_live < 0:
                raise Crash

    @property
    def _deciding(self) -> Deciding:
        return Deciding(self.ledger, self.protocol, "live")

    def _sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def _open_channel(self, _name: str) -> OpenedChannel:
        client = Wire(self._answer).client()
        parts = client, read_capability(client), self._options()
        return OpenedChannel(_CHANNEL.name, _CHANNEL.reader(*parts), _CHANNEL.writer(*parts))

    def _options(self) -> Any:
        def key_of(patient: Any, kind: Any, episode: int) -> str:
            return alert_key(SITE, patient, self.protocol.id, kind, episode)

        return options(now=lambda: self.at, key_of=key_of)

    def _ehr(self) -> EHRConnection:
        chosen = self._options()
        return EHRConnection(
            Wire(self._answer).client(),
            VOCABULARY,
            PARSER.record,
            cohort_sources=[CohortSource("ward", lambda _: self._cohort())],
            open_reading=lambda c: _CHANNEL.reader(c.client, c.capability(), chosen),
            open_writing=lambda c: _CHANNEL.writer(c.client, c.capability(), chosen),
        )

    def _line(self) -> Pipeline:
        return Pipeline(
            self._ehr(),
            self.ledger,
            self.protocol,
            site=SITE,
            mode="live",
            limits=Limits(1000, 10),
            now=lambda: self.at,
            today=lambda: self.at.date(),
            admits_newcomers=True,
        )

    def _cohort(self) -> CohortMembers:
        """Everybody but merged records that the hospital's list no longer names."""
        named = tuple(sorted(self.charts.keys() - self.unnamed))
        return CohortMembers(named, "ward", is_complete=True)

    def _records(self, ids: Sequence[str], _needs: Iterable[Any]) -> Iterator[PatientRecord]:
        for id_ in ids:
            # An instant of its own for each reading, by which it is found again.
            self.at += timedelta(seconds=1)
            self.read_at[self.at] = self.what_is_known(id_)
            unread = self.unread.get(id_, frozenset())
            by_type: dict[str, list[Resource]] = {type_: [] for type_ in REQUIRED_TYPES}
            for resource in self.charts[id_]:
                by_type.setdefault(resource["resourceType"], []).append(resource)
            shown = {type_: found for type_, found in by_type.items() if type_ not in unread}
            yield PARSER.record(id_, shown, unread=unread, read_at=self.at)

    def _told(self) -> frozenset[str]:
        """Whom our Flags and Tasks are about, as a search by our identifiers tells."""
        return frozenset(patient_in(r) for type_ in ALERT_TYPES for r in self.server.all(type_))

    def _open_ledger(self) -> None:
        self._ledgers += 1
        self._path = self.directory / f"ledger-{self._ledgers}.db"
        self.calls = []
        self.read_at = {}
        self._empty_ledger(self._path).close()
        self.ledger = self._ledger_at(self._path)

    def _empty_ledger(self, path: Path) -> Ledger:
        """Migrated once, copied ever after: migrating takes longer than a whole sequence."""
        path.write_bytes(_migrated())
        return Ledger(f"sqlite:///{path}", attempts_in_a_run=5)

    def _ledger_at(self, path: Path) -> Ledger:
        ledger = Ledger(f"sqlite:///{path}", attempts_in_a_run=5)
        pool = ledger._database._pool
        sa.event.listen(pool, "begin", self._step)
        sa.event.listen(pool, "commit", self._step)
        for part, methods in WRITERS.items():
            for method in methods:
                self._record(getattr(ledger, part), part, method)
        return ledger

    def _record(self, owner: Any, part: str, method: str) -> None:
        original = getattr(owner, method)

        def recorded(*arguments: Any, **names: Any) -> Any:
            if self._is_called:  # By another one of them, which is told again as a whole.
                return original(*arguments, **names)
            first = self._keys.next
            taken = tuple(_kept(argument) for argument in arguments)
            given = copy.deepcopy(taken)
            self._is_called = True
            try:
                answer = original(*taken, **names)
            finally:
                self._is_called = False
            self.calls.append(Call(part, method, given, names, first))
            return answer

        setattr(owner, method, recorded)


def _kept(argument: Any) -> Any:
    """The same argument in a form that can be given twice, and in one order."""
    if isinstance(argument, set | frozenset):
        return sorted(argument)
    return list(argument) if isinstance(argument, Iterator) else argument
