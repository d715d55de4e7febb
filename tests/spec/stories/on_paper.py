"""A hospital on paper: one story from memory, with the real thinking and the real writing.

The chart is read by the real parser, our Flags and Tasks are judged by the real reader and written
by the real writer; faked are only the wire to a small server in memory, and the ledger, which is a
dictionary here. Nothing waits and nothing starts, so that every story runs in milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest

from service.alert_memory import entry_after, remembered_from
from service.ehr.alert_history import AlertHistory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertReader
from service.ehr.bundle_file import read_bundle
from service.ehr.capability import read_capability
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.merged_alerts import as_one
from service.ehr.parse import RecordParser
from service.ehr.writer import Writer
from service.screening.alert import AlertPlan, alert_key
from service.screening.decision_span import settled
from service.screening.protocol import Protocol, packaged_protocol
from service.screening.record import Decision, PatientRecord
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import AlertEntry
from service.thought import Thought, think
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Wire
from tests.spec.book import SITE, TODAY
from tests.spec.stories.living import Hospital, StoryPerson, live_through
from tests.spec.stories.story import NewProtocol, Resource, Says, Story

_MORNING = time(8, tzinfo=UTC)


@cache
def _protocol() -> Protocol:
    return packaged_protocol(packaged_vocabulary())


class PaperHospital(Hospital):
    """One person's chart and our alerts about them, in memory."""

    site = SITE
    name = "story"
    start = TODAY

    def __init__(self) -> None:
        self._charts: dict[tuple[str, str], Resource] = {}
        self._server = FakeFHIRServer()
        self._wire = Wire(self._server)
        self._client = self._wire.client()
        self._protocol = _protocol()
        self._entries: dict[str, AlertEntry] = {}
        self._decisions: dict[str, dict[tuple[str, date], Decision]] = {}
        self._people: list[StoryPerson] = []
        self._statuses: dict[str, str] = {}
        self._at = datetime.combine(TODAY, _MORNING)

    # What people do

    def now(self) -> datetime:
        """The instant; it moves on with every question, so that no two things happen at once."""
        self._at += timedelta(seconds=1)
        return self._at

    def admit(self, person: StoryPerson) -> None:
        """Somebody comes into the cohort."""
        self._people.append(person)

    def discharge(self, person: StoryPerson) -> None:
        """Whoever has an alert is read on, member or not, so that nothing changes here."""

    def load(self, resources: Iterable[Resource]) -> None:
        """Facts arrive."""
        for resource in resources:
            self._charts[resource["resourceType"], resource["id"]] = resource

    def replace(self, resource: Resource) -> None:
        """A person changes what is ours."""
        self._server.put(resource)

    def delete(self, resource: Resource) -> None:
        """A person deletes what is ours."""
        del self._server.store[resource["resourceType"], resource["id"]]

    def hear(self, person: StoryPerson, event: Says, on: date) -> None:
        """What the ledger would keep."""
        said = Decision("snoozed", on, on, event.code, code=event.code, decided_by=event.by)
        kept = self._decisions.setdefault(person.ids[0], {})
        kept[event.code, on] = settled(said, self._protocol)

    def work_by(self, event: object) -> None:
        """Another protocol; a channel has no meaning on paper."""
        assert isinstance(event, NewProtocol)
        digest = f"{self._protocol.digest}-{event.version}"
        self._protocol = replace(self._protocol, version=event.version, digest=digest)

    # What BoneFlag does

    def look(self, on: datetime) -> None:
        """A sweep of every record that stands, and once more, which must change nothing."""
        self._at = max(self._at, on)
        standing = [i for p in self._people for i in p.ids if p.standing(i, self._charts) == i]
        former = {
            id_: [i for p in self._people for i in p.ids if p.standing(i, self._charts) == id_]
            for id_ in standing
        }
        for id_, all_ids in former.items():
            self._look(id_, all_ids)
        written = list(self._server.writes)
        for id_, all_ids in former.items():
            self._look(id_, all_ids)
        more = self._server.writes[len(written) :]
        assert more == []  # A second look changes nothing.

    def _look(self, id_: str, all_ids: Iterable[str]) -> None:
        """One record, with our alerts under every id that the person had."""
        ids = sorted(all_ids, key=lambda other: other != id_)
        history = as_one([self._alerts(other) for other in ids])
        thought = think(
            self._record(id_),
            history,
            self._protocol,
            self._at.date(),
            site=SITE,
            decisions=[d for other in ids for d in self._decisions.get(other, {}).values()],
        )
        for decision in thought.said:
            said = self._decisions.setdefault(id_, {})
            said[str(decision.source), decision.made_on] = decision
        self._write(thought, history)
        self._statuses[id_] = str(thought.assessment.status)

    def _record(self, id_: str) -> PatientRecord:
        entries = [{"resource": r} for r in self._charts.values() if _is_about(r, id_)]
        raw = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        chart = read_bundle(raw.encode())
        parser = RecordParser(packaged_vocabulary())
        return parser.record(
            chart.patient_id,
            dict(chart.resources),
            chart.medications,
            unread=(),
            reported=chart.problems,
        )

    def _alerts(self, id_: str) -> AlertHistory:
        reader = AlertReader(
            self._client,
            read_capability(self._client),
            snooze_months=int(self._protocol.policies["decision"]["snooze_months"]),
            key_of=lambda p, kind, n: alert_key(SITE, p, self._protocol.id, kind, n),
        )
        memory = {key: remembered_from(entry) for key, entry in self._entries.items()}
        return reader.read([id_], {id_: memory}).histories[id_]

    def _write(self, thought: Thought, history: AlertHistory) -> None:
        writer = Writer(self._client, read_capability(self._client), Delivery(), now=self.now)
        writer.retire(history.duplicates)
        for plan in thought.plans:
            self._carry_out(writer, plan)

    def _carry_out(self, writer: Writer, plan: AlertPlan) -> None:
        key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
        known = self._entries.get(key)
        outcome = writer.apply(plan, remembered_from(known) if known else Remembered())
        entry = entry_after(plan, outcome, known) if outcome.did != "left-alone" else None
        if entry is not None:
            self._entries[key] = entry

    # What is to be seen

    def status(self, person: StoryPerson) -> str:
        """Of the last look."""
        return self._statuses[person.standing(person.ids[0], self._charts)]

    def alerts(self, type_: str) -> list[Resource]:
        """All of ours."""
        return self._server.all(type_)


def _is_about(resource: Resource, id_: str) -> bool:
    if resource["resourceType"] == "Patient":
        return bool(resource["id"] == id_)
    whose = resource.get("subject") or resource.get("patient") or {}
    return bool(whose.get("reference") == f"Patient/{id_}")


def each_holds(stories: Iterable[Story]) -> Callable[[Story], None]:
    """A test that every one of these stories holds from memory.

    One about messages is lived through in an EHR only: a message is remembered by the ledger alone.
    """
    written = [pytest.param(s, id=s.title) for s in stories if s.channel == "flag-and-task"]

    @pytest.mark.parametrize("story", written)
    def test_the_story_holds(story: Story) -> None:
        told = [
            (step.on, step.happens, seen, wanted)
            for _, step, seen, wanted in live_through(PaperHospital(), [story])
        ]
        for on, happens, seen, wanted in told:
            assert (on, happens, seen) == (on, happens, wanted)

    return test_the_story_holds
