"""The line for a card: what to show to somebody who opens a chart or signs an order.

A newcomer would get three things wrong. Nothing is opened or closed here: a card shows an alert
that the line has opened in its channel, under the approvals and limits that hold for every channel.
Whether anything may be shown is asked before the chart is looked at. And every call stands in the
audit, about a stranger too, of whom nothing else is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import structlog

from service.cards.call import Call, Card, CardOptions, ChartMissing
from service.cards.known_people import KnownPeople, Told
from service.cards.lent_charts import LentCharts
from service.cards.newcomers import Newcomers
from service.ehr.parse import RecordParser
from service.ehr.prefetch import BroughtChart, chart_in, drafts_a_scan
from service.going_live.leave import GoingLive
from service.screening.alert import Alert, AlertKind
from service.screening.protocol import Protocol
from service.store.acts import Act
from service.store.cohort import Somebody
from service.store.ledger import Ledger

_log = structlog.get_logger()
Propose = Callable[[Alert], Mapping[str, Any] | None]
"""The draft of the order that an alert suggests; None where none can be made."""


class CardLine:
    """Answers the calls of one site. Thread safe; raises StoreError where the ledger is away.

    `now` gives aware instants, `today` the day at the hospital.
    """

    def __init__(
        self,
        ledger: Ledger,
        protocol: Protocol,
        parser: RecordParser,
        options: CardOptions,
        *,
        lent_charts: LentCharts,
        propose: Propose,
        now: Callable[[], datetime],
        today: Callable[[], date],
    ) -> None:
        self._ledger = ledger
        self._protocol = protocol
        self._needs = protocol.needs
        self._parser = parser
        self._options = options
        self._going_live = GoingLive(ledger, options.mode)
        self._known = KnownPeople(ledger, protocol, parser, options, today)
        self._new = Newcomers(ledger, protocol, parser, options, lent_charts, today)
        self._propose = propose
        self._now = now

    def answer(self, call: Call) -> tuple[Card, ...]:
        """The cards to show now; ChartMissing where nobody can tell."""
        with self._ledger.reading_together():
            who = self._ledger.cohort.find(call.patient_id)
            key = "" if who is None else who.key
            silent = self._why_silent(call, who)
            is_known = who is not None and who.is_judged
            told = self._known.told(key) if is_known and not silent else None
        if silent:
            self._record(call, key, (), silent)
            return ()
        alerts = self._alerts_of_the_known(call, told) if is_known else self._of_new(call, key)
        key = self._record(call, key, alerts, "shown" if alerts else "nothing to show")
        return tuple(Card(alert, self._order_of(alert), key) for alert in alerts)

    def _alerts_of_the_known(self, call: Call, told: Told | None) -> tuple[Alert, ...]:
        return () if told is None else self._known.alerts_of(told, self._chart_in(call))

    def _of_new(self, call: Call, key: str) -> tuple[Alert, ...]:
        """About people whom nobody has judged: their charts may have to be fetched first."""
        try:
            return self._new.alerts_of(call, key, self._chart_in(call))
        except ChartMissing:
            self._record(call, key, (), "chart missing")
            raise

    def _chart_in(self, call: Call) -> BroughtChart:
        return chart_in(call.prefetch, call.patient_id, self._needs)

    def _order_of(self, alert: Alert) -> Mapping[str, Any] | None:
        return self._propose(alert) if alert.kind is AlertKind.SCREENING else None

    def _why_silent(self, call: Call, who: Somebody | None) -> str:
        """Why nothing is shown whatever the chart says; "" where nothing speaks against it."""
        if not (self._options.is_channel or self._options.beside):
            return "alerts are shown in another way"
        if self._ledger.switches.paused() is not None:
            return "paused"
        leave = self._going_live.leave(self._protocol.digest)
        if leave.approval is None:
            return "not approved"
        if who is not None and not who.may_be_read:
            return "left out"
        keys = [] if who is None else [who.key]
        is_canary = leave.approval.stage != "full"
        if is_canary and not self._going_live.people(self._protocol.digest, keys):
            return "not in the canary"
        is_ordered = call.hook == "order-sign" and drafts_a_scan(
            call.drafts, call.patient_id, self._parser
        )
        return "a scan is being ordered" if is_ordered else ""

    # What is remembered

    def _record(self, call: Call, key: str, alerts: tuple[Alert, ...], why: str) -> str:
        """The act for the audit, and what was shown; whoever is new is handed to the line.

        The key of the patient, which somebody new has from now on; "" for nobody's.
        """
        now = self._now()
        if alerts and not key:
            key = self._handed_to_the_line(call.patient_id, now)
        brought = ", ".join(sorted({n.type for n in self._needs} & call.prefetch.keys()))
        act = Act(
            "card",
            key,
            reason=why,
            detail=f"{call.hook}; brought: {brought or 'nothing'}",
            protocol_digest=self._protocol.digest,
            by=call.user,
        )
        self._ledger.cards.show(key, [(alert.key, alert.kind) for alert in alerts], act, now)
        _log.info("card_asked_for", hook=call.hook, cards=len(alerts), outcome=why)
        return key

    def _handed_to_the_line(self, patient_id: str, at: datetime) -> str:
        """The key of somebody who is to be judged by the line, which opens the alert or not."""
        key = self._ledger.cohort.register([patient_id], "asked for", at)[patient_id]
        run = self._going_live.open_run("screen", self._protocol.digest, at)
        self._ledger.pending.mark(run, [key], at)
        self._ledger.runs.finish_reading(run)
        return key
