"""A line with real parts on a fake wire: SQLite, and an EHR of three people without a diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import Asking, CohortSource, ReadLeftOut
from service.ehr.connection import EHRConnection
from service.ehr.parse import RecordParser
from service.pipeline import Limits, Pipeline
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.store.ledger import Ledger
from tests.lib.wire import Chart, Wire, answer, resource

VOCABULARY = packaged_vocabulary(True)
PEOPLE = ("p1", "p2", "p3")
BATCH_SIZE = 2
_TYPES = ("Flag", "Task", "Patient", "Condition")


class SmallEHR:
    """The wire: up, or down with 503. `is_complete` is what it says of its cohort."""

    def __init__(self) -> None:
        self.people = PEOPLE
        self.is_complete = True
        self.is_down = False
        self._chart = Chart(*(resource("Patient", i, birthDate="1980-01-01") for i in PEOPLE))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if self.is_down:
            return answer({}, 503, Retry_After="0")
        if request.url.path.endswith("/metadata"):
            listed = [{"type": t, "interaction": [{"code": "search-type"}]} for t in _TYPES]
            statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
            return answer({**statement, "rest": [{"mode": "server", "resource": listed}]})
        return self._chart(request)

    def cohort(self, asking: Asking) -> CohortMembers:
        """Its cohort, which costs a request."""
        asking.client.get_json("metadata")
        return CohortMembers(self.people, "test", self.is_complete)


class NoAlerts:
    """A channel in which nothing was ever told."""

    def read(self, ids: Any, _remembered: Any = None) -> AlertsRead:
        """Empty histories."""
        return AlertsRead({id_: AlertHistory() for id_ in ids})


@contextmanager
def small_line(
    ehr: SmallEHR,
    directory: Path,
    *,
    sources: Sequence[CohortSource] = (),
    left_out: ReadLeftOut | None = None,
    channel: Any = None,
    **options: Any,
) -> Iterator[Pipeline]:
    """The line of this EHR, in shadow mode unless something else is said.

    `sources` name people beside the EHR's own cohort; `channel` reads our alerts back.
    """
    connection = EHRConnection(
        Wire(ehr).client(),
        VOCABULARY,
        RecordParser(VOCABULARY).record,
        cohort_sources=[CohortSource("test", ehr.cohort), *sources],
        left_out=left_out,
        open_reading=lambda _: channel or NoAlerts(),
    )
    url = f"sqlite:///{directory / 'ledger.sqlite3'}"
    with Ledger(url, attempts_in_a_run=5) as ledger:
        ledger.migrate()
        values: dict[str, Any] = {
            "site": "test",
            "mode": "shadow",
            "limits": Limits(50, BATCH_SIZE),
            "now": lambda: datetime.now(UTC),
            "today": lambda: datetime.now(UTC).date(),
            "admits_newcomers": True,
        }
        yield Pipeline(connection, ledger, packaged_protocol(VOCABULARY), **(values | options))
