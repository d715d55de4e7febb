"""The first thing on a sheet: where the person stands, in one sentence, and what to consider.

A newcomer would get two things wrong. Nothing here advises more than the alert does: what to do is
the opening of `wording`, or what would have to be known first. And "not at risk" is said of the
protocol and never of the person's bones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from service.screening.alert import AlertKind
from service.screening.assess import Assessment, Status
from service.screening.criterion import Role
from service.screening.decision import BY_HOSPITAL
from service.screening.decision_meaning import WRONG_DIAGNOSIS
from service.screening.outlook import what_would_change
from service.screening.protocol import Protocol
from service.screening.record import NO_END
from service.screening.wording import detail

Tone = Literal["urgent", "warn", "good", "plain"]


@dataclass(frozen=True, slots=True, repr=False)
class Headline:
    """One sentence, what to consider, and how loud it is.

    `names_reasons`: the risk factors that are met belong beside it; they decide nothing of somebody
    who died.
    """

    says: str
    asks: tuple[str, ...]
    tone: Tone
    names_reasons: bool


NOT_JUDGED = Headline("BoneFlag has not judged this person yet", (), "plain", False)
_BY_REASONS = frozenset(
    {
        Status.DUE,
        Status.DUE_SOON,
        Status.ORDERED_WAITING,
        Status.SNOOZED,
        Status.DECLINED,
        Status.NOT_AT_RISK,
    }
)
# What no patient declined and no clinician put off.
_SAID = {
    BY_HOSPITAL: "Withdrawn by the hospital",
    WRONG_DIAGNOSIS: "The diagnosis was said to be wrong",
}
_KINDS = {
    Status.DUE: AlertKind.SCREENING,
    Status.RESULT_NEEDS_ACTION: AlertKind.TREATMENT_GAP,
}


def headline(assessment: Assessment, protocol: Protocol) -> Headline:
    """The sentence of one assessment."""
    status = assessment.status
    tone: Tone = _TONES.get(status, "plain")
    if status is Status.DUE and assessment.is_urgent:
        tone = "urgent"
    asks: tuple[str, ...] = ()
    if status in _KINDS:
        asks = tuple(alert_text(assessment, protocol).partition("\n\n")[0].splitlines())
    elif status is Status.COULD_NOT_DETERMINE:
        asks = what_would_change(assessment)
    return Headline(_SENTENCES[status](assessment), asks, tone, status in _BY_REASONS)


def alert_text(assessment: Assessment, protocol: Protocol) -> str:
    """The alert as a clinician reads it; "" where nobody is told anything."""
    kind = _KINDS.get(assessment.status)
    return detail(assessment, protocol, kind) if kind is not None else ""


def words_of_status(status: str) -> str:
    """A status in plain words, for tables."""
    return status.replace("-", " ")


def _excluded(assessment: Assessment) -> str:
    titles = [f.title for f in assessment.findings if f.role is Role.EXCLUSION and f.is_met]
    return f"Nobody is told anything: {'; '.join(titles).lower() or 'excluded'}"


def _refused(words: str) -> Callable[[Assessment], str]:
    def sentence(assessment: Assessment) -> str:
        decision = assessment.decision
        if decision is None:
            return f"{words}: BoneFlag keeps still"
        said = _SAID.get(decision.code, words)
        end = "" if decision.until == NO_END else f" until {decision.until}"
        return f"{said} on {decision.made_on}: BoneFlag keeps still{end}"

    return sentence


def _satisfied(assessment: Assessment) -> str:
    if assessment.due_on is not None:
        return f"Nothing is due: the last bone density scan stands until {assessment.due_on}"
    return "Nothing is due: a treatment for osteoporosis is on file"


_SENTENCES: Mapping[Status, Callable[[Assessment], str]] = {
    Status.ERROR: lambda _: "The chart could not be judged",
    Status.NOT_IN_COHORT: lambda _: "Multiple sclerosis is not confirmed on file",
    Status.EXCLUDED: _excluded,
    Status.RESULT_NEEDS_ACTION: lambda _: (
        "Osteoporosis is on file and no treatment is visible to this service"
    ),
    Status.DECLINED: _refused("Declined by the patient"),
    Status.SNOOZED: _refused("Put off"),
    Status.SATISFIED: _satisfied,
    Status.DUE_SOON: lambda a: f"A bone density assessment will be due on {a.due_on}",
    Status.COULD_NOT_DETERMINE: lambda _: (
        "It could not be determined whether a bone density assessment is due"
    ),
    Status.ORDERED_WAITING: lambda _: "A bone density scan is ordered; its result is awaited",
    Status.DUE: lambda _: "A bone density assessment is due",
    Status.NOT_AT_RISK: lambda _: (
        "Nothing is due: the risk factors on file are not enough for this protocol"
    ),
}
_TONES: Mapping[Status, Tone] = {
    Status.ERROR: "warn",
    Status.DUE: "warn",
    Status.RESULT_NEEDS_ACTION: "warn",
    Status.COULD_NOT_DETERMINE: "warn",
    Status.SATISFIED: "good",
}
