"""Settings -> the EHR: how to work with it, where the cohort comes from, how alerts are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.screening.alert import AlertKind, alert_key
from service.screening.protocol import Protocol
from service.screening.record import ResourceRef
from service.screening.value_sets import Vocabulary
from service.settings import Settings, SettingsInvalid
from service.wiring.login import client_for
from service.wiring.protocol import effective_for, today_for, vocabulary_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.capability import Capability
    from service.ehr.client import FHIRClient
    from service.ehr.cohort.choice import CohortWishes
    from service.ehr.cohort.members import CohortMembers
    from service.ehr.connection import EHRConnection
    from service.ehr.delivery.channel import AlertReading, AlertWriting, ChannelOptions
    from service.ehr.delivery.elements import DeliveryOptions
    from service.ehr.delivery.flag_and_task import Delivery
    from service.ehr.reader import BuildRecord
    from service.ehr.strategy import Strategy
    from service.ehr.vendors.vendor import Vendor

# Below the time limit of the task that waits for it.
_EXPORT_PATIENCE_SECONDS = 600.0


def connection_for(settings: Settings) -> EHRConnection:
    """The EHR. In shadow mode it has no writer: nothing can be written, whatever is asked."""
    from service.ehr.parse import RecordParser

    vocabulary = vocabulary_for(settings)
    build = RecordParser(vocabulary).record
    return _connection(settings, vocabulary, build, writes=settings.mode == "live")


def reading_connection_for(
    settings: Settings, vocabulary: Vocabulary, build: BuildRecord
) -> EHRConnection:
    """The EHR without a writer, whatever the mode, read by the value sets and parser given."""
    return _connection(settings, vocabulary, build, writes=False)


def _connection(
    settings: Settings, vocabulary: Vocabulary, build: BuildRecord, *, writes: bool
) -> EHRConnection:
    from service.ehr.cohort.choice import cohort_sources, left_out_for
    from service.ehr.connection import EHRConnection

    wishes = _cohort_wishes(settings)
    return EHRConnection(
        client_for(settings),
        vocabulary,
        build,
        cohort_sources=cohort_sources(wishes),
        left_out=left_out_for(wishes),
        choose=partial(_chosen, settings, vocabulary),
        batch_size=settings.batch_size,
        page_size=settings.fhir_page_size,
        prefer_post=settings.fhir_post_search,
        open_reading=partial(_alert_reading, settings),
        open_writing=partial(_alert_writing, settings) if writes else None,
    )


# How to work with it


def _chosen(
    settings: Settings, vocabulary: Vocabulary, capability: Capability, vendor: Vendor | None
) -> Strategy:
    from service.ehr.delivery.channels import CHANNELS
    from service.ehr.strategy import Wishes, choose

    protocol = effective_for(settings)[0]
    options = _channel_options(settings, protocol, vendor)

    def lacks(name: str) -> tuple[str, ...]:
        return (*CHANNELS[name].needs(capability), *CHANNELS[name].lacks(options))

    wishes = Wishes(
        channel_lacks=lacks,
        channel_reads=lambda name: CHANNELS[name].reads,
        cohort=settings.wanted_sources,
        configured=frozenset(settings.configured_sources),
        reading=settings.reading,
        bulk_level=settings.bulk_level,
        delivery=settings.delivery,
        is_live=settings.mode == "live",
        batch_size=settings.batch_size,
    )
    return choose(capability, vendor, protocol.needs, vocabulary, wishes)


# Where the cohort comes from


def _cohort_wishes(settings: Settings) -> CohortWishes:
    from service.ehr.cohort.choice import CohortWishes

    return CohortWishes(
        today=lambda: today_for(settings),
        group_ids=settings.group_ids,
        list_ids=settings.list_ids,
        file=settings.cohort_file,
        file_system=settings.cohort_file_system,
        exclude_file=settings.cohort_exclude_file,
        appointment_days=settings.cohort_appointment_days,
        page_size=settings.fhir_page_size,
        prefer_post=settings.fhir_post_search,
        bulk_group_id=settings.bulk_group_id,
        read_export=_exported_group,
    )


def _exported_group(client: FHIRClient, group_id: str) -> CohortMembers:
    from service.ehr.bulk.members import members_of_export

    return members_of_export(client, group_id, patience_seconds=_EXPORT_PATIENCE_SECONDS)


# How alerts are shown


def _alert_reading(settings: Settings, ehr: EHRConnection) -> AlertReading:
    from service.ehr.delivery.channels import CHANNELS

    channel = CHANNELS[ehr.strategy.delivery.what]
    return channel.reader(ehr.client, ehr.capability(), options_at(settings, ehr))


def _alert_writing(settings: Settings, ehr: EHRConnection) -> AlertWriting:
    from service.ehr.delivery.channels import CHANNELS

    ehr.require_workable()
    channel = CHANNELS[ehr.strategy.delivery.what]
    return channel.writer(ehr.client, ehr.capability(), options_at(settings, ehr))


def options_at(settings: Settings, ehr: EHRConnection) -> ChannelOptions:
    """What channels are made from, in the manners of this EHR."""
    options = _channel_options(settings, effective_for(settings)[0], ehr.vendor)
    manners = ehr.strategy.manners
    prefer_post = options.prefer_post and not manners.searches_by_get
    return replace(options, manners=manners, prefer_post=prefer_post)


def _channel_options(
    settings: Settings, protocol: Protocol, vendor: Vendor | None
) -> ChannelOptions:
    from service.ehr.delivery.channel import ChannelOptions
    from service.ehr.delivery.message_style import STANDARD_STYLE
    from service.ehr.delivery.service_request import scan_codes

    def key_of(patient: ResourceRef, kind: AlertKind, episode: int) -> str:
        return alert_key(settings.site_id, patient, protocol.id, kind, episode)

    scans = vocabulary_for(settings)["dxa-central"]
    return ChannelOptions(
        now=lambda: datetime.now(UTC),
        snooze_months=int(protocol.policies["decision"]["snooze_months"]),
        key_of=key_of,
        shown=_shown(settings),
        style=vendor.message_style if vendor else STANDARD_STYLE,
        scan_codes=scan_codes(scans),
        worklist=Path(settings.worklist_file) if settings.worklist_file else None,
        closing_message=settings.closing_message,
        provenance=settings.write_provenance,
        repeats=settings.repeat_on_new_channel,
        batch_size=settings.batch_size,
        prefer_post=settings.fhir_post_search,
        serves_cards=bool(settings.cds_hooks_url),
    )


def _shown(settings: Settings) -> DeliveryOptions:
    from service.ehr.delivery.elements import DeliveryOptions
    from service.ehr.delivery.recipients import recipients_from

    try:
        recipients = recipients_from(settings.alert_recipients)
    except ValueError as fault:
        raise SettingsInvalid(f"BONEFLAG_ALERT_RECIPIENTS cannot be used: {fault}") from None
    return DeliveryOptions(
        author=settings.alert_author or None,
        owner=settings.alert_owner or None,
        profiles=settings.alert_profiles,
        recipients=recipients,
    )


def proposal_options_for(
    settings: Settings,
) -> tuple[DeliveryOptions, tuple[tuple[str, str], ...]]:
    """How a draft of an order looks, and the codes of the scan that it proposes."""
    from service.ehr.delivery.service_request import scan_codes

    return _shown(settings), scan_codes(vocabulary_for(settings)["dxa-central"])


def delivery_for(settings: Settings) -> Delivery:
    """How an alert looks as Flag and Task, for `boneflag explain`."""
    from service.ehr.delivery.flag_and_task import Delivery

    return Delivery(options=_shown(settings))
