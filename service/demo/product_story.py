"""What `boneflag demo --ehr NAME` shows: what is chosen for a product, and what it is asked.

Nothing about the product stands here: its name and what it offers come from the preset, and what is
made of that from the same code that serves a hospital. No facts arrive: many products tell nobody
what changed, and a sweep sees everything.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from service.checking import check_ehr
from service.demo.story import DemoStory, table_of
from service.demo_ehr.people import Person
from service.demo_ehr.presets.cohort import GROUP_ID, group_of, id_file, list_of, people_with_ms
from service.demo_ehr.presets.proxy import QuirkyEHR
from service.demo_ehr.recording import RecordedRequest
from service.demo_ehr.server import DemoEHR
from service.ehr.connection import EHRConnection
from service.printing import print_check
from service.queue import Queue
from service.settings import Settings, SettingsInvalid
from service.store.entries import Run
from service.store.ledger import Ledger
from service.wiring import protocol_for
from service.working import newest_run_number

RECIPIENT = "Group/ms-clinic"
SENDER = "Practitioner/boneflag"


def settings_for_product(
    settings: Settings,
    imitation: QuirkyEHR,
    server: DemoEHR,
    people: list[Person],
    directory: Path,
) -> Settings:
    """The settings with what a hospital of this product would give: a Group or a file, a recipient.

    Loads the Group and the list of patients into the server.
    """
    members = people_with_ms(people)
    server.load([group_of(members), list_of(members)])
    values = settings.model_dump(exclude_unset=True) | {
        "alert_recipients": RECIPIENT,
        "alert_author": SENDER,
        "worklist_file": str(directory / "worklist"),
    }
    if imitation.preset.cohort == "file":
        ids = directory / "people-with-ms.csv"
        ids.write_text(id_file(members), "utf-8")
        values["cohort_file"] = str(ids)
    elif imitation.preset.cohort != "code":
        values["cohort_group_ids"] = GROUP_ID
    return Settings.model_validate(values)


@dataclass(frozen=True, slots=True)
class ProductStory:
    """Four steps: the check, a sweep, what was asked for it, a second sweep."""

    story: DemoStory
    console: Console
    queue: Queue
    ledger: Ledger
    ehr: EHRConnection
    imitation: QuirkyEHR
    settings: Settings

    def tell(self) -> None:
        """Check, sweep, show, sweep again."""
        preset = self.imitation.preset
        self.console.print(f"[bold]It behaves as {preset.name}[/]: {preset.sentence}.\n")
        self._check()
        self.imitation.forget()
        started = time.monotonic()
        self.queue.sweep()
        run = self.story.sweep_after(0)
        channel = self.ehr.strategy.delivery.what
        self.story.show_statuses(time.monotonic() - started, channel)
        self._show_requests("2. What the EHR was asked", run)
        self.imitation.forget()
        last = newest_run_number(self.ledger)
        self.queue.sweep()
        self._show_requests("3. A second sweep", self.story.sweep_after(last))

    def _check(self) -> None:
        """What `boneflag check` says."""
        report = check_ehr(self.ehr, protocol_for(self.settings), self.settings)
        print_check(report)
        if not report.can_work:
            raise SettingsInvalid(
                f"this EHR cannot be served with these settings: {report.why_not}"
            )

    def _show_requests(self, title: str, run: Run) -> None:
        """Requests by type and kind, and how many there were for each patient."""
        requests = self.imitation.requests
        people = len(self.ledger.cohort.members()) or 1
        told = sum(n for name, n in run.counts.items() if name.startswith("confirmed"))
        self.console.print(
            f"\n[bold]{title}[/]: {len(requests)} requests, {len(requests) / people:.2f} for each"
            f" of {people} people; {told} alerts written"
        )
        table = table_of("type", "searches", "reads", "writes", "refused")
        kinds = Counter((_type_of(r), _kind_of(r)) for r in requests)
        refused = Counter(_type_of(r) for r in requests if r.status >= 400)
        for type_ in sorted({type_ for type_, _ in kinds}):
            numbers = [kinds[type_, kind] for kind in ("searches", "reads", "writes")]
            table.add_row(type_, *(str(n or "") for n in (*numbers, refused[type_])))
        self.console.print(table)


def _type_of(request: RecordedRequest) -> str:
    return request.path.partition("/")[0] or "(bundle)"


def _kind_of(request: RecordedRequest) -> str:
    if request.is_search:
        return "searches"
    return "writes" if request.is_write else "reads"
