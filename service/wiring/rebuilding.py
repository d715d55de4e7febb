"""Settings -> what fills a lost ledger again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from service.settings import Settings
from service.wiring.ehr import connection_for
from service.wiring.protocol import protocol_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.connection import EHRConnection
    from service.ehr.delivery.flag_and_task import AlertType
    from service.rebuilding import Rebuilding
    from service.store.ledger import Ledger


def rebuilding_for(
    settings: Settings, ledger: Ledger, tell: Callable[[int, int], None]
) -> tuple[EHRConnection, Rebuilding]:
    """The EHR, to be closed, and the rebuilding by the channel of today."""
    from service.ehr.delivery.channels import CHANNELS
    from service.ehr.told_people import told_people
    from service.rebuilding import Rebuilding

    ehr = connection_for(settings)
    channel = CHANNELS[ehr.strategy.delivery.what]
    types = cast("tuple[AlertType, ...]", channel.types)
    is_searched = set(types) <= {"Flag", "Task"} and bool(types)

    def told() -> frozenset[str] | None:
        return told_people(ehr.client, ehr.capability(), types) if is_searched else None

    rebuilding = Rebuilding(
        ehr,
        ledger,
        protocol_for(settings),
        site=settings.site_id,
        channel=channel.name,
        told=told,
        now=lambda: datetime.now(UTC),
        tell=tell,
    )
    return ehr, rebuilding
