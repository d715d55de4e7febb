"""The whole sheet of one person, in words ready to be shown.

A newcomer would get one thing wrong: the sheet of a chart that was read just now and that of the
ledger's last assessment are the same sheet. What the second cannot know is empty, and a notice says
so; nothing on it looks fresher than it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from service.measure import AGE_BANDS
from service.patient_sheet.headline import NOT_JUDGED, Headline, alert_text, headline
from service.patient_sheet.headline import words_of_status as words_of_status
from service.patient_sheet.lines import FindingGroups, grouped
from service.patient_sheet.past import (
    AlertLine,
    JudgedLine,
    SaidLine,
    alert_lines,
    judged_lines,
    said_lines,
)
from service.patient_sheet.reading import ChartRead
from service.patient_sheet.source_link import SourceLinks
from service.screening.alert import AlertKind
from service.screening.assess import Assessment, Status
from service.screening.criterion import Verdict
from service.screening.outlook import Change, coming_changes, what_would_change
from service.screening.person import oldest_age, with_possible_birth, youngest_age
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord, ResourceRef
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry, AssessmentEntry, KnownPerson
from service.timeline import Timeline, TimelineEvent

Truth = Literal["true", "false", "not known"]
_SEXES = {"female": "Woman", "male": "Man"}
_MONTHS_AHEAD = 36
_SHORT_DIGEST = 19


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """What a reader must know of the sheet itself."""

    says: str
    is_warning: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Past:
    """What the ledger remembers, as it gave it."""

    history: Sequence[AssessmentEntry]
    latest: AssessmentEntry | None
    alerts: Sequence[AlertEntry]
    decisions: Sequence[KeptDecision]


@dataclass(frozen=True, slots=True, repr=False)
class WeighingLine:
    """One way to be at risk: what is met against what is needed.

    `truth` is not known where what is unknown would make it true.
    """

    what: str
    met: str
    needed: int
    truth: Truth


@dataclass(frozen=True, slots=True, repr=False)
class EventLine:
    """One event of the timeline for the table below it."""

    lane: str
    when: str
    label: str
    source: str
    link: str


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """See the module. `judged_on` is the day of the judgement, None where nobody has judged.

    `read_at` says when the chart was read, in the hospital's time. `coming` is what follows if
    nothing is written in the chart; `about` the kind of alert that a no would be about.
    """

    patient: str
    link: str
    person: str
    headline: Headline
    status: str
    judged_on: date | None
    read_at: str
    protocol: str
    digest: str
    notices: tuple[Notice, ...]
    findings: FindingGroups
    weighing: tuple[WeighingLine, ...]
    is_at_risk: bool
    would_change: tuple[str, ...]
    coming: tuple[Change, ...]
    alert: str
    notes: tuple[str, ...]
    unread: tuple[str, ...]
    reported: tuple[tuple[str, str], ...]
    timeline: Timeline
    events: tuple[EventLine, ...]
    alerts: tuple[AlertLine, ...]
    said: tuple[SaidLine, ...]
    judged: tuple[JudgedLine, ...]
    about: AlertKind
    is_from_chart: bool


def sheet_of_chart(
    read: ChartRead,
    protocol: Protocol,
    past: Past,
    timeline: Timeline,
    links: SourceLinks,
    zone: ZoneInfo,
    notices: Sequence[Notice],
) -> Sheet:
    """The sheet of a chart that was read just now."""
    thought = read.thought
    record, assessment = thought.record, thought.assessment
    reported = [(p.source, p.problem) for p in assessment.reported]
    return _sheet(
        assessment,
        protocol,
        past,
        timeline,
        links,
        person=_person(record, assessment.on),
        read_at=_instant(record.read_at, zone),
        notices=notices,
        why=read.why_unread,
        coming=coming_changes(record, protocol, assessment, _MONTHS_AHEAD),
        reported=reported,
        is_from_chart=True,
    )


def sheet_of_ledger(
    assessment: Assessment,
    entry: AssessmentEntry,
    protocol: Protocol,
    past: Past,
    timeline: Timeline,
    links: SourceLinks,
    zone: ZoneInfo,
    notices: Sequence[Notice],
) -> Sheet:
    """The sheet of the ledger's last assessment, made whole again."""
    person = _SEXES.get(entry.sex, "Person")
    band = next((display for code, display, _, _ in AGE_BANDS if code == entry.age_band), "")
    if band:
        person += f", age {band.lower()}"
    return _sheet(
        assessment,
        protocol,
        past,
        timeline,
        links,
        person=person,
        read_at=_instant(entry.at, zone),
        notices=notices,
        why={},
        coming=(),
        reported=[(p["source"], p["problem"]) for p in entry.reported],
        is_from_chart=False,
    )


def empty_sheet(
    person: KnownPerson,
    past: Past,
    timeline: Timeline,
    links: SourceLinks,
    notices: Sequence[Notice],
) -> Sheet:
    """The sheet of somebody whom nobody has judged and whose chart cannot be read now."""
    patient = ResourceRef("Patient", person.fhir_id)
    return Sheet(
        patient=str(patient),
        link=links.of(patient),
        person="Person",
        headline=NOT_JUDGED,
        status="",
        judged_on=None,
        read_at="",
        protocol="",
        digest="",
        notices=tuple(notices),
        findings=FindingGroups(),
        weighing=(),
        is_at_risk=False,
        would_change=(),
        coming=(),
        alert="",
        notes=(),
        unread=(),
        reported=(),
        timeline=timeline,
        events=_events(timeline, links),
        alerts=alert_lines(past.alerts, links),
        said=said_lines(past.decisions, links),
        judged=judged_lines(past.history),
        about=AlertKind.SCREENING,
        is_from_chart=False,
    )


def _sheet(
    assessment: Assessment,
    protocol: Protocol,
    past: Past,
    timeline: Timeline,
    links: SourceLinks,
    *,
    person: str,
    read_at: str,
    notices: Sequence[Notice],
    why: Mapping[str, str],
    coming: Sequence[Change],
    reported: Sequence[tuple[str, str]],
    is_from_chart: bool,
) -> Sheet:
    is_gap = assessment.status is Status.RESULT_NEEDS_ACTION
    return Sheet(
        patient=str(assessment.patient),
        link=links.of(assessment.patient),
        person=person,
        headline=headline(assessment, protocol),
        status=str(assessment.status),
        judged_on=assessment.on,
        read_at=read_at,
        protocol=f"{assessment.protocol_id} {assessment.protocol_version}",
        digest=assessment.protocol_digest[:_SHORT_DIGEST],
        notices=tuple(notices),
        findings=grouped(assessment, protocol, links, why),
        weighing=_weighing(assessment),
        is_at_risk=assessment.weighing.is_reached,
        would_change=_would_change(assessment),
        coming=tuple(coming),
        alert=alert_text(assessment, protocol),
        notes=assessment.notes,
        unread=tuple(_unread(assessment, why)),
        reported=tuple(dict.fromkeys(reported)),
        timeline=timeline,
        events=_events(timeline, links),
        alerts=alert_lines(past.alerts, links),
        said=said_lines(past.decisions, links),
        judged=judged_lines(past.history),
        about=AlertKind.TREATMENT_GAP if is_gap else AlertKind.SCREENING,
        is_from_chart=is_from_chart,
    )


def _person(record: PatientRecord, on: date) -> str:
    word = _SEXES.get(record.sex, "Person")
    record, _ = with_possible_birth(record, on)
    youngest, oldest = youngest_age(record, on), oldest_age(record, on)
    if youngest is None:
        return f"{word}, birth date not known"
    years = str(youngest) if youngest == oldest else f"{youngest} or {oldest}"
    return f"{word}, {years} years"


def _instant(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at is not None else ""


def _would_change(assessment: Assessment) -> tuple[str, ...]:
    """What is not said at the head of the sheet already."""
    if assessment.status is Status.COULD_NOT_DETERMINE:
        return ()
    return what_would_change(assessment)


def _unread(assessment: Assessment, why: Mapping[str, str]) -> Iterator[str]:
    """What did not come and stands with no unknown finding, where it would be said again."""
    unknown = [f for f in assessment.findings if f.verdict is Verdict.UNKNOWN]
    for name in sorted(assessment.unread - {t for f in unknown for t in f.missing}):
        yield f"{name} ({why[name]})" if why.get(name) else name


def _weighing(assessment: Assessment) -> tuple[WeighingLine, ...]:
    weighing = assessment.weighing
    unknown = [f for f in assessment.risk_factors if f.verdict is Verdict.UNKNOWN]
    possible = weighing.with_also((f.domain, f.grade) for f in unknown)
    domains = sorted(weighing.domains)
    named = f"{len(domains)} ({', '.join(domains)})" if domains else "0"
    majors_needed, domains_needed = weighing.majors_needed, weighing.domains_needed
    return (
        WeighingLine(
            "MAJOR criteria",
            str(weighing.majors),
            majors_needed,
            _truth(weighing.majors, possible.majors, majors_needed),
        ),
        WeighingLine(
            "Different domains",
            named,
            domains_needed,
            _truth(len(domains), len(possible.domains), domains_needed),
        ),
    )


def _truth(met: int, possible: int, needed: int) -> Truth:
    if met >= needed:
        return "true"
    return "not known" if possible >= needed else "false"


def _events(timeline: Timeline, links: SourceLinks) -> tuple[EventLine, ...]:
    """The newest first, and those without a date at the end."""
    newest = sorted(timeline.events, key=lambda e: (e.end or e.start, e.start), reverse=True)
    dated = [
        EventLine(str(e.lane), _when(e), e.label, str(e.source or ""), links.of(e.source))
        for e in newest
    ]
    undated = [
        EventLine(str(u.lane), "no date", u.label, str(u.source or ""), links.of(u.source))
        for u in timeline.undated
    ]
    return (*dated, *undated)


def _when(event: TimelineEvent) -> str:
    return f"{event.start} to {event.end}" if event.end else str(event.start)
