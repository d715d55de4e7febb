"""A ledger as a programme leaves it after thirteen months: for measuring the pages.

The people are those of the demo EHR, judged today; when they fell due and what came of it is drawn
by chance from a fixed seed, so that every run measures the same ledger.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.assessment_entry import entry_of
from service.demo_ehr.people import each_person
from service.ehr.parse import RecordParser
from service.screening.alert import AlertKind
from service.screening.assess import Assessment, Status, assess
from service.screening.plan import alert_for
from service.screening.protocol import Protocol
from service.screening.record import Decision, ResourceRef
from service.settings import Settings
from service.store.approvals import NewApproval
from service.store.cohort_readings import SourceAnswer
from service.store.entries import AlertEntry, EntryState, Milestone, Reached, Screening
from service.store.ledger import Ledger
from service.wiring import protocol_for, vocabulary_for

SWEEPS = 13
_AT_ONCE = 500
_BETWEEN_SWEEPS = timedelta(days=30)
_CODES = ("patient-refuses", "limited-time", "action-completed", "indication-order-exists")
_HAD_A_GAP = (Status.DUE, Status.ORDERED_WAITING, Status.SATISFIED, Status.RESULT_NEEDS_ACTION)


def fill(settings: Settings, ledger: Ledger, people: int) -> None:
    """Put as many people into an empty ledger, judged, told and answered."""
    protocol, now = protocol_for(settings), datetime.now(UTC)
    on = now.date()
    ledger.approvals.record(
        NewApproval("full", "benchmark", protocol.id, protocol.version, protocol.digest, "", ""),
        now,
    )
    charts = {person.id: person.resources for person in each_person(on, people)}
    ids = list(charts)
    halves = [("group Group/north", ids[::2]), ("group Group/south", ids[1::2])]
    answers = [SourceAnswer(name, some, is_complete=True) for name, some in halves]
    ledger.readings.take(answers, now, alarm_percent=None)
    keys = ledger.cohort.keys_of(ids)
    parser = RecordParser(vocabulary_for(settings))
    types = [need.type for need in protocol.needs]
    for number in range(SWEEPS):
        at = now - _BETWEEN_SWEEPS * (SWEEPS - 1 - number)
        run = ledger.runs.open("sweep", "live", protocol.digest, at)
        some = ids[number::SWEEPS]
        for start in range(0, len(some), _AT_ONCE):
            batch = some[start : start + _AT_ONCE]
            lives = [
                _Life(protocol, parser, types, settings.site_id, id_, keys[id_], charts[id_], on)
                for id_ in batch
            ]
            ledger.screenings.store_all([life.screening(run) for life in lives], now)
            for life in lives:
                life.remember(ledger, now)
        ledger.runs.finish_reading(run)
        ledger.runs.finish(run, at)


class _Life:
    """One person: judged today, and told of and answered about since a day drawn by chance."""

    def __init__(
        self,
        protocol: Protocol,
        parser: RecordParser,
        types: Sequence[str],
        site: str,
        id_: str,
        key: str,
        resources: Sequence[dict[str, Any]],
        on: date,
    ) -> None:
        chart: dict[str, list[dict[str, Any]]] = {type_: [] for type_ in types}
        for resource in resources:
            chart.setdefault(resource["resourceType"], []).append(resource)
        self._record = parser.record(id_, chart)
        self._found: Assessment = assess(self._record, protocol, on)
        self._protocol, self._site, self._key, self._on = protocol, site, key, on
        self._draw = random.Random(f"pages/{id_}")
        self._since = on - timedelta(days=self._draw.randrange(1, 30 * SWEEPS))
        self._had_gap = self._found.status in _HAD_A_GAP

    def screening(self, run: int) -> Screening:
        entry = entry_of(self._found, self._record, datetime.now(UTC))
        return Screening(self._key, run, entry, (), milestones=tuple(self._milestones()))

    def _milestones(self) -> Sequence[Milestone]:
        if not self._had_gap:
            return ()
        reached: list[tuple[Reached, int]] = [("due", 0), ("seen", 20), ("ordered", 40)]
        if self._found.status is Status.SATISFIED:
            reached += [("done", 90), ("ended", 95)]
        elif self._found.status is Status.DUE:
            reached = reached[: self._draw.randrange(1, 3)]
        days = [
            (what, self._since + timedelta(self._draw.randrange(most + 1)))
            for what, most in reached
        ]
        return [
            Milestone(AlertKind.SCREENING, self._since, what, day)
            for what, day in days
            if day <= self._on
        ]

    def remember(self, ledger: Ledger, at: datetime) -> None:
        """The alert, and for some a no."""
        if not self._had_gap:
            return
        is_open = self._found.status is Status.DUE
        alert = alert_for(
            AlertKind.SCREENING, self._found, self._site, self._protocol, 1, self._since
        )
        told = AlertEntry(
            key=alert.key,
            kind=alert.kind,
            protocol_id=alert.protocol_id,
            episode=1,
            state=EntryState.CONFIRMED if is_open else EntryState.CLOSED,
            opened_on=self._since,
            content_digest=alert.content_digest,
            closed_on=None if is_open else self._on,
            closing_reason="" if is_open else "satisfied",
            channel="flag-and-task",
            flag_id=f"flag-{self._key}",
            task_id=f"task-{self._key}",
        )
        ledger.alerts.remember(self._key, told, at)
        if self._draw.random() < 0.15:
            code = self._draw.choice(_CODES)
            no = Decision(
                kind="declined" if code == "patient-refuses" else "snoozed",
                made_on=min(self._on, self._since + timedelta(self._draw.randrange(60))),
                until=self._on + timedelta(days=90),
                reason=code,
                source=ResourceRef("Task", f"task-{self._key}"),
                code=code,
            )
            ledger.decisions.remember(self._key, [no])
