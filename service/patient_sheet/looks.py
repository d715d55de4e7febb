"""A look at one person: the EHR has a clinician's patience to answer, and there is always a sheet.

A newcomer would get three things wrong. An EHR that is away, slow, paused or refuses costs the
reader no page: what the ledger holds is shown, and a notice says why and how old it is. Somebody
who is left out at the hospital's wish is not read, and nothing that is remembered is shown. And the
picture of a sheet is drawn from the events of the sheet, which are held for a minute for the same
visitor and the same person, so that it costs no second reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import structlog

from service.deciding import standing_noes
from service.ehr.errors import EHRError, EHRNotAsked, EHRNotFound, EHRRefused
from service.kept_assessment import assessment_from
from service.patient_sheet.awaiting import Awaiting, Shelf, TooSlow
from service.patient_sheet.reading import ChartRead
from service.patient_sheet.sheet import (
    Notice,
    Past,
    Sheet,
    empty_sheet,
    sheet_of_chart,
    sheet_of_ledger,
    words_of_status,
)
from service.patient_sheet.source_link import SourceLinks
from service.screening.alert import AlertKind
from service.screening.protocol import Protocol
from service.screening.record import Decision, ResourceRef
from service.store.decisions import KeptDecision
from service.store.entries import AssessmentEntry, KnownPerson
from service.store.errors import StoreError
from service.store.ledger import Ledger
from service.timeline import Timeline, events_of, ledger_events_of

_log = structlog.get_logger()
ReadChart = Callable[[KnownPerson, Protocol], ChartRead]
_SLOW = "The EHR has not answered yet: open the page again in a moment."
_LAST = "What stands here is BoneFlag's last assessment."
_WHY: tuple[tuple[type[Exception], str], ...] = (
    (EHRNotAsked, "BoneFlag asks nothing of the EHR at this moment: it is paused, or waits."),
    (EHRRefused, "The EHR does not show this chart to BoneFlag."),
    (EHRNotFound, "The EHR shows nobody under this id."),
    (EHRError, "The EHR cannot be asked now."),
)
_FAULT = "The chart could not be judged just now: tell whoever runs BoneFlag."


class PatientLooks:
    """Looks for the page of one person. Thread safe.

    `read` asks the EHR and judges; `ledger` opens the ledger at the first look. Each look is given
    the protocol that is in force then.
    """

    def __init__(
        self,
        read: ReadChart,
        ledger: Callable[[], Ledger],
        links: SourceLinks,
        *,
        today: Callable[[], date],
        zone: ZoneInfo,
        patience_seconds: float,
    ) -> None:
        self._read = read
        self._ledger = ledger
        self._links = links
        self._today = today
        self._zone = zone
        self._reading: Awaiting[ChartRead] = Awaiting(patience_seconds)
        self._timelines: Shelf[Timeline] = Shelf()

    def look(self, visit: str, person: KnownPerson, protocol: Protocol) -> Sheet:
        """The sheet. `visit` is what nobody but this visitor has; StoreError passes through."""
        sheet = self._look((visit, person.patient_key), person, protocol)
        self._timelines.put((visit, person.patient_key), sheet.timeline)
        return sheet

    def timeline(self, visit: str, person: KnownPerson) -> Timeline | None:
        """What the sheet of the last minute drew for this visitor; None where there is none."""
        return self._timelines.find((visit, person.patient_key))

    def _look(self, name: tuple[str, str], person: KnownPerson, protocol: Protocol) -> Sheet:
        ledger, on = self._ledger(), self._today()
        try:
            read = self._reading.do(name, lambda: self._read(person, protocol))
            return self._from_chart(read, person, protocol, ledger, on)
        except StoreError:
            raise
        except TooSlow:
            _log.warning("patient_look_too_slow")
            return self._from_ledger(person, protocol, ledger, on, _SLOW)
        except Exception as error:
            # A clinician at a chart is never left with nothing, whatever went wrong here.
            _log.warning("patient_look_failed", error=type(error).__name__)
            return self._from_ledger(person, protocol, ledger, on, _why(error))

    def _from_chart(
        self, read: ChartRead, person: KnownPerson, protocol: Protocol, ledger: Ledger, on: date
    ) -> Sheet:
        past = _past(ledger, person, self._zone)
        timeline = events_of(
            read.thought.record, protocol, on, alerts=past.alerts, decisions=past.decisions
        )
        notices = [*_of_standing(person), *_of_reading(read, past.latest)]
        return sheet_of_chart(read, protocol, past, timeline, self._links, self._zone, notices)

    def _from_ledger(
        self, person: KnownPerson, protocol: Protocol, ledger: Ledger, on: date, why: str
    ) -> Sheet:
        past = _past(ledger, person, self._zone)
        timeline = ledger_events_of(on, past.alerts, past.decisions)
        entry = past.latest
        notices = [Notice(f"{why} {_LAST}" if entry else why), *_of_standing(person)]
        if entry is None:
            return empty_sheet(person, past, timeline, self._links, notices)
        patient = ResourceRef("Patient", person.fhir_id)
        # As of the day of its judgement: nothing here may look fresher than it is.
        kept = assessment_from(entry, patient, protocol, entry.on)
        assessment = replace(kept, decision=_no_of(entry, past.decisions))
        return sheet_of_ledger(
            assessment, entry, protocol, past, timeline, self._links, self._zone, notices
        )


def _past(ledger: Ledger, person: KnownPerson, zone: ZoneInfo) -> Past:
    key = person.patient_key
    kept = ledger.decisions.kept([key]).get(key, ())
    return Past(
        ledger.screenings.history(key),
        ledger.screenings.latest([key]).get(key),
        ledger.alerts.history([key]).get(key, ()),
        [one.seen_in(zone) for one in kept],
    )


def _no_of(entry: AssessmentEntry, said: Iterable[KeptDecision]) -> Decision | None:
    """The newest no that stood on the day and is of the kind that the status tells; None else."""
    about = standing_noes(
        (one.decision for one in said if one.taken_back_at is None), AlertKind.SCREENING, entry.on
    )
    of_kind = (decision for decision in about if decision.kind == entry.status)
    return max(of_kind, key=lambda decision: decision.made_on, default=None)


def _why(error: Exception) -> str:
    return next((says for kind, says in _WHY if isinstance(error, kind)), _FAULT)


def _of_standing(person: KnownPerson) -> list[Notice]:
    if person.in_cohort:
        return []
    since = f" since {person.left_on}" if person.left_on else ""
    return [
        Notice(
            f"Not in the cohort{since}: nobody is told anything new about this person. An alert"
            " that is open goes on being looked after.",
            is_warning=False,
        )
    ]


def _of_reading(read: ChartRead, latest: AssessmentEntry | None) -> list[Notice]:
    found = []
    if read.was_merged:
        found.append(
            Notice(
                "The EHR has merged this record into another one. What stands here is from the one"
                " that stands; BoneFlag follows at its next reading."
            )
        )
    if not read.sees_alerts:
        found.append(Notice("BoneFlag's own alerts in the EHR could not be read."))
    status = str(read.thought.assessment.status)
    if latest is not None and latest.status != status:
        found.append(
            Notice(
                f"This is another answer than at BoneFlag's last reading: on {latest.on} it was"
                f" “{words_of_status(latest.status)}”. Alerts follow at its next reading.",
                is_warning=False,
            )
        )
    return found
