"""A ward of the demo EHR: people of one test, in a Group of their own, and the line that watches.

Tests share one server. Each has its own people, Group, ledger and recording proxy, so that no test
sees what another did. The clock can be moved forward; it starts at the real time, because the
server stamps what it stores.
"""

from __future__ import annotations

import http.client
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.demo_ehr.chart import Chart
from service.demo_ehr.recording import RecordingProxy
from service.demo_ehr.server import DemoEHR
from service.demo_ehr.story import ordinary
from service.ehr.client import FHIRClient
from service.ehr.options import RetryOptions
from service.inline import run_inline
from service.pipeline import Limits, Pipeline
from service.screening.alert import ALERT_IDENTIFIER_SYSTEM
from service.settings import Settings
from service.store.entries import Run
from service.store.ledger import Ledger
from service.wiring import connection_for, ledger_for, protocol_for
from tests.lib.going_live import go_live

Resource = dict[str, Any]
Tell = Callable[[Chart], object]
AT_ONCE = RetryOptions(attempts=2, first_wait_seconds=0, longest_wait_seconds=0.1, total_seconds=5)
_numbers = count(1)


def due(chart: Chart) -> None:
    """Somebody with an EDSS that is enough alone, and no DXA."""
    ordinary(chart, "female", 45, edss=6.5)


def fine(chart: Chart) -> None:
    """Somebody of 47 with MS and nothing else."""
    ordinary(chart, "female", 47)


class Clock:
    """Now and today, moved forward by the test."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The instant."""
        return datetime.now(UTC) + self._ahead

    def today(self) -> date:
        """The day."""
        return self.now().date()

    def advance(self, **span: float) -> None:
        """Move on by a timedelta's words."""
        self._ahead += timedelta(**span)


class Ward:
    """A few people, a Group, a ledger, a proxy and a clock."""

    def __init__(self, server: DemoEHR, directory: Path) -> None:
        self.server = server
        self.directory = directory
        self.name = f"ward-{next(_numbers)}"
        self.clock = Clock()
        self.proxy = RecordingProxy(server.base_url)
        self.charts: dict[str, Chart] = {}
        self._members: list[str] = []
        self._opened: list[Pipeline] = []
        self._direct = FHIRClient(server.base_url)

    # People

    def admit(self, tell: Tell = due, name: str = "") -> str:
        """Put a new person into the EHR and into the Group; their id."""
        return self.admit_all([tell], name)[0]

    def admit_all(self, stories: list[Tell], name: str = "") -> list[str]:
        """The same for several people."""
        ids = []
        for tell in stories:
            fhir_id = f"{self.name}-{name or tell.__name__.replace('_', '-')}-{next(_numbers)}"
            chart = Chart(fhir_id, self.clock.today(), random.Random(fhir_id))
            tell(chart)
            self.charts[fhir_id] = chart
            ids.append(fhir_id)
        self.server.load(r for fhir_id in ids for r in self.charts[fhir_id].resources)
        self.enroll(ids)
        return ids

    def enroll(self, fhir_ids: Iterable[str]) -> None:
        """Take people into the Group whose charts are there already."""
        self._members += fhir_ids
        self._save_group()

    def discharge(self, fhir_id: str) -> None:
        """Take somebody out of the Group; their chart stays."""
        self._members.remove(fhir_id)
        self._save_group()

    def _save_group(self) -> None:
        members = [{"entity": {"reference": f"Patient/{i}"}} for i in self._members]
        group = {"resourceType": "Group", "id": self.name, "type": "person", "actual": True}
        self.server.load([group | {"member": members}])

    # The line

    def settings(self, **values: Any) -> Settings:
        """Settings for this ward behind its proxy."""
        return Settings(
            **{
                "site_id": "test",
                "mode": "live",
                "fhir_base_url": self.proxy.base_url,
                "cohort_group_ids": self.name,
                "database_url": f"sqlite:///{self.directory / f'{self.name}.sqlite3'}",
                "max_new_alerts_percent_per_run": 100,  # A ward is no cohort.
                **values,
            }
        )

    def line(self, settings: Settings | None = None, **values: Any) -> Pipeline:
        """A line with real parts, as `wiring` puts them together, on this ward's clock.

        Where the settings say live, somebody has approved the protocol, unless `is_approved` is
        False.
        """
        is_approved = values.pop("is_approved", True)
        settings = settings or self.settings(**values)
        if is_approved:
            go_live(settings)
        ehr = connection_for(settings)
        ehr.client._retries = AT_ONCE  # Waiting between retries proves nothing here.
        pipeline = Pipeline(
            ehr,
            ledger_for(settings),
            protocol_for(settings),
            site=settings.site_id,
            mode=settings.mode,
            limits=Limits(
                settings.max_new_alerts_per_run,
                settings.batch_size,
                max_new_alerts_percent=settings.max_new_alerts_percent_per_run,
            ),
            now=self.clock.now,
            today=self.clock.today,
            admits_newcomers=not settings.group_ids,
        )
        self._opened.append(pipeline)
        return pipeline

    def sweep(self, **values: Any) -> Run:
        """A whole sweep in this process."""
        pipeline = self.line(**values)
        run = run_inline(pipeline, pipeline.start_sweep)
        assert run is not None
        return run

    def poll(self, **values: Any) -> Run | None:
        """A whole poll in this process."""
        pipeline = self.line(**values)
        return run_inline(pipeline, pipeline.start_poll)

    def ledger(self) -> Ledger:
        """The ledger of this ward."""
        return ledger_for(self.settings())

    def status(self, fhir_id: str) -> str:
        """What the ledger says about somebody."""
        return self.statuses([fhir_id])[fhir_id]

    def statuses(self, fhir_ids: list[str]) -> dict[str, str]:
        """The same of several people at once."""
        with self.ledger() as ledger:
            keys = ledger.cohort.keys_of(fhir_ids)
            latest = ledger.screenings.latest(sorted(set(keys.values())))
            return {id_: latest[key].status for id_, key in keys.items() if key in latest}

    # The EHR, past the proxy

    def load(self, resources: list[Resource]) -> None:
        """Facts arrive in the EHR."""
        self.server.load(resources)

    def ours(self, type_: str, fhir_id: str) -> list[Resource]:
        """Our Flags or Tasks about somebody, whatever their status."""
        return ours(self._direct, type_, fhir_id)

    def all_ours(self, type_: str) -> list[Resource]:
        """Our Flags or Tasks about everybody."""
        return ours(self._direct, type_)

    def shown(self, fhir_id: str) -> list[str]:
        """Their statuses, such as `Flag active`."""
        return [f"{t} {r['status']}" for t in ("Flag", "Task") for r in self.ours(t, fhir_id)]

    def person_sets(self, resource: Resource, **elements: Any) -> None:
        """A clinician changes a resource of ours."""
        current = self._direct.read(resource["resourceType"], resource["id"]).resource or {}
        changed = {**current, **elements}
        changed["lastModified"] = self.clock.now().isoformat(timespec="seconds")
        self.person_stores(changed)

    def person_stores(self, resource: Resource) -> None:
        """A clinician stores a resource of ours as they want it to be."""
        self._direct.update(resource)

    def person_deletes(self, resource: Resource) -> None:
        """Somebody removes a resource of ours."""
        target = urlsplit(self.server.base_url)
        connection = http.client.HTTPConnection(target.netloc, timeout=30)
        path = f"{target.path}/{resource['resourceType']}/{resource['id']}"
        connection.request("DELETE", path)
        assert connection.getresponse().status in (200, 204)
        connection.close()

    def close(self) -> None:
        """Give everything back."""
        for pipeline in self._opened:
            pipeline.ehr.close()
            pipeline.ledger.close()
        self._direct.close()
        self.proxy.stop()


def ours(client: FHIRClient, type_: str, fhir_id: str | None = None) -> list[Resource]:
    """Our Flags or Tasks, of one person or of all."""
    params = {"_count": "500"} | ({"patient": fhir_id} if fhir_id else {})
    found = client.search(type_, params).matches
    return [r for r in found if _is_ours(r)]


def _is_ours(resource: Resource) -> bool:
    systems = {i.get("system") for i in resource.get("identifier", ())}
    return ALERT_IDENTIFIER_SYSTEM in systems


@contextmanager
def opened_ward(server: DemoEHR, directory: Path) -> Iterator[Ward]:
    """A ward, closed with the block."""
    ward = Ward(server, directory)
    try:
        yield ward
    finally:
        ward.close()
