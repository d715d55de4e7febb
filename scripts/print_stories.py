"""Print docs/stories.md from the stories that the tests live through.

`--check` writes nothing and exits with 1 where the file is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from tests.spec.stories.story import (  # noqa: E402 - the path comes first
    NOTHING,
    Step,
    Story,
    every_chapter,
)

PAGE = HOME / "docs" / "stories.md"

_OPENING = """\
# Stories: what people do, and what BoneFlag makes of it

Made by `scripts/print_stories.py` from the stories in `tests/spec/stories/`; do not edit. CI lives
through every one of them: from memory, through the demo EHR, and on a HAPI FHIR server, with a
clock that moves.

**This is a proposal for a clinical lead. Nothing here has been validated on patients.** The
criteria themselves, with their numbers and citations, stand in [criteria.md](criteria.md).

How to read a table: days count from the day on which the story begins (“+12 months −1 day” is a day
before the first anniversary). Flag and Task are the statuses of what BoneFlag wrote, after it has
looked on that day; “1” and “2” are episodes, where there was more than one (or more than one
record). The Task about a treatment gap (GAP-01) is a Task of its own and has its own column. Every
column but the last is checked by the tests.
"""
_ALWAYS_SHOWN = ("Flag", "Task")
_UNITS = {"y": "year", "m": "month", "d": "day"}


def page() -> str:
    """The whole page."""
    lines = [_OPENING]
    chapters = every_chapter()
    count = sum(len(stories) for _, stories in chapters)
    steps = sum(len(story.steps) for _, stories in chapters for story in stories)
    lines += [f"{count} stories, {steps} steps.", ""]
    for title, stories in chapters:
        lines += [f"## {title}", ""]
        for story in stories:
            lines += [*_story(story), ""]
    return "\n".join(lines)


def _story(story: Story) -> Iterator[str]:
    yield f"### {story.title}"
    yield ""
    yield story.sentence
    yield ""
    yield f"{story.who}."
    if story.channel != "flag-and-task":
        yield f"The hospital is told by {story.channel} at first."
    yield ""
    shown = [
        name
        for name in ("Flag", "Task", "gap Task", "message")
        if name in _ALWAYS_SHOWN or any(step.expected[name] != NOTHING for step in story.steps)
    ]
    names = ["day", "what happens", "status", *shown, "why"]
    yield _row(names)
    yield "|" + "---|" * len(names)
    for step in story.steps:
        yield _row(_cells(step, shown))


def _cells(step: Step, shown: Sequence[str]) -> list[str]:
    reads = "; ".join(f"the {name} reads “{words}”" for name, words in step.reads.items())
    points = "; ".join(_pointing(name, what) for name, what in step.points_at.items())
    why = "; ".join(filter(None, (step.why, reads, points)))
    statuses = [_numbered(step.expected[name]) for name in shown]
    return [_when(step.on), step.happens, f"**{step.status}**", *statuses, why]


def _pointing(name: str, what: str) -> str:
    kind, _, id_ = what.partition("/")
    return f"the {name} points at the {kind} “{id_}”"


def _numbered(statuses: str) -> str:
    """`inactive, active` as `1 inactive, 2 active`; one alone needs no number."""
    found = statuses.split(", ")
    if len(found) == 1:
        return statuses
    return ", ".join(f"{number} {status}" for number, status in enumerate(found, 1))


def _when(day: str) -> str:
    """`START+12m-1d` as `+12 months −1 day`."""
    spans = re.findall(r"([+-])(\d+)([ymd])", day)
    told = [
        f"{sign.replace('-', '−')}{count} {_UNITS[unit]}{'' if count == '1' else 's'}"
        for sign, count, unit in spans
    ]
    return " ".join(told) or "the first day"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write the page, or with `--check` say whether it is fresh."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text("utf-8") != text:
            raise SystemExit("docs/stories.md is stale: run scripts/print_stories.py")
        return
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
