"""How the second volume of the book is written: stories over time, told to clinicians.

A story says who comes, and then step by step what happens in the EHR (a fact arrives, a clinician
does something with the Task or the Flag) and what BoneFlag shows afterwards. Every date counts from
the day on which the story begins: `START`, `START-3m`, `START+12m-1d` (years, months, days, from
left to right, as a calendar counts them). So the same story runs from memory on a fixed day
(`on_paper.py`), through the demo EHR and on a real server on the day of the test, because servers
stamp what they store with their own clock. `scripts/print_stories.py` prints docs/stories.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from service.screening.dates import add_months

Resource = dict[str, Any]
NOTHING = "–"

_DAY = re.compile(r"START((?:[+-]\d+[ymd])*)")
_SPAN = re.compile(r"([+-]\d+)([ymd])")


def day(words: str, start: date) -> date:
    """The day that `START+12m-1d` means."""
    found = _DAY.fullmatch(words)
    if found is None:
        raise ValueError(f"{words!r} is no day of a story")
    when = start
    for count, unit in _SPAN.findall(found[1]):
        if unit == "d":
            when += timedelta(days=int(count))
        else:
            when = add_months(when, int(count) * (12 if unit == "y" else 1))
    return when


def dated(element: Any, start: date) -> Any:
    """The same JSON with real days where `START` stands."""
    if isinstance(element, dict):
        return {name: dated(value, start) for name, value in element.items()}
    if isinstance(element, list | tuple):
        return [dated(value, start) for value in element]
    if isinstance(element, str):
        return _DAY.sub(lambda found: str(day(found[0], start)), element)
    return element


# What happens


@dataclass(frozen=True, slots=True)
class Arrives:
    """A fact is recorded, or recorded anew under the same id."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Sets:
    """A person changes the newest Flag or Task that we wrote; None removes an element."""

    type: Literal["Flag", "Task"]
    elements: Mapping[str, Any]
    about: Literal["screening", "gap"] = "screening"


@dataclass(frozen=True, slots=True)
class Deletes:
    """A person deletes the newest Flag or Task that we wrote."""

    type: Literal["Flag", "Task"]


@dataclass(frozen=True, slots=True)
class Says:
    """A person answers BoneFlag itself (`boneflag decide`), with a code of the protocol's table."""

    code: str
    by: str


@dataclass(frozen=True, slots=True)
class LeavesGroup:
    """The person is taken off the list of the cohort; the chart stays."""


@dataclass(frozen=True, slots=True)
class NewProtocol:
    """From here on the whole hospital works by another version of the protocol."""

    version: str


@dataclass(frozen=True, slots=True)
class NewChannel:
    """From here on the whole hospital is told by another delivery."""

    name: str


Event = Arrives | Sets | Deletes | Says | LeavesGroup | NewProtocol | NewChannel
OF_THE_WHOLE_HOSPITAL = (NewProtocol, NewChannel)


# What is told


@dataclass(frozen=True, slots=True)
class Step:
    """What happens on a day, and what is there after BoneFlag has looked.

    `flag`, `task` and `gap_task` are the statuses of our Flags, of our screening Tasks and of our
    Tasks about a treatment gap, one for each episode in the order of their numbers, `message` those
    of our Communications. `reads` are words that the newest of them must hold, `points_at` what the
    newest Task names as what closed the gap, by its id in the story; `why` is for the reader.
    """

    on: str
    happens: str
    events: tuple[Event, ...]
    status: str
    flag: str
    task: str
    gap_task: str
    message: str
    reads: Mapping[str, str]
    points_at: Mapping[str, str]
    why: str

    @property
    def expected(self) -> dict[str, str]:
        """The shown columns of the table."""
        return {
            "status": self.status,
            "Flag": self.flag,
            "Task": self.task,
            "gap Task": self.gap_task,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Story:
    """One person's time with BoneFlag. `channel` is the delivery with which it begins."""

    title: str
    sentence: str
    who: str
    chart: tuple[Resource, ...]
    steps: tuple[Step, ...]
    channel: str = "flag-and-task"

    def __str__(self) -> str:
        return self.title

    @property
    def hospital(self) -> tuple[str, tuple[tuple[str, Event], ...]]:
        """Stories that agree in this can be lived through in one hospital."""
        common = tuple(
            (step.on, event)
            for step in self.steps
            for event in step.events
            if isinstance(event, OF_THE_WHOLE_HOSPITAL)
        )
        return self.channel, common


def step(
    on: str,
    happens: str,
    *events: Event,
    status: str,
    flag: str = NOTHING,
    task: str = NOTHING,
    gap_task: str = NOTHING,
    message: str = NOTHING,
    reads: Mapping[str, str] | None = None,
    points_at: Mapping[str, str] | None = None,
    why: str = "",
) -> Step:
    """A step; whoever leaves `flag` out says that there is none."""
    shown = status, flag, task, gap_task, message
    return Step(on, happens, events, *shown, reads or {}, points_at or {}, why)


def told(status: str = "due", **more: Any) -> Step:
    """The first look, by which most stories begin."""
    shown = {"flag": "active", "task": "requested", "why": "newly due: Flag and Task are opened"}
    return step("START", "BoneFlag looks for the first time", status=status, **(shown | more))


def every_story() -> list[Story]:
    """The whole volume, in the order of its files."""
    return [story for _, stories in every_chapter() for story in stories]


def every_chapter() -> list[tuple[str, Sequence[Story]]]:
    """The stories of each file, under the first line of its docstring."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    modules = [import_module(f"tests.spec.stories.{name}") for name in names]
    return [
        ((m.__doc__ or "").splitlines()[0], m.STORIES) for m in modules if hasattr(m, "STORIES")
    ]
