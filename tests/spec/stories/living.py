"""Living through stories in a hospital, whichever it is: on paper, the demo EHR, a real server.

All stories of a hospital go through common days: on each day everything happens that any story says
of it, then BoneFlag looks once at everybody, and what it shows is put beside what each story says.
Several steps of one story on the same day are looked at one after the other.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from service.ehr.delivery.elements import key_in
from service.ehr.delivery.task import closed_by_in
from service.screening.alert import AlertKind, alert_key
from service.screening.record import ResourceRef
from tests.spec.stories.story import (
    NOTHING,
    OF_THE_WHOLE_HOSPITAL,
    Arrives,
    Deletes,
    Event,
    LeavesGroup,
    Resource,
    Says,
    Sets,
    Step,
    Story,
    dated,
    day,
)

Seen = dict[str, str]
_MOST_EPISODES = 5
_LOOKS_AT = time(9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoryPerson:
    """The person of one story; `ids` are those of all their records, `own` is the first."""

    story: Story
    own: str
    start: date

    @property
    def ids(self) -> tuple[str, ...]:
        """Every record, the one that the story begins with first."""
        people = [r for r in self.story.chart if r["resourceType"] == "Patient"]
        return tuple(self.id_of(person) for person in people)

    def id_of(self, resource: Resource) -> str:
        """The id of a resource of the story in a hospital of many."""
        name = resource.get("id", "")
        if resource["resourceType"] == "Patient":
            return self.own if name in ("", "p") else f"{self.own}-{name}"
        return f"{self.own}-{name}"

    def standing(self, id_: str, charts: Mapping[tuple[str, str], Resource]) -> str:
        """The record that stands for this one: itself, or the one into which it was merged."""
        for link in charts["Patient", id_].get("link", ()):
            return str(link["other"]["reference"].removeprefix("Patient/"))
        return id_

    def resources(self, given: Iterable[Resource], number: int = 0) -> list[Resource]:
        """Facts with ids, their subject and real days; `number` tells steps apart."""
        found = []
        for place, resource in enumerate(given):
            named = {"id": f"{number}-{place}", **resource}
            if resource["resourceType"] == "Patient":
                named["id"] = resource.get("id", "p")
            else:
                subject = "patient" if resource["resourceType"] == "Device" else "subject"
                named.setdefault(subject, {"reference": "Patient/p"})
            named["id"] = self.id_of(named)
            found.append(dated(self._pointed(named), self.start))
        return found

    def _pointed(self, element: Any) -> Any:
        """The same with every reference made to the ids of this hospital."""
        if isinstance(element, list):
            return [self._pointed(value) for value in element]
        if not isinstance(element, dict):
            return element
        pointed = {name: self._pointed(value) for name, value in element.items()}
        if isinstance(element.get("reference"), str):
            kind, _, name = element["reference"].partition("/")
            own = self.id_of({"resourceType": kind, "id": name})
            pointed["reference"] = f"{kind}/{own}"
        return pointed


class Hospital(ABC):
    """Where stories happen.

    `site` is the id in the keys of our alerts, `name` begins the ids of all people, `start` is the
    first day.
    """

    site: str
    name: str
    start: date

    @abstractmethod
    def now(self) -> datetime:
        """The hospital's clock."""

    @abstractmethod
    def admit(self, person: StoryPerson) -> None:
        """Somebody comes into the cohort, their chart is loaded apart."""

    @abstractmethod
    def discharge(self, person: StoryPerson) -> None:
        """Somebody is taken off the list of the cohort."""

    @abstractmethod
    def load(self, resources: Iterable[Resource]) -> None:
        """Facts arrive."""

    @abstractmethod
    def replace(self, resource: Resource) -> None:
        """A person changes a Flag or Task of ours."""

    @abstractmethod
    def delete(self, resource: Resource) -> None:
        """A person deletes a Flag or Task of ours."""

    @abstractmethod
    def hear(self, person: StoryPerson, event: Says, on: date) -> None:
        """A person answers BoneFlag itself on that day."""

    @abstractmethod
    def work_by(self, event: Any) -> None:
        """Another protocol or channel from here on."""

    @abstractmethod
    def look(self, on: datetime) -> None:
        """BoneFlag looks at everybody and writes; the clock stands at `on`, or later that day."""

    @abstractmethod
    def status(self, person: StoryPerson) -> str:
        """What BoneFlag says about somebody."""

    @abstractmethod
    def alerts(self, type_: str) -> list[Resource]:
        """All Flags or Tasks of ours."""


def live_through(
    hospital: Hospital, stories: Sequence[Story]
) -> Iterator[tuple[Story, Step, Seen, Seen]]:
    """Each step with what was seen after it and what the story says."""
    people = [
        StoryPerson(story, f"{hospital.name}-{number:02d}", hospital.start)
        for number, story in enumerate(stories)
    ]
    for person in people:
        hospital.load(person.resources(person.story.chart))
        hospital.admit(person)
    for on, turn in _turns(people):
        done_to_all: list[Event] = []
        for person, number in turn:
            for event in person.story.steps[number].events:
                if not isinstance(event, OF_THE_WHOLE_HOSPITAL):
                    _happens(hospital, person, number, event)
                elif event not in done_to_all:
                    done_to_all.append(event)
                    hospital.work_by(event)
        hospital.look(datetime.combine(on, _LOOKS_AT))
        ours = {type_: hospital.alerts(type_) for type_ in ("Flag", "Task", "Communication")}
        for person, number in turn:
            step = person.story.steps[number]
            seen, wanted = _seen(hospital, person, ours, step), dict(step.expected)
            yield person.story, step, seen, wanted


def _turns(people: Sequence[StoryPerson]) -> list[tuple[date, list[tuple[StoryPerson, int]]]]:
    """The common days in their order, and whose which step happens then.

    Every story's next step of a day comes after a look at the one before.
    """
    found: dict[tuple[date, int], list[tuple[StoryPerson, int]]] = {}
    for person in people:
        last, nth = date.min, 0
        for number, step in enumerate(person.story.steps):
            on = day(step.on, person.start)
            assert on >= last, f"{person.story}: {step.on} comes after a later day"
            nth = nth + 1 if on == last else 0
            last = on
            found.setdefault((on, nth), []).append((person, number))
    return [(on, turn) for (on, _), turn in sorted(found.items(), key=lambda item: item[0])]


def _happens(hospital: Hospital, person: StoryPerson, number: int, event: Event) -> None:
    on = day(person.story.steps[number].on, person.start)
    match event:
        case Arrives():
            place = person.story.steps[number].events.index(event)
            resource = {"id": f"{number}-{place}", **event.resource}
            if event.resource["resourceType"] == "Patient":
                resource["id"] = event.resource.get("id", "p")
            hospital.load(person.resources([resource], number + 1))
        case Sets():
            current = _newest(hospital, person, event.type, event.about)
            changed = {**current, **dated(dict(event.elements), person.start)}
            morning = datetime.combine(on, time(7, tzinfo=UTC))
            at = max(hospital.now() + timedelta(minutes=1), morning)
            if event.type == "Task":
                changed["lastModified"] = at.isoformat(timespec="milliseconds")
            hospital.replace({n: value for n, value in changed.items() if value is not None})
        case Deletes():
            hospital.delete(_newest(hospital, person, event.type, "screening"))
        case Says():
            hospital.hear(person, event, on)
        case LeavesGroup():
            hospital.discharge(person)


def _newest(hospital: Hospital, person: StoryPerson, type_: str, about: str) -> Resource:
    kind = AlertKind.SCREENING if about == "screening" else AlertKind.TREATMENT_GAP
    return _ours(hospital.site, person, hospital.alerts(type_), kind)[-1]


def _ours(
    site: str, person: StoryPerson, alerts: Iterable[Resource], kind: AlertKind
) -> list[Resource]:
    """The alerts about one person of one kind, by record and number of the episode."""
    order = {
        alert_key(site, ResourceRef("Patient", id_), "ms-bone-health", kind, number): (number, id_)
        for id_ in person.ids
        for number in range(1, _MOST_EPISODES)
    }
    found = [alert for alert in alerts if key_in(alert) in order]
    return sorted(found, key=lambda alert: order[key_in(alert) or ""])


def _seen(
    hospital: Hospital, person: StoryPerson, ours: Mapping[str, list[Resource]], step: Step
) -> Seen:
    screening, gap = AlertKind.SCREENING, AlertKind.TREATMENT_GAP
    shown = {
        "Flag": _ours(hospital.site, person, ours["Flag"], screening),
        "Task": _ours(hospital.site, person, ours["Task"], screening),
        "gap Task": _ours(hospital.site, person, ours["Task"], gap),
        "message": _ours(hospital.site, person, ours["Communication"], screening),
    }
    seen = {"status": hospital.status(person)}
    for name, found in shown.items():
        seen[name] = ", ".join(alert["status"] for alert in found) or NOTHING
    for name, words in step.reads.items():
        if words not in json.dumps(shown[name][-1:], ensure_ascii=False):
            seen[name] += f" (does not read “{words}”)"
    for name, words in step.points_at.items():
        kind, _, id_ = words.partition("/")
        wanted = ResourceRef(kind, person.id_of({"resourceType": kind, "id": id_}))
        if not shown[name] or closed_by_in(shown[name][-1]) != wanted:
            seen[name] += f" (does not point at {words})"
    return seen
