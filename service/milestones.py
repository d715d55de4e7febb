"""The days of an episode: due, seen, ordered, done, treated.

For the report, in shadow mode too, where nobody was told and the days say what happens without us.
A newcomer would get three things wrong. An episode here is a gap, not an alert: it begins on the
day on which somebody is first judged due, a no does not end it, and an alert that is opened anew
inside it begins none. A scan or an order counts on its own day, and only from the episode's first
day on; "seen" is the day of a person's decision, else the day on which we first saw that somebody
had touched what we wrote. And unknown neither begins nor ends an episode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from service.screening.alert import AlertKind, AlertState, PostedAlert
from service.screening.assess import Assessment, Status
from service.screening.criterion import Evidence, Verdict
from service.screening.plan import gap_status
from service.screening.record import Decision, ResourceRef
from service.store.entries import Milestone, Reached

# Where these hold, the gap is not there any more, whatever closed it.
_OVER = (
    Status.SATISFIED,
    Status.DUE_SOON,
    Status.NOT_AT_RISK,
    Status.EXCLUDED,
    Status.RESULT_NEEDS_ACTION,
    Status.NOT_IN_COHORT,
)
_ENDS: tuple[Reached, ...] = ("done", "treated", "ended")
_TOUCHED = frozenset(
    {"received", "accepted", "ready", "in-progress", "on-hold", "completed", "rejected", "failed"}
)


def reached(
    assessment: Assessment,
    posted: Sequence[PostedAlert],
    said: Iterable[Decision],
    before: Iterable[Milestone],
) -> tuple[Milestone, ...]:
    """The milestones that a judgement brings, beside those of `before`.

    `posted` are our alerts as they were read, `said` what people decided about them.
    """
    known = tuple(before)
    decisions = tuple(said)
    found: list[Milestone] = []
    for kind in AlertKind:
        of_kind = [m for m in known if m.kind is kind]
        alerts = [alert for alert in posted if alert.kind is kind]
        about = [d for d in decisions if d.about == kind]
        found += _of_kind(kind, assessment, alerts, about, of_kind)
    return tuple(found)


def _of_kind(
    kind: AlertKind,
    assessment: Assessment,
    posted: Sequence[PostedAlert],
    said: Sequence[Decision],
    before: Sequence[Milestone],
) -> Iterator[Milestone]:
    on = assessment.on
    status = assessment.status if kind is AlertKind.SCREENING else gap_status(assessment)
    starts_on = _open_since(before)
    if starts_on is None:
        if status is not Status.DUE:
            return
        starts_on = on
        yield Milestone(kind, starts_on, "due", on)
    has = {m.what for m in before if m.starts_on == starts_on}
    for what, day, source in _reached_since(kind, status, starts_on, assessment, posted, said):
        if what not in has:
            has.add(what)
            yield Milestone(kind, starts_on, what, day, source)


def _open_since(before: Sequence[Milestone]) -> date | None:
    """The first day of the episode that is not over, None where none is open."""
    newest = max((m.starts_on for m in before), default=None)
    is_over = any(m.what in _ENDS for m in before if m.starts_on == newest)
    return None if is_over else newest


def _reached_since(
    kind: AlertKind,
    status: Status,
    since: date,
    assessment: Assessment,
    posted: Sequence[PostedAlert],
    said: Sequence[Decision],
) -> Iterator[tuple[Reached, date, ResourceRef | None]]:
    on = assessment.on
    answers = [d for d in said if since <= d.made_on <= on]
    touched = _touched(posted)
    if answers:
        first = min(answers, key=lambda d: d.made_on)
        yield "seen", first.made_on, first.source
    elif touched is not None:
        yield "seen", on, touched
    if kind is AlertKind.SCREENING:
        for what, criterion in (("ordered", "dxa-ordered"), ("done", "central-dxa")):
            fact = _first_since(assessment, criterion, since)
            if fact is not None and fact.date is not None:
                yield ("ordered" if what == "ordered" else "done"), fact.date, fact.source
    therapy = assessment.finding("osteoporosis-therapy")
    if therapy.is_met and status is Status.SATISFIED:
        source = therapy.counting[0].source if therapy.counting else None
        yield "treated", on, source
    if status in _OVER and not _is_unsure(assessment):
        yield "ended", on, None


def _touched(posted: Sequence[PostedAlert]) -> ResourceRef | None:
    """What a person left a trace on, in the alert that speaks now."""
    for alert in reversed(posted):
        task = alert.task
        if alert.state in (AlertState.DISMISSED, AlertState.CHANGED):
            half = task or alert.flag or alert.message
            return half.ref if half else None
        if alert.state is AlertState.ACTIVE and task is not None and task.status in _TOUCHED:
            return task.ref
    return None


def _first_since(assessment: Assessment, criterion: str, since: date) -> Evidence | None:
    """The first counting fact of a criterion in the episode."""
    facts = [
        e
        for e in assessment.finding(criterion).counting
        if e.date is not None and since <= e.date <= assessment.on
    ]
    return min(facts, key=lambda e: (e.date, str(e.source)), default=None)


def _is_unsure(assessment: Assessment) -> bool:
    """Whether the cohort itself could not be told: nothing ends by that."""
    return assessment.finding("multiple-sclerosis").verdict is Verdict.UNKNOWN
