"""`boneflag explain --html`: one patient's assessment as a file for a clinician.

A newcomer would get one thing wrong: the file names a patient by the EHR's id and holds clinical
facts. Whoever saves it keeps it from everybody else (names_file), and the file says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.explanation import closed_by_of
from service.paper.press import Plate, printed
from service.patient_sheet.lines import line_of
from service.patient_sheet.source_link import SourceLinks
from service.pictures import Look, draw_timeline
from service.pictures.thresholds import thresholds_of
from service.screening.alert import AlertPlan
from service.screening.criterion import Finding, Verdict
from service.screening.protocol import Protocol
from service.thought import Thought
from service.timeline import Timeline

_ALT = "The events of the timeline by lane and day. The table below it has all of them."
_NO_LINKS = SourceLinks("")
_KINDS = ("Alert", "Treatment gap")


@dataclass(frozen=True, slots=True, repr=False)
class Explained:
    """What there is to be shown: the thought, its JSON (service/explanation), and the timeline."""

    thought: Thought
    answer: Mapping[str, Any]
    timeline: Timeline
    protocol: Protocol

    def draw(self, look: Look) -> bytes:
        """The timeline as a picture."""
        on = self.thought.assessment.on
        lines = thresholds_of(self.protocol)
        return draw_timeline(self.timeline.events, on, look, thresholds=lines)


def explanation_file(explained: Explained) -> str:
    """The whole file."""
    thought = explained.thought
    plans = zip(_KINDS, (thought.plan, thought.gap_plan), strict=True)
    return printed(
        "explanation.html",
        assessment=thought.assessment,
        answer=explained.answer,
        findings=[
            line_of(f, explained.protocol, _NO_LINKS, {})
            for f in thought.assessment.findings
            if _is_told(f)
        ],
        untold=[f for f in thought.assessment.findings if not _is_told(f)],
        plans=[(kind, plan, _closed_by(plan)) for kind, plan in plans if plan is not None],
        timeline=explained.timeline,
        plate=Plate(explained.draw, _ALT),
    )


def _is_told(finding: Finding) -> bool:
    return finding.verdict is not Verdict.NOT_MET or bool(finding.evidence)


def _closed_by(plan: AlertPlan) -> str:
    closed_by = closed_by_of(plan)
    return str(closed_by) if closed_by else ""
