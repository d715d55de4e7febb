"""What `boneflag demo` shows, step by step: who is told of and why, and what new facts do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.markup import escape
from rich.table import Table

from service.demo.answers import answer
from service.demo_ehr.arrivals import a_dxa_arrives, a_fracture_arrives, a_refusal_arrives
from service.demo_ehr.people import Person
from service.demo_ehr.server import DemoEHR
from service.ehr.connection import EHRConnection
from service.queue import Queue
from service.screening.alert import ALERT_IDENTIFIER_SYSTEM
from service.store.entries import Run
from service.store.ledger import Ledger
from service.working import newest_run_number

_LONGEST_WAIT_SECONDS = 90.0
_NO_ALERT = "no alert"
_TOLD = "Flag active, Task requested"
_TOLD_OF = ("due", "result-needs-action")
_MEANINGS = {
    "due": "at risk, no bone density scan in sight: Flag and Task",
    "result-needs-action": "a scan or a fracture shows osteoporosis, untreated: Task",
    "not-at-risk": "MS, and not enough risk factors",
    "satisfied": "scanned lately, or treated",
    "due-soon": "the last scan is about to be too old",
    "ordered-waiting": "a scan is ordered",
    "excluded": "deceased, in hospice, under 18, pregnant …",
    "not-in-cohort": "a code that looks like MS and is not, or is not confirmed",
    "could-not-determine": "the record does not tell; no alert is raised or closed on a guess",
    "declined": "the patient said no: respected for a year",
    "snoozed": "a clinician said no to our Task: respected for a year",
}


class DemoStory:
    """A sweep, the alerts, facts that arrive, a second sweep; then clinicians may answer."""

    def __init__(
        self,
        console: Console,
        queue: Queue,
        ledger: Ledger,
        ehr: EHRConnection,
        server: DemoEHR,
        people: list[Person],
        today: date,
    ) -> None:
        self._console = console
        self._queue = queue
        self._ledger = ledger
        self._ehr = ehr
        self._server = server
        self._people = {person.id: person for person in people}
        self._today = today

    def tell(self) -> None:
        """Sweep, show, let facts arrive, sweep again."""
        started = time.monotonic()
        last = newest_run_number(self._ledger)
        self._queue.sweep()
        self.sweep_after(last)
        seconds = time.monotonic() - started
        self.show_statuses(seconds)
        self._show_alerts()
        self._let_facts_arrive()
        self._sweep_again()

    def sweep_after(self, run_id: int) -> Run:
        """The first sweep after this run that is done; beat may have started a poll meanwhile."""
        give_up = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < give_up:
            for run in sorted(self._ledger.runs.newest(20), key=lambda run: run.id):
                if run.id > run_id and run.kind == "sweep" and run.state == "done":
                    return run
            time.sleep(0.2)
        raise TimeoutError("the workers did not finish: look into their log")

    def _statuses(self) -> dict[str, str]:
        keys = self._ledger.cohort.members()
        ids = self._ledger.cohort.fhir_ids_of(keys)
        return {ids[k]: e.status for k, e in self._ledger.screenings.latest(keys).items()}

    def show_statuses(self, seconds: float, channel: str = "") -> None:
        """How many people stand where after a sweep of so many seconds.

        `channel` is how they were told of, where that is not a Flag and a Task.
        """
        counts = Counter(self._statuses().values())
        self._console.print(
            f"[bold]1. A sweep[/] by the workers: {counts.total()} people with a code of MS"
            f" screened and alerts written in {seconds:.0f} s"
        )
        table = table_of("people", "status", "that is")
        for status, number in counts.most_common():
            meaning = _MEANINGS.get(status, "")
            if channel and status in _TOLD_OF:
                meaning = f"{meaning.partition(': ')[0]}: {channel}"
            table.add_row(str(number), status, meaning)
        self._console.print(table)

    def _show_alerts(self) -> None:
        """Why people were alerted, an example for each reason, and one alert in full."""
        flags = self._alerts_in_ehr("Flag", "active")
        tasks = self._alerts_in_ehr("Task", "requested")
        self._console.print(
            f"\n[bold]2. In the EHR now[/]: {len(flags)} active Flags and {len(tasks)} open Tasks."
            f" Who was alerted, and why:"
        )
        by_reason: dict[str, list[dict[str, Any]]] = {}
        for flag in flags:
            by_reason.setdefault(_reason_in(flag), []).append(flag)
        table = table_of("people", "why", "for example", "the story of this person")
        examples = []
        for reason, alike in sorted(by_reason.items(), key=lambda item: -len(item[1])):
            # The shortest story is the plainest: nothing else happened to this person.
            example = min(alike, key=lambda flag: len(self._story_of(flag)))
            examples.append(example)
            story = escape(self._story_of(example))
            table.add_row(str(len(alike)), escape(reason), _patient_of(example), story)
        self._console.print(table)
        if examples:
            self._show_one(examples[0], tasks)

    def _story_of(self, flag: Mapping[str, Any]) -> str:
        person = self._people.get(_patient_of(flag))
        return person.story if person else ""

    def _show_one(self, flag: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
        own = _patient_of(flag)
        about = [t for t in tasks if _patient_of(t) == own]
        self._console.print(f"\nWhat the clinician of [bold]{own}[/] reads:\n")
        self._console.print(f"  Flag  {escape(flag['code']['text'])}", highlight=False)
        for task in about:
            self._console.print(f"  Task  priority {task['priority']}", highlight=False)
            for line in task["note"][0]["text"].splitlines():
                self._console.print(f"        {escape(line.rstrip())}", highlight=False)
        self._console.print("\nThe same as the EHR holds it:")
        for resource in (flag, *about):
            self._console.print(JSON.from_data(resource, indent=1))

    def _let_facts_arrive(self) -> None:
        """A scan for one, a refusal by another, a fracture of a third; a poll sees them."""
        statuses = self._statuses()
        due = (_patient_of(flag) for flag in self._alerts_in_ehr("Flag", "active"))
        # Of people with an earlier alert the table would tell two stories at once.
        scanned, refusing = islice((own for own in due if self._shown(own) == _TOLD), 2)
        broken = next(
            own
            for own, person in sorted(self._people.items())
            if statuses.get(own) == "not-at-risk" and _is_over_forty(person, self._today)
        )
        facts = {
            scanned: ("a bone density scan, T-score −1.2", a_dxa_arrives),
            refusing: ("the patient declines a scan", a_refusal_arrives),
            broken: ("a hip fracture after a fall", a_fracture_arrives),
        }
        before = {own: self._shown(own) for own in facts}
        self._server.load(r for own, (_, a) in facts.items() for r in a(own, self._today))
        started = time.monotonic()
        self._queue.poll()
        self._wait_for_change(before)
        seconds = time.monotonic() - started
        after = self._statuses()
        self._console.print(
            f"\n[bold]3. Facts arrive[/] in the EHR, and a poll sees them within {seconds:.0f} s:"
        )
        table = table_of("who", "what arrived", "before", "after")
        for own, (fact, _) in facts.items():
            table.add_row(
                own,
                fact,
                f"{statuses[own]}\n{before[own]}",
                f"{after[own]}\n{self._shown(own)}",
            )
        self._console.print(table)

    def _wait_for_change(self, before: Mapping[str, str]) -> None:
        """Until the EHR shows something else of each of them, and the ledger has it confirmed."""
        give_up = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < give_up:
            has_changed = all(self._shown(own) != shown for own, shown in before.items())
            if has_changed and not any(run.open_plans for run in self._ledger.runs.newest(20)):
                return
            time.sleep(0.2)
        raise TimeoutError("the workers did not see the new facts: look into their log")

    def _sweep_again(self) -> None:
        flags = len(self._alerts_in_ehr("Flag", "active"))
        last = newest_run_number(self._ledger)
        self._queue.sweep()
        run = self.sweep_after(last)
        written = sum(n for name, n in run.counts.items() if name.startswith("confirmed"))
        again = len(self._alerts_in_ehr("Flag", "active"))
        self._console.print(
            f"\n[bold]4. A second sweep[/] finds everybody told already: {written} alerts written,"
            f" {flags} active Flags before and {again} after"
        )

    def let_clinicians_answer(self) -> None:
        """They accept, order, scan and say no in the EHR, and a sweep reads it."""
        own = [t for t in self._alerts_in_ehr("Task", "requested") if _is_about_a_flag(t)]
        said = answer(own, self._today)
        self._server.load(said.resources)
        last = newest_run_number(self._ledger)
        self._queue.sweep()
        self.sweep_after(last)
        self._console.print(
            f"\n[bold]5. Clinicians answer[/] in the EHR, and a sweep reads it: {said.accepted}"
            f" Tasks accepted, {said.refused} rejected with a reason, {said.ordered} scans ordered"
            f" and {said.scanned} done"
        )

    def _alerts_in_ehr(self, type_: str, status: str) -> list[dict[str, Any]]:
        # Not every server can search Flags by status, so it is compared here.
        found = self._ehr.client.search(type_, {"_count": "1000"}).matches
        ours = [r for r in found if r.get("status") == status and _is_ours(r)]
        return sorted(ours, key=_patient_of)

    def _shown(self, own: str) -> str:
        """The statuses of the Flag and Task that the EHR shows of one patient."""
        shown = []
        for type_ in ("Flag", "Task"):
            found = self._ehr.client.search(type_, {"patient": own}).matches
            shown += [f"{type_} {r['status']}" for r in found if _is_ours(r)]
        return ", ".join(shown) or _NO_ALERT


def table_of(*columns: str) -> Table:
    """A table without lines; the column `people` holds numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        is_number = column == "people"
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    return table


def _is_ours(resource: Mapping[str, Any]) -> bool:
    systems = {identifier.get("system") for identifier in resource.get("identifier", ())}
    return ALERT_IDENTIFIER_SYSTEM in systems


def _is_about_a_flag(task: Mapping[str, Any]) -> bool:
    return str(task.get("focus", {}).get("reference", "")).startswith("Flag/")


def _reason_in(flag: Mapping[str, Any]) -> str:
    """What stands in the brackets of our sentence: `EDSS 6.0 or more; Age`."""
    sentence = str(flag["code"]["text"])
    _, _, rest = sentence.partition("(MS; ")
    return rest.partition("). ")[0] or sentence


def _patient_of(resource: Mapping[str, Any]) -> str:
    subject = resource.get("subject") or resource.get("for") or {}
    return str(subject.get("reference", "")).removeprefix("Patient/")


def _is_over_forty(person: Person, today: date) -> bool:
    born = str(person.resources[0].get("birthDate", ""))
    return len(born) == len("2000-01-01") and today.year - int(born[:4]) > 41
