"""Settings -> the ledger, and the whole line of one site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.ehr import connection_for
from service.wiring.login import politeness_for
from service.wiring.protocol import protocol_for, today_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.pipeline import Pipeline
    from service.standing import Standing
    from service.store.ledger import Ledger
    from service.store.retention import Spans


def ledger_for(settings: Settings) -> Ledger:
    """The ledger, brought up to this version; the audit tells it was this process."""
    from service.acting import process, software
    from service.store.acts import Actor
    from service.store.ledger import Ledger

    client = settings.smart_client_id or settings.fhir_user or "BoneFlag"
    actor = Actor(client, software(), process())
    ledger = Ledger(settings.database_url, attempts_in_a_run=settings.attempts_per_run, actor=actor)
    ledger.migrate()
    return ledger


def spans_for(settings: Settings) -> Spans:
    """For how long the ledger keeps what."""
    from service.store.retention import Spans

    return Spans(
        settings.audit_retention_days,
        settings.history_retention_days,
        settings.left_people_retention_days,
    )


def pipeline_for(settings: Settings, stops_for: tuple[type[Exception], ...] = ()) -> Pipeline:
    """The whole line of one site; `stops_for` are the door's own ways to end work (see there)."""
    from service.pipeline import Limits, Pipeline

    return Pipeline(
        connection_for(settings),
        ledger_for(settings),
        protocol_for(settings),
        site=settings.site_id,
        mode=settings.mode,
        limits=Limits(
            settings.max_new_alerts_per_run,
            settings.batch_size,
            settings.cohort_alarm_percent,
            settings.max_new_alerts_percent_per_run,
        ),
        now=lambda: datetime.now(UTC),
        today=lambda: today_for(settings),
        # A hospital that lists its cohort itself decides who comes in.
        admits_newcomers="code-search" in settings.source_names,
        stops_for=stops_for,
    )


def standing_for(settings: Settings, ledger: Ledger) -> Standing:
    """How it stands towards the EHR, for a report."""
    from service.standing import Standing

    look = politeness_for(settings).look()
    return Standing(ledger.switches.paused(), look, settings.ehr_requests_per_day)
