"""What the programme counts of an assessment, in one short line.

Findings hold evidence, and those of ten thousand people are tens of megabytes; this line is some
dozens of characters. A newcomer would get one thing wrong: what is in no line is not unknown. A
criterion that is not met is left out; one that is unknown has a question mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.screening.assess import Assessment
from service.screening.criterion import Finding, Verdict, Weight

AT_RISK = "at-risk"
"""The decision of the protocol is reached, whatever stands against it."""
LOW = "low"
"""The last scan that says something shows low bone mass or osteoporosis, or a diagnosis does."""
TREATED = "treated"
"""On therapy for osteoporosis, inside the window of the medicine."""
UNREAD = "!"
"""Stands before each type of resource that could not be read for this person."""
_DIAGNOSIS = "Condition"


def in_short(assessment: Assessment) -> str:
    """One line; `Judged` in the store reads it back."""
    return " ".join(_words(assessment))


def _words(assessment: Assessment) -> Iterator[str]:
    for finding in assessment.findings:
        if finding.verdict is Verdict.MET:
            yield finding.number
        elif finding.verdict is Verdict.UNKNOWN:
            yield f"{finding.number}?"
    found = {finding.criterion: finding for finding in assessment.findings}
    if assessment.weighing.is_reached:
        yield AT_RISK
    if _is_low(found):
        yield LOW
    if "osteoporosis-therapy" in found and found["osteoporosis-therapy"].is_met:
        yield TREATED
    for type_ in sorted(assessment.unread):
        yield f"{UNREAD}{type_}"


def _is_low(found: Mapping[str, Finding]) -> bool:
    if "osteoporosis-known" in found and found["osteoporosis-known"].is_met:
        return True
    mass = found.get("low-bone-mass")  # A hospital may have switched it off.
    if mass is None:
        return False
    # While the interval of a low scan runs, MSO-17 is not met, and the scan is still low. The
    # criterion names a scan only where it is low, and a diagnosis also where it was refuted.
    return mass.is_met or any(
        e.weight is Weight.SEEN and e.source.type != _DIAGNOSIS for e in mass.evidence
    )
