"""Every way to show alerts, by name: what it can do, what it needs, how it is made.

A newcomer would get one thing wrong: nothing is chosen here. `strategy` asks each channel what the
server and the settings lack for it; `wiring` makes the reader and the writer of the one chosen.

A change of channel repeats nothing. What the ledger holds as told by another channel counts as told
until that alert is over; only then does the new channel speak, unless `ChannelOptions.repeats`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from service.ehr.alerts import AlertReader
from service.ehr.capability import Capability
from service.ehr.card_channel import CARDS, CardReader, CardWriter
from service.ehr.client import FHIRClient
from service.ehr.delivery.channel import (
    AlertReading,
    AlertWriting,
    Channel,
    ChannelOptions,
    ChannelTraits,
)
from service.ehr.delivery.communication import refusals
from service.ehr.delivery.flag_and_task import AlertType, Delivery
from service.ehr.delivery.forms import CommunicationForm, ServiceRequestForm
from service.ehr.delivery.provenance import ProvenanceRecorder
from service.ehr.delivery.worklist_file import WorklistFile
from service.ehr.message_reader import MessageReader, MessageType, RowReader
from service.ehr.message_writer import MessageForm, MessageWriter, can_look
from service.ehr.row_writer import RowWriter
from service.ehr.writer import Writer
from service.screening.alert import AlertKind

_SCREENING_ONLY = frozenset({AlertKind.SCREENING})


def _flag_and_task(name: str, types: tuple[AlertType, ...], says: str) -> Channel:
    """Flag, Task or both: read back by searches, renewed and closed in place."""

    def traits(_capability: Capability) -> ChannelTraits:
        return ChannelTraits(
            found_again=True,
            can_be_updated=True,
            can_be_closed=True,
            shows_declines=True,
            at_most_once=False,
            kinds=frozenset(AlertKind) if "Task" in types else _SCREENING_ONLY,
        )

    def needs(capability: Capability) -> tuple[str, ...]:
        lacking = []
        for type_ in types:
            offers = {
                "create": capability.can_create(type_),
                "update": capability.can_write(type_) or not capability.can_create(type_),
                "read": capability.can_read(type_),
                "search": capability.can_search(type_),
            }
            lacking += [
                f"the server does not offer {what} of {type_}"
                for what, is_offered in offers.items()
                if not is_offered
            ]
        return tuple(lacking)

    def reader(client: FHIRClient, capability: Capability, options: ChannelOptions) -> AlertReading:
        return AlertReader(
            client,
            capability,
            types=types,
            channel=name,
            repeats=options.repeats,
            snooze_months=options.snooze_months,
            key_of=options.key_of,
            batch_size=1 if options.manners.one_at_a_time else options.batch_size,
            prefer_post=options.prefer_post,
        )

    def writer(client: FHIRClient, capability: Capability, options: ChannelOptions) -> AlertWriting:
        return Writer(
            client,
            capability,
            Delivery(types=frozenset(types), options=options.shown),
            now=options.now,
            channel=name,
            manners=options.manners,
            provenance=_recorder(client, capability, options),
        )

    return Channel(name, says, types, len(types), traits, needs, _nothing, reader, writer)


def _message(
    name: str,
    type_: MessageType,
    says: str,
    form: Callable[[ChannelOptions], MessageForm],
    lacks: Callable[[ChannelOptions], tuple[str, ...]],
) -> Channel:
    """A message or a draft: remembered by the ledger, read one by one."""

    def traits(capability: Capability) -> ChannelTraits:
        is_draft = type_ == "ServiceRequest"
        can_change = is_draft and capability.can_write(type_) and capability.can_read(type_)
        return ChannelTraits(
            found_again=can_look(capability, type_),
            can_be_updated=can_change,
            can_be_closed=can_change,
            shows_declines=is_draft and capability.can_read(type_),
            at_most_once=not can_look(capability, type_),
            kinds=_SCREENING_ONLY if is_draft else frozenset(AlertKind),
        )

    def needs(capability: Capability) -> tuple[str, ...]:
        if capability.can_create(type_):
            return ()
        return (f"the server does not offer create of {type_}",)

    def reader(client: FHIRClient, capability: Capability, options: ChannelOptions) -> AlertReading:
        return MessageReader(
            client,
            capability,
            type_,
            channel=name,
            snooze_months=options.snooze_months,
            at_most_once=not can_look(capability, type_),
            repeats=options.repeats,
        )

    def writer(client: FHIRClient, capability: Capability, options: ChannelOptions) -> AlertWriting:
        return MessageWriter(
            client,
            capability,
            form(options),
            channel=name,
            now=options.now,
            manners=options.manners,
            provenance=_recorder(client, capability, options),
        )

    return Channel(name, says, (type_,), 0, traits, needs, lacks, reader, writer)


def _worklist_file() -> Channel:
    name = "worklist-file"

    def traits(_capability: Capability) -> ChannelTraits:
        return ChannelTraits(
            found_again=True,
            can_be_updated=True,
            can_be_closed=True,
            shows_declines=False,
            at_most_once=False,
        )

    def lacks(options: ChannelOptions) -> tuple[str, ...]:
        if options.worklist is None:
            return (
                "BONEFLAG_WORKLIST_FILE is not set: give the path of the worklist, without .csv,"
                " in a folder that every worker can write to",
            )
        if not options.worklist.parent.is_dir():
            return ("the folder of BONEFLAG_WORKLIST_FILE does not exist: make it",)
        return ()

    def reader(
        _client: FHIRClient, _capability: Capability, options: ChannelOptions
    ) -> AlertReading:
        # In shadow mode a site may look around before it has said where the file is to be.
        path = options.worklist
        keys = WorklistFile(path).keys if path is not None else frozenset[str]
        return RowReader(keys, channel=name, repeats=options.repeats)

    def writer(
        client: FHIRClient, _capability: Capability, options: ChannelOptions
    ) -> AlertWriting:
        if options.worklist is None:
            raise ValueError("BONEFLAG_WORKLIST_FILE is not set")
        return RowWriter(client, WorklistFile(options.worklist), channel=name)

    says = "a CSV and an NDJSON file of all alerts that stand, for a registry or a report"
    return Channel(name, says, (), 0, traits, _needs_nothing, lacks, reader, writer)


def _cards() -> Channel:
    """Shown when the EHR asks, at a chart that somebody opens or an order that they sign."""

    def traits(_capability: Capability) -> ChannelTraits:
        return ChannelTraits(
            found_again=True,
            can_be_updated=True,
            can_be_closed=True,
            shows_declines=True,
            at_most_once=False,
        )

    def lacks(options: ChannelOptions) -> tuple[str, ...]:
        if options.serves_cards:
            return ()
        return (
            "BONEFLAG_CDS_HOOKS_URL is not set: give the address at which the EHR asks for cards"
            " (docs/cds-hooks.md)",
        )

    def reader(
        _client: FHIRClient, _capability: Capability, options: ChannelOptions
    ) -> AlertReading:
        return CardReader(repeats=options.repeats)

    def writer(
        _client: FHIRClient, _capability: Capability, _options: ChannelOptions
    ) -> AlertWriting:
        return CardWriter()

    says = "a CDS Hooks card while somebody has the chart open"
    return Channel(CARDS, says, (), 0, traits, _needs_nothing, lacks, reader, writer)


def _recorder(
    client: FHIRClient, capability: Capability, options: ChannelOptions
) -> ProvenanceRecorder | None:
    if not options.provenance or not capability.can_create("Provenance"):
        return None
    return ProvenanceRecorder(client, author=options.shown.author, now=options.now)


def _nothing(_options: ChannelOptions) -> tuple[str, ...]:
    return ()


def _needs_nothing(_capability: Capability) -> tuple[str, ...]:
    return ()


def _no_codes(options: ChannelOptions) -> tuple[str, ...]:
    return () if options.scan_codes else ("no code of a bone density scan is configured",)


_ALL = (
    _flag_and_task("flag-and-task", ("Flag", "Task"), "a banner on the chart and a piece of work"),
    _flag_and_task("task", ("Task",), "a piece of work that somebody takes or turns down"),
    _flag_and_task("flag", ("Flag",), "a banner on the chart, for the screening alert alone"),
    _message(
        "communication",
        "Communication",
        "a message to a practitioner, a role or a group; it cannot be taken back",
        lambda o: CommunicationForm(o.shown, o.style, says_closing=o.closing_message),
        lambda o: tuple(refusals(o.shown, o.style)),
    ),
    _message(
        "service-request",
        "ServiceRequest",
        "a draft proposal to order a scan, for the screening alert alone",
        lambda o: ServiceRequestForm(o.shown, o.scan_codes),
        _no_codes,
    ),
    _worklist_file(),
    _cards(),
)

CHANNELS: Mapping[str, Channel] = MappingProxyType({channel.name: channel for channel in _ALL})
"""Every channel by its name, in the order in which they are tried."""
