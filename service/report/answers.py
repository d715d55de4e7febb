"""What came of the alerts that were told: acted on, declined, put aside, or nothing yet.

A newcomer would get three things wrong. An alert counts once, by the first of these that holds: an
order or a scan, then a no. It has a span to be acted on in, so that the share is of alerts that are
older than the span; those that are younger are counted apart. And an order shows that somebody
acted, not that they acted because of us.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from service.report.disclosure import Shown, rounded, shown
from service.screening.alert import AlertKind
from service.screening.dates import add_months
from service.screening.decision import BY_HOSPITAL
from service.store.entries import Milestone, SaidNo, ToldAlert

OUTCOMES: Mapping[str, str] = {
    "acted-on": "A scan was ordered or done",
    "declined": "The patient declined",
    "put-aside": "Put aside by a clinician, for a time",
    "closed": "Closed for another reason",
    "open": "Open, nothing said yet",
}
"""Code and display; each alert has one."""
OLDER, YOUNGER = "older", "younger"
NO_CODE = ""
_OF_NO = {"declined": "declined", "snoozed": "put-aside"}


@dataclass(frozen=True, slots=True)
class Answers:
    """Exact counts, for this process only.

    `outcomes` is by outcome, then OLDER or YOUNGER than the span; `reasons` counts noes by code;
    `again` are alerts that told somebody once more after an earlier one was closed, of `told`.
    `cards` were shown, `cards_again` of them more than once.
    """

    within_months: int
    outcomes: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, int]
    told: int
    again: int
    cards: int
    cards_again: int


@dataclass(frozen=True, slots=True)
class ReleasedAnswers:
    """The same as it may be shown: None is hidden. Shares are of the numbers shown, from 0 to 1.

    `reasons` are those that may be shown, the most frequent first: that a code stands there would
    tell that somebody gave it, and its place by how many.
    """

    within_months: int
    outcomes: Shown
    older: int | None
    acted_share: float | None
    declined_share: float | None
    reasons: Mapping[str, int]
    again: int | None
    again_share: float | None
    cards_again: int | None
    cards_share: float | None


def count_answers(
    told: Iterable[ToldAlert],
    milestones: Iterable[tuple[str, Milestone]],
    said: Iterable[SaidNo],
    cards: tuple[int, int],
    within_months: int,
    today: date,
) -> Answers:
    """Every screening alert that was told; it may be acted on in `within_months` from its day."""
    acts: dict[str, list[date]] = defaultdict(list)
    for key, m in milestones:
        if m.kind is AlertKind.SCREENING and m.what in ("ordered", "done"):
            acts[key].append(m.on)
    noes: dict[str, list[SaidNo]] = defaultdict(list)
    for no in said:
        if no.about == AlertKind.SCREENING and no.code != BY_HOSPITAL:
            noes[no.patient_key].append(no)
    alerts = [alert for alert in told if alert.kind == AlertKind.SCREENING]
    counted: Counter[tuple[str, str]] = Counter()
    for alert in alerts:
        until = add_months(alert.opened_on, within_months)
        age = OLDER if until <= today else YOUNGER
        outcome = _outcome(alert, until, acts[alert.patient_key], noes[alert.patient_key])
        counted[outcome, age] += 1
    return Answers(
        within_months,
        {o: {age: counted[o, age] for age in (OLDER, YOUNGER)} for o in OUTCOMES},
        Counter(no.code for of_one in noes.values() for no in of_one),
        len(alerts),
        sum(alert.episode > 1 for alert in alerts),
        *cards,
    )


def _outcome(alert: ToldAlert, until: date, acts: Iterable[date], noes: Iterable[SaidNo]) -> str:
    if any(alert.opened_on <= day < until for day in acts):
        return "acted-on"
    answers = [no for no in noes if alert.opened_on <= no.made_on < until]
    if answers:
        return _OF_NO[min(answers, key=lambda no: (no.made_on, no.kind)).kind]
    return "closed" if alert.is_closed else "open"


def released_answers(answers: Answers) -> ReleasedAnswers:
    """What may be shown. The number of alerts is known exactly elsewhere, by kind and state."""
    outcomes = shown(answers.outcomes, rows_add_up=True, columns_add_up=True)
    older = rounded(sum(row[OLDER] for row in answers.outcomes.values()))
    again = _of(answers.again, answers.told)
    cards_again = _of(answers.cards_again, answers.cards)
    return ReleasedAnswers(
        answers.within_months,
        outcomes,
        older,
        _share(outcomes["acted-on"][OLDER], older),
        _share(outcomes["declined"][OLDER], older),
        _reasons(answers.reasons),
        again,
        _share(again, rounded(answers.told)),
        cards_again,
        _share(cards_again, rounded(answers.cards)),
    )


def _reasons(counts: Mapping[str, int]) -> dict[str, int]:
    may_show = shown({"": dict(counts)}, rows_add_up=True, columns_add_up=False)[""]
    found = {code: number for code, number in may_show.items() if number is not None}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _of(part: int, whole: int) -> int | None:
    line = {"part": part, "rest": whole - part}
    return shown({"": line}, rows_add_up=True, columns_add_up=False)[""]["part"]


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else min(1.0, part / whole)
