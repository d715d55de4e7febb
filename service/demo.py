"""`boneflag demo`: the whole job on an invented hospital, with the real parts.

A third-party FHIR server, a real Celery worker and beat on an embedded Valkey, an SQLite ledger:
nothing of it is a stub, and everything is gone when it ends.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.markup import escape
from rich.table import Table

from service.demo_ehr.arrivals import a_dxa_arrives, a_fracture_arrives, a_refusal_arrives
from service.demo_ehr.people import Person, make_people
from service.demo_ehr.server import DemoEHR
from service.ehr.connection import EHRConnection
from service.embedded_redis import embedded_redis
from service.logs import configure_logs
from service.settings import PREFIX, Settings
from service.store.entries import Run
from service.store.ledger import Ledger
from service.wiring import connection_for, ledger_for, today_for
from service.working import working
from workers.sending import queue_for

_MOST_SHOWN = 12
_LONGEST_WAIT_SECONDS = 90


def run_demo(*, people: int, stays: bool) -> None:
    """Start everything, sweep, let facts arrive, and show what each does."""
    console = Console()
    configure_logs("ERROR", as_json=False)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boneflag-demo-")))
        console.print("[bold]BoneFlag demo[/]: an invented hospital, nothing leaves this machine\n")
        ehr_server = stack.enter_context(DemoEHR())
        redis_url = stack.enter_context(embedded_redis())
        settings = _settings(directory, ehr_server.base_url, redis_url)
        today = today_for(settings)
        invented = make_people(today, people)
        number = ehr_server.load(r for person in invented for r in person.resources)
        console.print(
            f"EHR   {ehr_server.base_url}  {len(invented)} invented people, {number} resources\n"
            f"Redis {redis_url}  embedded Valkey\n"
            f"Log   {directory / 'workers.log'}\n"
        )
        ledger = stack.enter_context(ledger_for(settings))
        log = stack.enter_context((directory / "workers.log").open("ab"))
        stack.enter_context(working(_environment(settings), directory, log=log))
        ehr = connection_for(settings)
        _Story(console, settings, ledger, ehr, ehr_server, invented, today).tell()
        _say_how_to_look_further(console, settings)
        if stays:
            _stay(console)


def _settings(directory: Path, base_url: str, redis_url: str) -> Settings:
    return Settings(
        site_id="demo",
        mode="live",
        fhir_base_url=base_url,
        redis_url=redis_url,
        database_url=f"sqlite:///{directory / 'ledger.sqlite3'}",
        max_new_alerts_per_run=10_000,
        poll_interval_seconds=30,
        log_level="INFO",
    )


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for the workers and for whoever wants to look further."""
    return {
        PREFIX + "SITE_ID": settings.site_id,
        PREFIX + "MODE": settings.mode,
        PREFIX + "FHIR_BASE_URL": settings.fhir_base_url,
        PREFIX + "REDIS_URL": settings.redis_url.get_secret_value(),
        PREFIX + "DATABASE_URL": settings.database_url,
        PREFIX + "MAX_NEW_ALERTS_PER_RUN": str(settings.max_new_alerts_per_run),
        PREFIX + "POLL_INTERVAL_SECONDS": str(settings.poll_interval_seconds),
    }


class _Story:
    """What the demo shows, step by step."""

    def __init__(
        self,
        console: Console,
        settings: Settings,
        ledger: Ledger,
        ehr: EHRConnection,
        server: DemoEHR,
        people: list[Person],
        today: date,
    ) -> None:
        self._console = console
        self._ledger = ledger
        self._ehr = ehr
        self._server = server
        self._people = {person.id: person for person in people}
        self._today = today
        self._queue = queue_for(settings)

    def tell(self) -> None:
        """Sweep, show, let facts arrive, sweep again."""
        started = time.monotonic()
        self._queue.sweep()
        run = self._finished_after(0)
        seconds = time.monotonic() - started
        self._console.print(f"[bold]1. A sweep[/] by real workers: {seconds:.0f} s")
        self._show_statuses()
        self._show_alerts(run)
        self._let_facts_arrive()
        self._sweep_again()

    def _finished_after(self, run_id: int) -> Run:
        """The first run after this one that is done; TimeoutError when none comes to its end."""
        give_up = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < give_up:
            newer = [r for r in self._ledger.runs.newest(20) if r.id > run_id]
            for run in sorted(newer, key=lambda r: r.id):
                if run.state == "done":
                    return run
            time.sleep(0.2)
        raise TimeoutError("the workers did not finish: look into their log")

    def _statuses(self) -> dict[str, str]:
        keys = self._ledger.cohort.members()
        ids = self._ledger.cohort.fhir_ids_of(keys)
        return {ids[k]: e.status for k, e in self._ledger.screenings.latest(keys).items()}

    def _show_statuses(self) -> None:
        counts = Counter(self._statuses().values())
        table = Table("status", "people", box=None, padding=(0, 2))
        for status, number in counts.most_common():
            table.add_row(status, str(number))
        self._console.print(table)

    def _show_alerts(self, run: Run) -> None:
        """Who was alerted and why: one line each, and one alert as the EHR holds it."""
        flags = self._alerts_in_ehr("Flag", status="active")
        tasks = self._alerts_in_ehr("Task", status="requested")
        self._console.print(
            f"\n[bold]2. In the EHR now[/]: {len(flags)} active Flags, {len(tasks)} open Tasks"
            f" (run {run.id})"
        )
        table = Table("who", "the story", "what the clinician reads", box=None, padding=(0, 1))
        told = sorted(
            _one_for_each_sentence(flags), key=lambda f: _patient_of(f).startswith("alert-")
        )
        for flag in told[:_MOST_SHOWN]:
            own = _patient_of(flag)
            story = self._people[own].story if own in self._people else ""
            table.add_row(own, escape(story), escape(flag["code"]["text"]))
        self._console.print(table)
        self._console.print(f"… and {len(flags) - min(len(told), _MOST_SHOWN)} more\n")
        if told:
            own = _patient_of(told[0])
            self._console.print(f"The Flag and the Task of [bold]{own}[/] as the EHR holds them:")
            shown = [told[0], *(t for t in tasks if _patient_of(t) == own)]
            for resource in shown:
                self._console.print(JSON.from_data(resource, indent=1))

    def _let_facts_arrive(self) -> None:
        """A scan for one, a refusal by another, a fracture of a third."""
        statuses = self._statuses()
        due = sorted(
            own
            for own in map(_patient_of, self._alerts_in_ehr("Flag", status="active"))
            if not own.startswith("alert-")  # Their story has an alert in it already.
        )
        scanned, refusing = due[0], due[1]
        broken = next(
            own
            for own, person in sorted(self._people.items())
            if statuses.get(own) == "not-at-risk" and _is_over_forty(person, self._today)
        )
        chosen = {scanned: "a DXA, T-score −1.2", refusing: "a refusal", broken: "a hip fracture"}
        before = {own: self._shown(own) for own in chosen}
        newest = self._ledger.runs.newest(1)[0].id
        self._server.load(
            [
                *a_dxa_arrives(scanned, self._today),
                *a_refusal_arrives(refusing, self._today),
                *a_fracture_arrives(broken, self._today),
            ]
        )
        self._queue.poll()
        run = self._finished_after(newest)
        self._console.print(f"\n[bold]3. Facts arrive[/], a poll sees them (run {run.id})")
        table = Table("who", "what arrived", "before", "after", box=None, padding=(0, 2))
        after = self._statuses()
        for own, fact in chosen.items():
            table.add_row(
                own,
                fact,
                f"{statuses[own]}: {before[own]}",
                f"{after[own]}: {self._shown(own)}",
            )
        self._console.print(table)

    def _sweep_again(self) -> None:
        newest = self._ledger.runs.newest(1)[0].id
        flags = len(self._alerts_in_ehr("Flag", status="active"))
        self._queue.sweep()
        run = self._finished_after(newest)
        written = sum(n for name, n in run.counts.items() if name.startswith("confirmed"))
        again = len(self._alerts_in_ehr("Flag", status="active"))
        self._console.print(
            f"\n[bold]4. A second sweep[/] changes nothing: {written} written, {flags} active Flags"
            f" before and {again} after"
        )

    def _alerts_in_ehr(self, type_: str, status: str) -> list[dict[str, Any]]:
        # Not every server can search Flags by status, so it is compared here.
        found = self._ehr.client.search(type_, {"_count": "1000"}).matches
        ours = [r for r in found if r.get("status") == status and r.get("identifier")]
        return sorted(ours, key=_patient_of)

    def _shown(self, own: str) -> str:
        """The statuses of the Flag and Task that the EHR shows of one patient."""
        shown = []
        for type_ in ("Flag", "Task"):
            found = self._ehr.client.search(type_, {"patient": own}).matches
            shown += [f"{type_} {r['status']}" for r in found if r.get("identifier")]
        return ", ".join(shown) or "no alert"


def _one_for_each_sentence(flags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first Flag of each wording, so that a short list shows many reasons."""
    by_sentence: dict[str, dict[str, Any]] = {}
    for flag in flags:
        by_sentence.setdefault(flag["code"]["text"], flag)
    return list(by_sentence.values())


def _patient_of(resource: Mapping[str, Any]) -> str:
    subject = resource.get("subject") or resource.get("for") or {}
    return str(subject.get("reference", "")).removeprefix("Patient/")


def _is_over_forty(person: Person, today: date) -> bool:
    born = str(person.resources[0].get("birthDate", ""))
    return len(born) == len("2000-01-01") and today.year - int(born[:4]) > 41


def _say_how_to_look_further(console: Console, settings: Settings) -> None:
    console.print("\n[bold]5. Look further[/], in another terminal while this one stays up:\n")
    for name, value in _environment(settings).items():
        console.print(f"export {name}={value}", highlight=False, soft_wrap=True)
    console.print(
        "\nboneflag check\nboneflag report\nboneflag explain edss-six-point-five-01\n",
        highlight=False,
    )


def _stay(console: Console) -> None:
    started = datetime.now().astimezone()
    console.print(f"Up since {started:%H:%M}. Ctrl-C ends it and removes everything.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("\nThe demo has ended.")
