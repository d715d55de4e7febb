"""The lines of the worklist: one for each person and reason, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.screening.alert import AlertKind
from service.screening.assess import Status
from service.screening.dates import add_months
from service.screening.record import NO_END, Decision
from service.store.entries import AssessmentEntry, WatchedPerson
from service.store.ledger import Ledger
from service.worklist.look import Look
from service.worklist.reasons import NOT_JUDGED, REASONS, Priority, Reason

_MOST_FACTS = 6
_BY_CODE = {reason.code: reason for reason in REASONS}
_PLACES = {reason.code: place for place, reason in enumerate(REASONS)}
_URGENCY = {priority: place for place, priority in enumerate(Priority)}


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One person and one reason.

    `since` is the day from which on this reason was found each time; `judged_on` the day of the
    last judgement, None where nobody has judged this person. `note` is for whoever looks.
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


def worklist(ledger: Ledger, is_wanted: Wanted, urgent_months: float | None) -> list[Line]:
    """Every line that is wanted. `urgent_months` is how long a fracture is new; None for never."""
    found = [
        line
        for person in ledger.watched.everybody()
        for line in _lines_of(person, is_wanted, urgent_months)
    ]
    decisions = ledger.decisions.of(_keys(found, ("snoozed", "declined")))
    found = [_with_span(line, decisions.get(line.patient_key, ())) for line in found]
    return sorted(_dated(ledger, found), key=_order)


def _lines_of(
    person: WatchedPerson, is_wanted: Wanted, urgent_months: float | None
) -> Iterator[Line]:
    entry = person.latest
    if person.given_up and person.given_up_since is not None:
        status = entry.status if entry is not None else str(Status.ERROR)
        if is_wanted(status, NOT_JUDGED):
            yield _not_judged(person, status, person.given_up_since.date())
    if entry is None:
        return
    look = Look(entry, person.has_open_alert)
    is_urgent = urgent_months is not None and look.has_fracture_since(
        add_months(entry.on, -urgent_months)
    )
    for reason in REASONS:
        if not is_wanted(look.status, reason) or (person.given_up and reason is NOT_JUDGED):
            continue
        facts = reason.find(look)
        if facts is not None:
            yield _line(person, entry, reason, facts, is_urgent=is_urgent)


def _line(
    person: WatchedPerson,
    entry: AssessmentEntry,
    reason: Reason,
    facts: Sequence[str],
    *,
    is_urgent: bool,
) -> Line:
    priority = reason.priority
    if is_urgent and priority is Priority.ROUTINE:
        priority = Priority.URGENT
    return Line(
        person.patient_key,
        person.fhir_id,
        priority,
        entry.status,
        reason.code,
        in_words(reason.ask, facts),
        entry.due_on,
        entry.on,
        entry.on,
        " ".join(entry.notes),
    )


def _not_judged(person: WatchedPerson, status: str, since: date) -> Line:
    judged_on = person.latest.on if person.latest is not None else None
    return Line(
        person.patient_key,
        person.fhir_id,
        NOT_JUDGED.priority,
        status,
        NOT_JUDGED.code,
        in_words(NOT_JUDGED.ask, [person.given_up]),
        None,
        since,
        judged_on,
        "",
    )


def in_words(ask: str, facts: Sequence[str]) -> str:
    """What to look at, on one line: the newest facts, and how many there are besides."""
    if not facts:
        return ask
    shown = list(facts[-_MOST_FACTS:])
    if len(facts) > len(shown):
        shown.append(f"and {len(facts) - len(shown)} more")
    return f"{ask}: {'; '.join(shown)}"


def _with_span(line: Line, decisions: Iterable[Decision]) -> Line:
    """Until when a no holds, where the ledger knows it: of one in the chart it does not."""
    on = line.judged_on
    untils = [
        d.until
        for d in decisions
        if (d.kind, d.about) == (line.why, AlertKind.SCREENING)
        and on is not None
        and d.made_on <= on < d.until
    ]
    if not untils:
        return line
    until = max(untils)
    end = "has no end by date" if until == NO_END else f"holds until {until}"
    return replace(line, look_at=f"{line.look_at}, which {end}")


def _dated(ledger: Ledger, lines: Iterable[Line]) -> Iterator[Line]:
    """Each line with the day since when its reason was found without a break."""
    history: dict[str, list[AssessmentEntry]] = {}
    for line in lines:
        if line.why == NOT_JUDGED.code:
            yield line
            continue
        if line.patient_key not in history:
            # One person's history at a time: their lines follow each other.
            history = {line.patient_key: ledger.screenings.history(line.patient_key)}
        yield replace(line, since=_since(line, history[line.patient_key]))


def _since(line: Line, history: Sequence[AssessmentEntry]) -> date:
    reason = _BY_CODE[line.why]
    since = line.since
    for entry in reversed(history):
        if reason.find(Look(entry, has_open_alert=True)) is None:
            break
        since = min(since, entry.on)
    return since


def _keys(lines: Iterable[Line], codes: Collection[str]) -> list[str]:
    return sorted({line.patient_key for line in lines if line.why in codes})


def _order(line: Line) -> tuple[int, int, date, str]:
    return _URGENCY[line.priority], _PLACES[line.why], line.since, line.fhir_id
