"""The demo's hospital behind an imitated product, with what such a hospital would configure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.demo_ehr.people import Person, make_people
from service.demo_ehr.presets import preset_named
from service.demo_ehr.presets.cohort import GROUP_ID, group_of, id_file, list_of, people_with_ms
from service.demo_ehr.presets.preset import Preset
from service.demo_ehr.presets.proxy import QuirkyEHR
from service.demo_ehr.server import DemoEHR
from service.ehr.client import FHIRClient
from service.ehr.options import RetryOptions
from service.inline import run_inline
from service.pipeline import Pipeline
from service.settings import Settings
from service.store.entries import Run
from service.wiring import pipeline_for, today_for
from tests.lib.going_live import go_live

RECIPIENT = "Group/ms-clinic"
SENDER = "Practitioner/boneflag"
PEOPLE = 290
"""As many as there are stories, and a few quiet people."""
_IMPATIENT = RetryOptions(
    attempts=6, first_wait_seconds=0.05, longest_wait_seconds=2.0, total_seconds=20
)


@dataclass(slots=True, repr=False)
class ImitatedHospital:
    """People, the server that holds them, the product before it, and the line that watches."""

    preset: Preset
    people: list[Person]
    server: DemoEHR
    ehr: QuirkyEHR
    settings: Settings
    line: Pipeline
    runs: list[Run] = field(default_factory=list)

    def sweep(self) -> Run:
        """A whole sweep in this process; what was recorded before is forgotten."""
        self.ehr.forget()
        run = run_inline(self.line, self.line.start_sweep)
        assert run is not None
        self.runs.append(run)
        return run

    def statuses(self) -> dict[str, str]:
        """The latest status of everybody in the cohort, by FHIR id."""
        members = self.line.ledger.cohort.members()
        ids = self.line.ledger.cohort.fhir_ids_of(members)
        latest = self.line.ledger.screenings.latest(members)
        return {ids[key]: entry.status for key, entry in latest.items()}

    def expected(self) -> dict[str, str]:
        """The status of each story that is in the cohort."""
        statuses = {p.id: p.expected_status for p in self.people}
        return {i: s for i, s in statuses.items() if s != "not-in-cohort"}

    def hiding_something(self) -> set[str]:
        """People of whose chart this product cannot show everything, earlier alerts included."""
        lost = _lost_by(self.preset)
        return {
            person.id
            for person in self.people
            if self.preset.hides(person.resources)
            or lost & {r["resourceType"] for r in person.resources}
        }

    def kinds(self) -> Counter[str]:
        """Requests since the last sweep began, by resource type; a bundle is the empty type."""
        return Counter(r.path.partition("/")[0] for r in self.ehr.requests)

    def held(self, type_: str) -> list[dict[str, Any]]:
        """What the server behind holds of a type beyond the charts that were loaded."""
        loaded = {r["id"] for person in self.people for r in person.resources}
        with FHIRClient(self.server.base_url) as client:
            found = client.search(type_, {"_count": "1000"}).matches
        return [r for r in found if r["id"] not in loaded]


@contextmanager
def imitated(
    name: str, directory: Path, people: int = PEOPLE, **values: Any
) -> Iterator[ImitatedHospital]:
    """A hospital of invented people behind the product of this name, in live mode."""
    preset = preset_named(name)
    with DemoEHR(checks_resources=False) as server, QuirkyEHR(preset, server.base_url) as ehr:
        settings = _settings(preset, ehr, directory, values)
        invented = make_people(today_for(settings), people)
        members = people_with_ms(invented)
        lost = _lost_by(preset)
        server.load(
            r for person in invented for r in person.resources if r["resourceType"] not in lost
        )
        server.load([group_of(members), list_of(members)])
        (directory / "people.csv").write_text(id_file(members), "utf-8")
        go_live(settings)
        line = pipeline_for(settings)
        line.ehr.client._retries = _IMPATIENT  # What is waited for is asked for in whole seconds.
        try:
            yield ImitatedHospital(preset, invented, server, ehr, settings, line)
        finally:
            line.ehr.close()
            line.ledger.close()


def _settings(preset: Preset, ehr: QuirkyEHR, directory: Path, values: dict[str, Any]) -> Settings:
    cohort: dict[str, Any] = {}
    if preset.cohort == "file":
        cohort = {"cohort_file": str(directory / "people.csv")}
    elif preset.cohort != "code":
        cohort = {"cohort_group_ids": GROUP_ID}
    return Settings(
        **{
            "mode": "live",
            "fhir_base_url": ehr.base_url,
            "database_url": f"sqlite:///{directory / 'ledger.sqlite3'}",
            "max_new_alerts_per_run": 1000,
            "max_new_alerts_percent_per_run": 100,
            "ehr_requests_per_second": 10_000,
            "alert_recipients": RECIPIENT,
            "alert_author": SENDER,
            "worklist_file": str(directory / "worklist"),
            **cohort,
            **values,
        }
    )


def _lost_by(preset: Preset) -> set[str]:
    """Types of earlier alerts that this product could never have held."""
    return {type_ for type_ in ("Flag", "Task") if not preset.can(type_, "create")}
