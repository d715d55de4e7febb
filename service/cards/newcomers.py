"""Cards about people whom the line has not judged yet, by what a call brings alone.

A newcomer would get three things wrong. Nearly everybody whose chart is opened in a hospital has no
MS: one look at their diagnoses must be enough, and nothing of them is kept. What did not come may
speak against an alert, and counts as withheld; but a type that an EHR gives of nobody must not keep
everybody from being told. And whoever has a history in the ledger is left to the line, which knows
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from service.cards.call import Call, CardOptions, ChartMissing
from service.cards.lent_charts import LentCharts
from service.ehr.lent_access import LentAccess
from service.ehr.parse import RecordParser
from service.ehr.prefetch import BroughtChart
from service.screening.alert import Alert, AlertKind
from service.screening.assess import Assessment, Status, assess, with_decisions
from service.screening.criteria.multiple_sclerosis import CRITERION as COHORT
from service.screening.plan import alert_for
from service.screening.protocol import Protocol
from service.screening.record import Decision
from service.store.ledger import Ledger

_DECIDING = frozenset(need.type for need in COHORT.needs)
FIRST_EPISODE = 1


class Newcomers:
    """What to show of people whom nobody has judged. `today` is the day at the hospital."""

    def __init__(
        self,
        ledger: Ledger,
        protocol: Protocol,
        parser: RecordParser,
        options: CardOptions,
        lent_charts: LentCharts,
        today: Callable[[], date],
    ) -> None:
        self._ledger = ledger
        self._protocol = protocol
        self._needs = protocol.needs
        self._parser = parser
        self._options = options
        self._lent_charts = lent_charts
        self._today = today

    def alerts_of(self, call: Call, key: str, chart: BroughtChart) -> tuple[Alert, ...]:
        """The alert that the line would open; ChartMissing where nobody can tell."""
        if not self._options.is_channel or (key and self._ledger.alerts.history([key])):
            return ()
        said = self._ledger.decisions.of([key]).get(key, ()) if key else ()
        now = self._judged(call, chart, said)
        if now.status is not Status.DUE:
            return ()
        site, on = self._options.site, self._today()
        kind = AlertKind.SCREENING
        return (alert_for(kind, now, site, self._protocol, FIRST_EPISODE, on),)

    def _judged(self, call: Call, chart: BroughtChart, said: tuple[Decision, ...]) -> Assessment:
        deadline = self._lent_charts.deadline()
        lent = call.lent
        if lent is not None and not self._lent_charts.is_possible(lent, call.patient_id):
            lent = None
        if chart.unread & _DECIDING:
            chart = self._completed(lent, chart, _DECIDING, deadline)
            if chart.unread & _DECIDING:
                raise ChartMissing(_DECIDING)
        now = self._assess(chart, said)
        if not chart.unread or not now.finding(COHORT.id).is_met:
            return now
        if lent is not None:
            return self._assess(self._completed(lent, chart, chart.unread, deadline), said)
        if now.status is Status.COULD_NOT_DETERMINE:
            raise ChartMissing(chart.unread)
        return now

    def _assess(self, chart: BroughtChart, said: tuple[Decision, ...]) -> Assessment:
        record = with_decisions(chart.record(self._parser), said)
        return assess(record, self._protocol, self._today())

    def _completed(
        self,
        lent: LentAccess | None,
        chart: BroughtChart,
        types: Iterable[str],
        deadline: float,
    ) -> BroughtChart:
        """The chart with these types as far as lent access brings them; ChartMissing without."""
        wanted = frozenset(types)
        if lent is None:
            raise ChartMissing(wanted)
        needs = tuple(need for need in self._needs if need.type in wanted)
        came = self._lent_charts.read(lent, chart.patient_id, needs, deadline)
        return chart if came is None else chart.completed_by(came)
