"""A ward in which stories of the book are lived through: real HTTP, a real ledger, a moving clock.

It serves the demo EHR and a real server alike. What a story says of the whole hospital (another
protocol, another channel) holds for everybody in the ward from that day on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from service.deciding import Answer, Deciding
from service.inline import run_inline
from service.wiring import protocol_for
from tests.lib.demo_site import Ward
from tests.lib.going_live import approve_once
from tests.spec.stories.living import Hospital, StoryPerson
from tests.spec.stories.story import NewChannel, NewProtocol, Resource, Says, Story, every_story


def hospitals() -> list[list[Story]]:
    """The stories of the book; those that agree about protocol and channel share a hospital."""
    stories = sorted(every_story(), key=lambda story: repr(story.hospital))
    return [list(together) for _, together in groupby(stories, key=lambda s: repr(s.hospital))]


class StoryWard(Hospital):
    """A `Ward` as the hospital of several stories, told by `channel` at first."""

    site = "test"

    def __init__(self, ward: Ward, channel: str) -> None:
        self._ward = ward
        self._people: list[StoryPerson] = []
        self._statuses: dict[str, str] = {}
        self._version = ""
        self._settings: dict[str, Any] = {"max_new_alerts_per_run": 1000}
        if channel != "flag-and-task":
            self._settings["delivery"] = channel
            self._settings["alert_recipients"] = f"Group/{ward.name}"
        self.name = ward.name
        self.start = ward.clock.today()

    def now(self) -> datetime:
        """The ward's clock."""
        return self._ward.clock.now()

    def admit(self, person: StoryPerson) -> None:
        """Every record of the person comes into the Group."""
        self._people.append(person)
        self._ward.enroll(person.ids)

    def discharge(self, person: StoryPerson) -> None:
        """Every record of the person leaves the Group."""
        for id_ in person.ids:
            self._ward.discharge(id_)

    def load(self, resources: Iterable[Resource]) -> None:
        """Facts arrive in the EHR, the Patient first."""
        given = sorted(resources, key=lambda r: r["resourceType"] != "Patient")
        self._ward.load(given)

    def replace(self, resource: Resource) -> None:
        """A person stores another version of what is ours."""
        self._ward.person_stores(resource)

    def delete(self, resource: Resource) -> None:
        """A person deletes what is ours."""
        self._ward.person_deletes(resource)

    def hear(self, person: StoryPerson, event: Says, on: date) -> None:
        """The same as `boneflag decide`."""
        settings = self._ward.settings(**self._settings)
        with self._ward.ledger() as ledger:
            deciding = Deciding(ledger, protocol_for(settings), settings.mode)
            answer = Answer(event.code, event.by)
            deciding.decide(person.ids[0], answer, on, self.now())

    def work_by(self, event: object) -> None:
        """Another protocol or channel for the whole ward."""
        if isinstance(event, NewProtocol):
            self._version = event.version
        if isinstance(event, NewChannel):
            self._settings["delivery"] = event.name

    def look(self, on: datetime) -> None:
        """A whole sweep on that day."""
        clock = self._ward.clock
        clock.advance(days=(on.date() - clock.today()).days)
        pipeline = self._ward.line(is_approved=not self._version, **self._settings)
        if self._version:
            digest = f"{pipeline.protocol.digest}-{self._version}"
            pipeline.protocol = replace(pipeline.protocol, version=self._version, digest=digest)
            approve_once(pipeline.ledger, digest)
        run = run_inline(pipeline, pipeline.start_sweep)
        assert run is not None
        assert (run.state, run.given_up, run.open_plans) == ("done", 0, 0)
        self._statuses = self._ward.statuses([i for p in self._people for i in p.ids])

    def status(self, person: StoryPerson) -> str:
        """What the ledger says of the record that the story begins with."""
        return self._statuses[person.ids[0]]

    def alerts(self, type_: str) -> list[Resource]:
        """All of ours, of everybody, those of other wards of this server too."""
        return self._ward.all_ours(type_)
