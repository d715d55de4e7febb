"""The whole worklist of a site, kept in memory and brought up to date at each look.

A newcomer would get three things wrong. Nothing is older than the ledger: who is watched, which
assessment stands and whether an alert is open is asked at every look; only what an assessment comes
to, which never changes, is kept. So the first look of a process reads every finding and takes
seconds with 10,000 people, and each one after that reads those of people with a new assessment.
And whoever is no longer watched is dropped at the next look, with everything that was kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from service.screening.assess import Status
from service.screening.dates import add_months
from service.store.entries import AssessmentEntry, WatchedPerson
from service.store.ledger import Ledger
from service.worklist.lines import Line, Wanted, chosen, in_words, with_spans
from service.worklist.look import Look
from service.worklist.reasons import NOT_JUDGED, REASONS, Priority, Reason

_AT_ONCE = 200
_Stamp = tuple[str | None, bool, str, datetime | None]


@dataclass(slots=True, repr=False)
class _Kept:
    """What one person's assessment comes to; `lines` as of `judged_on`, by `urgent_months`."""

    stamp: _Stamp
    found: tuple[Line, ...]
    fractured_on: date | None
    judged_on: date | None = None
    urgent_months: float | None = None
    lines: tuple[Line, ...] | None = None


class Listing:
    """The lines of everybody whom we watch. Thread safe; one for each process.

    `zone` is the hospital's: since which day somebody waits is a day there.
    """

    def __init__(self, ledger: Ledger, zone: tzinfo) -> None:
        self._ledger = ledger
        self._zone = zone
        self._lock = threading.Lock()
        self._kept: Mapping[str, _Kept] = {}

    def lines(self, urgent_months: float | None) -> list[Line]:
        """Every line there is, in no order. `urgent_months`: how long a fracture is new, or None.

        Of a no they do not say until when it holds: `with_spans` does.
        """
        people = list(self._ledger.watched.everybody())
        with self._lock:
            self._learn(people)
            return [
                line
                for person in people
                for line in _as_of(self._kept[person.patient_key], person.judged_on, urgent_months)
            ]

    def _learn(self, people: Sequence[WatchedPerson]) -> None:
        kept, news = {}, []
        for person in people:
            known = self._kept.get(person.patient_key)
            if known is not None and known.stamp == _stamp(person):
                kept[person.patient_key] = known
            else:
                news.append(person)
        for start in range(0, len(news), _AT_ONCE):
            some = news[start : start + _AT_ONCE]
            judged = [p.patient_key for p in some if p.assessment is not None]
            histories = self._ledger.screenings.histories(judged)
            for person in some:
                kept[person.patient_key] = _found(
                    person, histories.get(person.patient_key, {}), self._zone
                )
        self._kept = kept


def worklist(
    ledger: Ledger, is_wanted: Wanted, urgent_months: float | None, zone: tzinfo
) -> list[Line]:
    """Every line that is wanted, the most urgent first, for whoever looks once."""
    return with_spans(ledger, chosen(Listing(ledger, zone).lines(urgent_months), is_wanted))


def _stamp(person: WatchedPerson) -> _Stamp:
    return person.assessment, person.has_open_alert, person.given_up, person.given_up_since


def _as_of(kept: _Kept, judged_on: date | None, urgent_months: float | None) -> tuple[Line, ...]:
    """The lines with the day of judgement, on which it depends whether a fracture is new."""
    if kept.lines is None or (kept.judged_on, kept.urgent_months) != (judged_on, urgent_months):
        is_urgent = (
            kept.fractured_on is not None
            and judged_on is not None
            and urgent_months is not None
            and kept.fractured_on >= add_months(judged_on, -urgent_months)
        )
        kept.judged_on, kept.urgent_months = judged_on, urgent_months
        kept.lines = tuple(
            replace(line, judged_on=judged_on, priority=_priority(line, is_urgent=is_urgent))
            for line in kept.found
        )
    return kept.lines


def _priority(line: Line, *, is_urgent: bool) -> Priority:
    """What nobody could judge is routine, whatever was found before."""
    may_be_urgent = line.priority is Priority.ROUTINE and line.why != NOT_JUDGED.code
    return Priority.URGENT if is_urgent and may_be_urgent else line.priority


def _found(person: WatchedPerson, history: Mapping[str, AssessmentEntry], zone: tzinfo) -> _Kept:
    entries = list(history.values())
    entry = history.get(person.assessment or "", entries[-1] if entries else None)
    found = list(_lines_of_entry(person, entry, entries)) if entry is not None else []
    if person.given_up and person.given_up_since is not None:
        status = entry.status if entry is not None else str(Status.ERROR)
        since = person.given_up_since.astimezone(zone).date()
        found.insert(0, _not_judged(person, status, since))
    fractured_on = Look(entry, person.has_open_alert).newest_fracture() if entry else None
    return _Kept(_stamp(person), tuple(found), fractured_on)


def _lines_of_entry(
    person: WatchedPerson, entry: AssessmentEntry, history: Sequence[AssessmentEntry]
) -> Iterator[Line]:
    look = Look(entry, person.has_open_alert)
    met = look.risk_factors()
    for reason in REASONS:
        if person.given_up and reason is NOT_JUDGED:
            continue
        facts = reason.find(look)
        if facts is not None:
            yield Line(
                patient_key=person.patient_key,
                fhir_id=person.fhir_id,
                priority=reason.priority,
                status=entry.status,
                why=reason.code,
                look_at=in_words(reason.ask, facts),
                due_on=entry.due_on,
                since=_since(reason, entry.on, history),
                judged_on=entry.on,
                note=" ".join(entry.notes),
                has_open_alert=person.has_open_alert,
                met=met,
            )


def _not_judged(person: WatchedPerson, status: str, since: date) -> Line:
    return Line(
        patient_key=person.patient_key,
        fhir_id=person.fhir_id,
        priority=NOT_JUDGED.priority,
        status=status,
        why=NOT_JUDGED.code,
        look_at=in_words(NOT_JUDGED.ask, [person.given_up]),
        due_on=None,
        since=since,
        judged_on=person.judged_on,
        note="",
        has_open_alert=person.has_open_alert,
    )


def _since(reason: Reason, since: date, history: Iterable[AssessmentEntry]) -> date:
    """The day since when a reason was found without a break."""
    for entry in reversed(list(history)):
        if reason.find(Look(entry, has_open_alert=True)) is None:
            break
        since = min(since, entry.on)
    return since
