"""One leg of the fault run: an EHR, a ledger, a Redis, two workers, and everything that goes wrong.

A leg goes round by round: the ward moves, a sweep is asked for, and while it runs requests fail,
children are killed and stopped, and the servers under them go away. After the first round comes a
calm, so that clinicians have alerts to answer. In the end all faults stop, the sweep is let finish,
two quiet sweeps follow, and the verdict is read from the EHR.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import redis

from service.demo_ehr.presets import preset_named
from service.demo_ehr.recording import RecordingProxy
from service.queue import QUEUES, WRITE_QUEUE, Queue
from service.settings import Settings
from service.store.entries import Run, RunState
from service.store.errors import StoreError
from service.store.ledger import Ledger
from service.wiring import ledger_for
from tests.faults.chart_server import ChartServer
from tests.faults.faults import Faults
from tests.faults.faulty_wire import FaultyEHR, FaultyLine
from tests.faults.servers import LedgerServer, RestartedRedis, ledger_on
from tests.faults.verdict import Verdict, judge
from tests.faults.world import World
from tests.lib import hurried
from tests.lib.going_live import go_live
from tests.lib.real_workers import environment_of

PEOPLE = 300
# A leg ends after the first round with so many faults; raise it for a longer run.
FAULTS_PER_LEG = 2_850
LONGEST_ROUND_SECONDS = 75.0
LONGEST_STORM_SECONDS = 400.0
QUIET_PATIENCE_SECONDS = 240.0
_TICK_SECONDS = 0.1
_ON = (RunState.OPEN, RunState.DELIVERING)


@dataclass(frozen=True, slots=True)
class Leg:
    """What differs between legs. `preset` is empty for a real server; `rounds` are the fewest."""

    name: str
    preset: str
    database: str
    people: int = PEOPLE
    faults: int = FAULTS_PER_LEG
    rounds: int = 3
    read_timeout_seconds: float = 1.5
    is_forgetful: bool = False


@dataclass(slots=True)
class LegResult:
    """What a leg has shown."""

    leg: Leg
    seed: str
    faults: Faults
    world: World
    verdict: Verdict
    seconds: float

    def __str__(self) -> str:
        faults = self.faults
        tables = {"reads": faults.reads, "writes": faults.writes, "injuries": faults.injuries}
        told = "\n".join(f"  {name}: {dict(table.most_common())}" for name, table in tables.items())
        return (
            f"leg {self.leg.name} ({self.leg.database}), FAULTS_SEED={self.seed},"
            f" {self.seconds:.0f} s: {faults.total} faults, {faults.writes.total()} of them on"
            f" {faults.written} writes; {self.verdict.open_alerts} alerts stand,"
            f" {self.verdict.edits} human edits, {self.verdict.retired} duplicates were retired\n"
            f"{told}\n  the ward: {dict(self.world.moves.most_common())}\n  {self.verdict}"
        )


def run_leg(leg: Leg, seed: str, base_url: str, folder: Path) -> LegResult:
    """The whole leg on the FHIR server at `base_url`; what it has shown."""
    started = time.monotonic()
    # After the workers have given up, and before they look again.
    late = leg.read_timeout_seconds + hurried.RETRY_AFTER_SECONDS / 4
    faults = Faults(f"{seed}|{leg.name}", late)
    with ExitStack() as stack:
        server = ChartServer(base_url)
        stack.callback(server.close)
        world = World(server, faults.seed, date.today(), f"f{leg.name}", leg.people)
        wire = stack.enter_context(_wire(leg, base_url, faults))
        ledger_server = stack.enter_context(ledger_on(leg.database, folder))
        queue_server = RestartedRedis(folder)
        stack.callback(queue_server.stop)
        settings = _settings(leg, wire, ledger_server, queue_server, world)
        go_live(settings)
        site = _Site(settings, stack.enter_context(ledger_for(settings)), queue_server)
        workers = [_Workers(settings, folder / f"worker-{n}.log", leg) for n in (1, 2)]
        for worker in workers:
            stack.callback(worker.kill)
        harm = Harm(faults, workers, queue_server, ledger_server)
        faults.is_on = True
        rounds = 0
        while rounds < leg.rounds or faults.total < leg.faults:
            assert time.monotonic() < started + LONGEST_STORM_SECONDS, f"{faults.total} faults only"
            if rounds:
                world.move()
            rounds += 1
            site.sweep()
            with harm.done_meanwhile():
                site.work_until_done(LONGEST_ROUND_SECONDS)
            seconds = time.monotonic() - started
            print(f"{leg.name}: {rounds} rounds, {faults.total} faults after {seconds:.0f} s")
            if rounds == 1:
                # Clinicians can only answer what stands, however slow the first storm was.
                faults.is_on = False
                site.let_finish(workers)
                faults.is_on = True
        faults.is_on = False
        site.let_finish(workers)
        for _ in range(2):
            site.sweep()
            site.let_finish(workers)
        verdict = judge(world, server)
    return LegResult(leg, seed, faults, world, verdict, time.monotonic() - started)


def _wire(leg: Leg, base_url: str, faults: Faults) -> RecordingProxy:
    if leg.preset:
        return FaultyEHR(preset_named(leg.preset), base_url, faults)
    return FaultyLine(base_url, faults)


def _settings(
    leg: Leg,
    wire: RecordingProxy,
    ledger_server: LedgerServer,
    queue_server: RestartedRedis,
    world: World,
) -> Settings:
    return Settings(
        site_id=f"faults-{leg.name}",
        mode="live",
        fhir_base_url=wire.base_url,
        cohort_group_ids=world.group_id,
        redis_url=queue_server.url,
        database_url=ledger_server.url,
        batch_size=6,
        max_new_alerts_per_run=10_000,
        max_new_alerts_percent_per_run=100,
        cohort_alarm_percent=100,
        attempts_per_run=12,
        ehr_requests_per_second=10_000,
        fhir_read_timeout_seconds=leg.read_timeout_seconds,
    )


class _Workers:
    """One worker of the product with two children, on every queue; started anew when it dies."""

    def __init__(self, settings: Settings, log: Path, leg: Leg) -> None:
        self._log = log
        self._environment = environment_of(settings)
        if leg.is_forgetful:
            self._environment["FAULTS_FORGETFUL"] = "1"
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "tests.lib.hurried_workers", "--quiet"]
        command += ["worker", "-Q", ",".join(QUEUES), "-c", "2", "-l", "INFO"]
        command += ["-n", f"{self._log.stem}@%h"]
        command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
        with self._log.open("ab") as stream:
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def child(self, chance: random.Random) -> int | None:
        """The process id of one of its children."""
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        except OSError:
            return None
        return int(chance.choice(children)) if children else None

    def revive(self) -> bool:
        """Start it again where it has died; whether it had."""
        if self._process.poll() is None:
            return False
        self._start()
        return True

    def kill(self) -> None:
        """End it with all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class _Site:
    """What an operator and the schedule do: ask for work, and look into the ledger."""

    def __init__(self, settings: Settings, ledger: Ledger, queue_server: RestartedRedis) -> None:
        from workers.app import make_app

        app = make_app(settings)
        app.conf.broker_connection_timeout = 1
        app.conf.task_publish_retry = False
        self._queue = Queue(app)
        self._ledger = ledger
        self._redis = redis.Redis.from_url(queue_server.url)

    def sweep(self) -> None:
        """Ask for a sweep until one begins."""
        last = self._newest()
        give_up = time.monotonic() + QUIET_PATIENCE_SECONDS
        while self._newest() <= last:
            assert time.monotonic() < give_up, "no sweep ever began"
            self._ask(self._queue.sweep)
            for _ in range(20):
                if self._newest() > last:
                    return
                time.sleep(0.05)

    def _newest(self) -> int:
        return max((run.id for run in self._runs()), default=0)

    def _runs(self) -> list[Run]:
        with suppress(StoreError):
            return self._ledger.runs.newest(30)
        return []

    def _ask(self, what: Callable[[], None]) -> None:
        with suppress(Exception):  # Redis is away: the next tick asks again.
            what()

    def tick(self) -> None:
        """What the schedule asks for every minute, unless it waits in the queue already."""
        with suppress(redis.RedisError):
            if not self._redis.llen(f"boneflag:{WRITE_QUEUE}"):
                self._ask(self._queue.deliver)
            if not self._redis.llen("boneflag:find"):
                self._ask(self._queue.refill)

    def is_done(self) -> bool:
        """Whether every run has come to its end."""
        runs = self._runs()
        return bool(runs) and all(
            run.state not in _ON and not run.open_plans for run in runs if run.state != "failed"
        )

    def work_until_done(self, seconds: float) -> None:
        """Tick until all runs are done, or for so long."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and not self.is_done():
            self.tick()
            time.sleep(_TICK_SECONDS)

    def let_finish(self, workers: list[_Workers]) -> None:
        """See everything through without faults."""
        for worker in workers:
            worker.revive()
        self.work_until_done(QUIET_PATIENCE_SECONDS)
        assert self.is_done(), f"still not done without faults: {self._runs()[:3]}"


class Harm:
    """What happens to processes and servers while a sweep runs."""

    def __init__(
        self,
        faults: Faults,
        workers: list[_Workers],
        queue_server: RestartedRedis,
        ledger_server: LedgerServer,
    ) -> None:
        self._faults = faults
        self._workers = workers
        self._redis = queue_server
        self._ledger = ledger_server
        self._chance = random.Random(f"harm|{faults.seed}")
        self._over = threading.Event()

    @contextmanager
    def done_meanwhile(self) -> Iterator[None]:
        """Do harm while the block runs."""
        self._over.clear()
        thread = threading.Thread(target=self._do_harm, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _do_harm(self) -> None:
        while not self._over.wait(self._chance.uniform(1.2, 3.6)):
            what = self._chance.choices(
                (self._kill, self._stop, self._empty, self._restart_redis, self._disturb),
                (10, 6, 4, 1, 2),
            )[0]
            what()
            for worker in self._workers:
                if worker.revive():
                    self._faults.injure("worker started again")

    def _kill(self) -> None:
        pid = self._chance.choice(self._workers).child(self._chance)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._faults.injure("SIGKILL")

    def _stop(self) -> None:
        pid = self._chance.choice(self._workers).child(self._chance)
        # Often longer than the lease, so that somebody else takes the work over meanwhile.
        seconds = self._chance.choice((0.2, 0.2, 0.5, hurried.LEASE_SECONDS + 0.5))
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self._faults.injure("SIGSTOP and SIGCONT")
            self._over.wait(seconds)
            os.kill(pid, signal.SIGCONT)

    def _empty(self) -> None:
        with suppress(redis.RedisError):
            self._redis.empty()
            self._faults.injure("Redis emptied")

    def _restart_redis(self) -> None:
        self._redis.restart()
        self._faults.injure("Redis restarted")

    def _disturb(self) -> None:
        what = self._ledger.disturb()
        if what:
            self._faults.injure(what)
