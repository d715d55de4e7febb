"""The door as the settings want it: what it needs is opened at the first call that comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import Route

from service.ehr.prefetch import prefetch_templates
from service.settings import Settings
from service.store.ledger import Ledger
from service.web.cds_hooks.card_json import Addresses
from service.web.cds_hooks.routes import Door, routes
from service.web.late import once
from service.wiring import protocol_for, vocabulary_for
from service.wiring.cards import callers_for, card_feedback_for, card_line_for, card_url_for


def card_routes_for(settings: Settings, ledger: Callable[[], Ledger]) -> Sequence[Route]:
    """The routes of CDS Hooks, none where it is switched off. SettingsInvalid for bad settings."""
    if not settings.cds_hooks_url:
        return ()
    protocol = protocol_for(settings)
    return routes(
        Door(
            url=card_url_for(settings),
            protocol=protocol,
            templates=prefetch_templates(protocol.needs, vocabulary_for(settings)),
            callers=callers_for(settings),
            line=once(lambda: card_line_for(settings, ledger())),
            feedback=once(lambda: card_feedback_for(settings, ledger())),
            addresses=Addresses(
                settings.card_source_url,
                settings.page_url.rstrip("/"),
                bool(settings.launch_client_id),
            ),
            origins=settings.card_origins,
        )
    )
