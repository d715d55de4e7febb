"""Settings -> what fills a lost ledger again, and how it looks for the alerts of each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.ehr import connection_for, options_at
from service.wiring.protocol import protocol_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.alerts import AlertsRead
    from service.ehr.connection import EHRConnection
    from service.ehr.delivery.channel import Channel, ChannelOptions
    from service.ehr.message_reader import MessageType
    from service.rebuilding import Rebuilding, Sight
    from service.store.ledger import Ledger

_MESSAGES: dict[str, MessageType] = {
    "communication": "Communication",
    "service-request": "ServiceRequest",
}
_TOLD_AGAIN = (
    "None of the alerts that were told is found again, and once it is approved everybody who is due"
    " would be told a second time. Restore a backup of the ledger rather than going live"
)


def rebuilding_for(
    settings: Settings, ledger: Ledger, tell: Callable[[int, int], None]
) -> tuple[EHRConnection, Rebuilding]:
    """The EHR, to be closed, and the rebuilding by the channel of today."""
    from service.ehr.delivery.channels import CHANNELS
    from service.rebuilding import Rebuilding

    ehr = connection_for(settings)
    channel = CHANNELS[ehr.strategy.delivery.what]
    rebuilding = Rebuilding(
        ehr,
        ledger,
        protocol_for(settings),
        site=settings.site_id,
        channel=channel.name,
        sight=_sight(ehr, channel, options_at(settings, ehr)),
        now=lambda: datetime.now(UTC),
        tell=tell,
    )
    return ehr, rebuilding


def _sight(ehr: EHRConnection, channel: Channel, options: ChannelOptions) -> Sight:
    from service.rebuilding import Sight

    if channel.name in _MESSAGES:
        return _sight_of_messages(ehr, _MESSAGES[channel.name], options)
    if channel.name == "worklist-file":
        return _sight_of_rows(options)
    return Sight(lambda ids: ehr.read_alerts(ids, {}), _told(ehr, channel.types))


def _sight_of_messages(ehr: EHRConnection, type_: MessageType, options: ChannelOptions) -> Sight:
    from service.ehr.lost_messages import LostMessages, can_find
    from service.rebuilding import Sight

    assert options.key_of is not None  # noqa: S101 - for the type checker: wiring always gives it
    if not can_find(ehr.capability(), type_):
        why = f"this EHR offers no search of {type_} by patient. {_TOLD_AGAIN}"
        return Sight(_nothing, lambda: None, why)
    messages = LostMessages(
        ehr.client,
        ehr.capability(),
        type_,
        key_of=options.key_of,
        snooze_months=options.snooze_months,
    )
    return Sight(messages.read, _told(ehr, (type_,)))


def _sight_of_rows(options: ChannelOptions) -> Sight:
    from service.ehr.delivery.worklist_file import WorklistFile
    from service.ehr.lost_messages import LostRows
    from service.rebuilding import Sight

    assert options.key_of is not None  # noqa: S101 - for the type checker: wiring always gives it
    if options.worklist is None or not _ndjson(options.worklist).exists():
        why = "there is no worklist file (BONEFLAG_WORKLIST_FILE, with .ndjson added). "
        return Sight(_nothing, lambda: None, why + _TOLD_AGAIN)
    rows = LostRows(WorklistFile(options.worklist).rows, key_of=options.key_of)
    return Sight(rows.read, rows.people)


def _ndjson(path: Path) -> Path:
    return path.with_name(f"{path.name}.ndjson")


def _told(ehr: EHRConnection, types: Sequence[str]) -> Callable[[], frozenset[str] | None]:
    from service.ehr.told_people import told_people

    return lambda: told_people(ehr.client, ehr.capability(), types)


def _nothing(_ids: Sequence[str]) -> AlertsRead:
    from service.ehr.alerts import AlertsRead

    return AlertsRead({})
