"""Cards about people whom the line has judged: the alerts that stand, looked at once more.

A newcomer would get three things wrong. No alert, no card: whoever is due and not told yet waits
for their run. A chart that came whole speaks for itself, but what it leaves open is answered by the
ledger: unknown closes nothing. And of a chart that came in parts only what is news counts, for what
the ledger knew was weighed with the rest of the chart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from service.cards.call import CardOptions
from service.ehr.card_channel import CARDS
from service.ehr.parse import RecordParser
from service.ehr.prefetch import BroughtChart
from service.kept_assessment import assessment_from
from service.screening.alert import Alert, AlertKind
from service.screening.assess import Assessment, Status, assess, with_decisions
from service.screening.criterion import Verdict
from service.screening.plan import alert_for, gap_status
from service.screening.protocol import Protocol
from service.screening.record import REQUIRED_TYPES, Decision, PatientRecord
from service.screening.refusal import is_said_since
from service.screening.silence import news_that_silences
from service.store.entries import AlertEntry, AssessmentEntry, EntryState
from service.store.ledger import Ledger

_TOLD = (EntryState.CONFIRMED, EntryState.UNKNOWN)
_UNKNOWN = (Status.COULD_NOT_DETERMINE, Status.ERROR)
# Without these a chart says nothing by itself. Others are not given by many an EHR, and what they
# leave unknown is weighed as everywhere.
_DECISIVE = REQUIRED_TYPES | {"ServiceRequest"}
# By which status an alert of each kind speaks.
_SPEAKS = {AlertKind.SCREENING: Status.DUE, AlertKind.TREATMENT_GAP: Status.RESULT_NEEDS_ACTION}


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What the ledger knows of somebody: the alerts that may be shown, and what they rest on.

    `kept` is the latest assessment, `spoke` the one before everything became unknown.
    """

    alerts: tuple[AlertEntry, ...]
    kept: AssessmentEntry
    spoke: AssessmentEntry
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Views:
    """`record` and `now` by what came, `then` by the ledger, which last looked on `since`."""

    record: PatientRecord
    now: Assessment
    then: Assessment
    since: date
    is_whole: bool


class KnownPeople:
    """What to show of people in the ledger. `today` is the day at the hospital."""

    def __init__(
        self,
        ledger: Ledger,
        protocol: Protocol,
        parser: RecordParser,
        options: CardOptions,
        today: Callable[[], date],
    ) -> None:
        self._ledger = ledger
        self._protocol = protocol
        self._parser = parser
        self._options = options
        self._today = today

    def told(self, key: str) -> Told | None:
        """What the ledger knows of somebody whom the line has judged; None: nothing to show."""
        found = self._ledger.alerts.open([key]).get(key, ())
        alerts = tuple(entry for entry in found if self._is_shown(entry))
        kept = self._ledger.screenings.latest([key]).get(key) if alerts else None
        if kept is None:
            return None
        decisions = self._ledger.decisions.of([key]).get(key, ())
        return Told(alerts, kept, self._last_that_spoke(key, kept), decisions)

    def alerts_of(self, told: Told, chart: BroughtChart) -> tuple[Alert, ...]:
        """The alerts that stand and speak now. Asks the ledger for nothing."""
        views = self._views(told, chart)
        found = (self._alert_by(views, entry) for entry in told.alerts)
        return tuple(alert for alert in found if alert is not None)

    def _is_shown(self, entry: AlertEntry) -> bool:
        if entry.protocol_id != self._protocol.id or entry.state not in _TOLD:
            return False
        return self._options.beside or entry.channel == CARDS

    def _views(self, told: Told, chart: BroughtChart) -> _Views:
        record = with_decisions(chart.record(self._parser), told.decisions)
        on = self._today()
        return _Views(
            record,
            assess(record, self._protocol, on),
            assessment_from(told.spoke, record.patient, self._protocol, on),
            told.kept.on,
            not chart.unread & _DECISIVE,
        )

    def _last_that_spoke(self, key: str, kept: AssessmentEntry) -> AssessmentEntry:
        """The latest assessment, or the one before everything became unknown."""
        if kept.status not in _UNKNOWN:
            return kept
        spoke = [e for e in self._ledger.screenings.history(key) if e.status in _SPEAKS.values()]
        return spoke[-1] if spoke else kept

    def _alert_by(self, views: _Views, entry: AlertEntry) -> Alert | None:
        if views.is_whole:
            status = _status_of(entry.kind, views.now)
            if status is Status.DUE:
                return self._alert(entry, views.now)
            if not _is_left_open(status, views.now):
                return None
        if views.then.status is not _SPEAKS[entry.kind] or self._is_silenced(views, entry.kind):
            return None
        return self._alert(entry, views.then)

    def _is_silenced(self, views: _Views, kind: AlertKind) -> bool:
        on = self._today()
        return news_that_silences(kind, views.now, views.then) or is_said_since(
            views.record, self._protocol, views.since, on, kind
        )

    def _alert(self, entry: AlertEntry, assessment: Assessment) -> Alert:
        site, opened_on = self._options.site, entry.opened_on
        made = alert_for(entry.kind, assessment, site, self._protocol, entry.episode, opened_on)
        # The key of what stands is kept, even where another version of us made it.
        return replace(made, key=entry.key)


def _status_of(kind: AlertKind, assessment: Assessment) -> Status:
    return assessment.status if kind is AlertKind.SCREENING else gap_status(assessment)


def _is_left_open(status: Status, now: Assessment) -> bool:
    """Whether a chart that came whole cannot tell: then nothing is concluded from it."""
    if status in _UNKNOWN:
        return True
    is_open = any(f.verdict is Verdict.UNKNOWN for f in now.risk_factors)
    return status is Status.NOT_AT_RISK and is_open
