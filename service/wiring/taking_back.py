"""Settings -> the channels by which alerts were told, each to read and to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.ehr import connection_for, options_at

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.connection import EHRConnection
    from service.ehr.delivery.opened_channel import OpenChannel, OpenedChannel


def channels_for(settings: Settings) -> tuple[EHRConnection, OpenChannel]:
    """The EHR, to be closed, and its channels by name; each is opened once.

    They write whatever the mode and although BoneFlag is paused: whoever asks for them has asked
    whether they may.
    """
    from service.ehr.delivery.channels import CHANNELS
    from service.ehr.delivery.opened_channel import OpenedChannel

    ehr = connection_for(settings)
    ehr.ignore_pause()
    opened: dict[str, OpenedChannel] = {}

    def open_channel(name: str) -> OpenedChannel:
        channel = CHANNELS[name or ehr.strategy.delivery.what]
        if channel.name not in opened:
            parts = ehr.client, ehr.capability(), options_at(settings, ehr)
            opened[channel.name] = OpenedChannel(
                channel.name, channel.reader(*parts), channel.writer(*parts)
            )
        return opened[channel.name]

    return ehr, open_channel
