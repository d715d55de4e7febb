"""The lines of the worklist: one for each person and reason, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision
from service.store.ledger import Ledger
from service.worklist.reasons import REASONS, Priority, Reason

_MOST_FACTS = 6
_BY_CODE = {reason.code: reason for reason in REASONS}
_PLACES = {reason.code: place for place, reason in enumerate(REASONS)}
_URGENCY = {priority: place for place, priority in enumerate(Priority)}
_NOES = ("snoozed", "declined")


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One person and one reason.

    `since` is the day from which on this reason was found each time; `judged_on` the day of the
    last judgement, None where nobody has judged this person. `note` is for whoever looks. `met` are
    the numbers of the risk factors that this person has, as MSO-06.
    """

    patient_key: str
    fhir_id: str
    priority: Priority
    status: str
    why: str
    look_at: str
    due_on: date | None
    since: date
    judged_on: date | None
    note: str
    has_open_alert: bool = False
    met: frozenset[str] = frozenset()


Wanted = Callable[[str, Reason], bool]


def wanted(statuses: Collection[str], *, everything: bool) -> Wanted:
    """Whether a line of a status and a reason is listed; without statuses those of all are.

    Who asks for a status asks for every reason that people have there.
    """

    def is_wanted(status: str, reason: Reason) -> bool:
        if statuses:
            return status in statuses
        return everything or not reason.is_on_request

    return is_wanted


def chosen(lines: Iterable[Line], is_wanted: Wanted) -> list[Line]:
    """The lines that are wanted, the most urgent first."""
    return sorted(
        (line for line in lines if is_wanted(line.status, _BY_CODE[line.why])), key=by_urgency
    )


def by_urgency(line: Line) -> tuple[int, int, date, str]:
    """The order of the list: how soon, which reason, how long already."""
    return _URGENCY[line.priority], _PLACES[line.why], line.since, line.fhir_id


def with_spans(ledger: Ledger, lines: Sequence[Line]) -> list[Line]:
    """Lines of a no that say until when it holds, where the ledger knows it; the others as is."""
    keys = sorted({line.patient_key for line in lines if line.why in _NOES})
    decisions = ledger.decisions.of(keys)
    return [_with_span(line, decisions.get(line.patient_key, ())) for line in lines]


def _with_span(line: Line, decisions: Iterable[Decision]) -> Line:
    """Of a no in the chart nobody here knows the end."""
    on = line.judged_on
    standing = [
        d
        for d in decisions
        if (d.kind, d.about) == (line.why, AlertKind.SCREENING)
        and on is not None
        and d.made_on <= on < d.until
    ]
    if not standing:
        return line
    until = max(d.until for d in standing)
    end = "has no end by date" if until == NO_END else f"holds until {until}"
    is_ours = any(d.code == BY_HOSPITAL for d in standing)
    who = "The hospital withdrew its alert" if is_ours else line.look_at
    return replace(line, look_at=f"{who}, which {end}")


def in_words(ask: str, facts: Sequence[str]) -> str:
    """What to look at, on one line: the newest facts, and how many there are besides."""
    if not facts:
        return ask
    shown = list(facts[-_MOST_FACTS:])
    if len(facts) > len(shown):
        shown.append(f"and {len(facts) - len(shown)} more")
    return f"{ask}: {'; '.join(shown)}"
