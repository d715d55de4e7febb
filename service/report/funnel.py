"""From the cohort to treatment: how far people have come since BoneFlag looks here.

A newcomer would get three things wrong. Each step is part of the one before, since somebody counts
once, by the furthest step ever reached. A scan or an order counts from the first day on which it
was due, as milestones do, so that a scan that nobody had to ask for is in no step below "at risk".
And people who were scanned are low, or treated, by what was found last, not by the day of the scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.in_short import AT_RISK, LOW, TREATED
from service.measure import INITIAL_POPULATION
from service.report.disclosure import rounded, shown
from service.screening.alert import AlertKind
from service.screening.assess import Status
from service.store.entries import Judged, Milestone, Reached


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its code, its word, and how it is counted."""

    code: str
    display: str
    told: str


STEPS = (
    Step("cohort", "Cohort", "Confirmed multiple sclerosis, in the cohort now, and judged."),
    Step(
        "at-risk",
        "At risk",
        "The decision of the protocol is reached at the last judgement (and nothing excludes the"
        " person), or was when a scan fell due.",
    ),
    Step("due", "Due", "A scan was found due on at least one night since BoneFlag looks here."),
    Step(
        "ordered",
        "Ordered",
        "A central DXA was ordered, or done, on or after that day, as far as the EHR shows it.",
    ),
    Step("done", "Done", "A central DXA was done on or after that day."),
    Step(
        "low",
        "Low",
        "Of those, low bone mass or osteoporosis by the last scan with a result, or a diagnosis.",
    ),
    Step(
        "treated",
        "Treated",
        "Of those, therapy for osteoporosis on file inside the window of the medicine.",
    ),
)
_PLACE = {step.code: place for place, step in enumerate(STEPS)}
_NOT_COUNTED = frozenset({Status.EXCLUDED, Status.ERROR})


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as it may be shown: `people` and its share of the step before are None if hidden."""

    step: Step
    people: int | None
    share: float | None

    def as_json(self) -> dict[str, Any]:
        """For machines; null is hidden."""
        return {"step": self.step.code, "people": self.people, "told": self.step.told}


def count_funnel(
    people: Iterable[Judged], milestones: Iterable[tuple[str, Milestone]]
) -> dict[str, int]:
    """People by the furthest step that they reached; exact."""
    reached = _reached(milestones)
    parts = dict.fromkeys(_PLACE, 0)
    for person in people:
        if person.status in INITIAL_POPULATION.statuses:
            parts[_furthest(person, reached.get(person.patient_key, set()))] += 1
    return parts


def _reached(milestones: Iterable[tuple[str, Milestone]]) -> dict[str, set[Reached]]:
    reached: dict[str, set[Reached]] = {}
    for key, milestone in milestones:
        if milestone.kind is AlertKind.SCREENING:
            reached.setdefault(key, set()).add(milestone.what)
    return reached


def _furthest(person: Judged, reached: set[Reached]) -> str:
    if "done" in reached:
        if LOW not in person.in_short:
            return "done"
        return "treated" if TREATED in person.in_short else "low"
    for what in ("ordered", "due"):
        if what in reached:
            return what
    is_at_risk = AT_RISK in person.in_short and person.status not in _NOT_COUNTED
    return "at-risk" if is_at_risk else "cohort"


def released_funnel(parts: Mapping[str, int]) -> tuple[ShownStep, ...]:
    """The steps as they may be shown.

    The cohort is known exactly elsewhere, so each step is tried against the rest of the cohort; a
    share is of the numbers as they are shown, never of the exact ones.
    """
    total = sum(parts.values())
    steps: list[ShownStep] = []
    for place, step in enumerate(STEPS):
        inside = sum(parts[later.code] for later in STEPS[place:])
        people = rounded(total) if place == 0 else _part_of(inside, total)
        before = steps[-1].people if steps else None
        share = people / before if people is not None and before else None
        steps.append(ShownStep(step, people, None if share is None else min(1.0, share)))
    return tuple(steps)


def _part_of(inside: int, total: int) -> int | None:
    line = {"inside": inside, "outside": total - inside}
    return shown({"": line}, rows_add_up=True, columns_add_up=False)[""]["inside"]
