"""Settings -> real objects; the only place that chooses.

Imports are inside the functions on purpose: `boneflag explain` must answer in under a second and
needs neither a database nor a connection.
"""

from __future__ import annotations

import ssl
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from service.screening.alert import AlertKind, alert_key
from service.screening.protocol import (
    Protocol,
    ProtocolInvalid,
    packaged_document,
    packaged_protocol,
)
from service.screening.record import ResourceRef
from service.screening.value_sets import Vocabulary, packaged_vocabulary
from service.settings import Settings, SettingsInvalid, require_base_url

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    import redis

    from service.ehr.client import FHIRClient
    from service.ehr.connection import CohortSource, EHRConnection
    from service.ehr.delivery.flag_and_task import Delivery
    from service.ehr.options import BasicLogin, BearerToken, Timeouts
    from service.ehr.reader import BuildRecord
    from service.ehr.smart.keys import SigningKey
    from service.ehr.smart.scopes import Access
    from service.ehr.smart_auth import SmartAuth
    from service.pipeline import Pipeline
    from service.screening.overlay import Overlay
    from service.store.ledger import Ledger

_log = structlog.get_logger()


def vocabulary_for(settings: Settings) -> Vocabulary:
    """The value sets in force, with the hospital's codes."""
    return effective_for(settings)[1]


def shipped_vocabulary_for(settings: Settings) -> Vocabulary:
    """The value sets as they ship, without an overlay's codes."""
    return packaged_vocabulary(settings.use_cpt)


def protocol_for(settings: Settings) -> Protocol:
    """The protocol in force; SettingsInvalid where its overlay may not go live.

    An overlay that may not go live works in shadow mode, with a warning in the log.
    """
    _gate(settings)
    return effective_for(settings)[0]


def overlay_for(settings: Settings) -> Overlay | None:
    """The hospital's overlay, None where none is configured; SettingsInvalid if unreadable."""
    if not settings.protocol_overlay:
        return None
    from service.screening.overlay import overlay_from

    try:
        text = Path(settings.protocol_overlay).read_text("utf-8")
    except UnicodeDecodeError:
        raise SettingsInvalid("the protocol overlay is not UTF-8 text") from None
    except OSError as error:
        raise SettingsInvalid(f"the protocol overlay cannot be read: {error.strerror}") from None
    try:
        return overlay_from(text)
    except ProtocolInvalid as fault:
        raise SettingsInvalid(f"the protocol overlay cannot be used: {fault}") from None


def effective_for(settings: Settings) -> tuple[Protocol, Vocabulary]:
    """The protocol and the value sets with the overlay, whether or not it may go live."""
    vocabulary = shipped_vocabulary_for(settings)
    overlay = overlay_for(settings)
    if overlay is None:
        return packaged_protocol(vocabulary), vocabulary
    from service.screening.overlay import overlaid

    try:
        return overlaid(overlay, packaged_document(), vocabulary)
    except ProtocolInvalid as fault:
        raise SettingsInvalid(f"the protocol overlay cannot be used: {fault}") from None


def live_refusals_for(settings: Settings) -> tuple[str, ...]:
    """Why the configured overlay may not go live today; empty where none is or it may."""
    overlay = overlay_for(settings)
    if overlay is None:
        return ()
    from service.protocol_bench.approval import refusals_for_live
    from service.protocol_bench.check import check_protocol

    vocabulary = shipped_vocabulary_for(settings)
    remarks = check_protocol(packaged_document(), vocabulary, overlay, today_for(settings))
    return refusals_for_live(remarks)


def _gate(settings: Settings) -> None:
    refusals = live_refusals_for(settings)
    if refusals and settings.mode == "live":
        raise SettingsInvalid(
            f"the protocol overlay may not go live: {'; '.join(refusals)}. Stay in shadow mode"
            " until `boneflag protocol check` finds no error"
        )
    if refusals:
        _warn_once(settings.protocol_overlay, len(refusals))


@cache
def _warn_once(_path: str, refusals: int) -> None:
    _log.warning("overlay_not_ready_for_live", count=refusals)


def today_for(settings: Settings) -> date:
    """Today at the hospital."""
    return datetime.now(settings.zone).date()


def delivery_for(settings: Settings) -> Delivery:
    """How alerts are shown."""
    from service.ehr.delivery.elements import DeliveryOptions
    from service.ehr.delivery.flag_and_task import Delivery

    return Delivery(
        options=DeliveryOptions(
            author=settings.alert_author or None,
            owner=settings.alert_owner or None,
            profiles=settings.alert_profiles,
        )
    )


def client_for(settings: Settings) -> FHIRClient:
    """A client of the EHR; SettingsInvalid where the settings cannot make one."""
    from service.ehr.client import FHIRClient
    from service.ehr.options import Timeouts

    timeouts = Timeouts(read_seconds=settings.fhir_read_timeout_seconds)
    tls = _tls(settings)
    auth = _smart_login(settings, timeouts, tls) if settings.smart_client_id else _login(settings)
    try:
        return FHIRClient(
            require_base_url(settings),
            auth=auth,
            timeouts=timeouts,
            max_connections=settings.fhir_max_connections,
            allow_insecure=settings.fhir_allow_plain_http,
            tls=tls,
        )
    except ValueError as error:
        # The URL library quotes what it cannot read; only our own sentences are passed on.
        text = str(error)
        why = text if text.startswith("The FHIR base URL") else "it is not a URL"
        raise SettingsInvalid(f"BONEFLAG_FHIR_BASE_URL cannot be used: {why}") from None


def _login(settings: Settings) -> BearerToken | BasicLogin | None:
    from service.ehr.options import BasicLogin, BearerToken

    token = settings.fhir_bearer_token.get_secret_value()
    if token:
        return BearerToken(token)
    if settings.fhir_user:
        return BasicLogin(settings.fhir_user, settings.fhir_password.get_secret_value())
    return None


def _smart_login(settings: Settings, timeouts: Timeouts, tls: ssl.SSLContext | bool) -> SmartAuth:
    from service.ehr.smart.sign_in import SmartLogin
    from service.ehr.smart_auth import SmartAuth

    login = SmartLogin(
        client_id=settings.smart_client_id,
        keys=signing_keys_for(settings),
        access=smart_access_for(settings),
        token_url=settings.smart_token_url,
        scopes=settings.smart_scopes,
    )
    try:
        return SmartAuth(
            require_base_url(settings),
            login,
            timeouts=timeouts,
            tls=tls,
            allow_insecure=settings.fhir_allow_plain_http,
        )
    except ValueError as error:
        text = str(error)
        why = text if text.startswith("The token endpoint") else "it is not a URL"
        raise SettingsInvalid(f"BONEFLAG_SMART_TOKEN_URL cannot be used: {why}") from None


def smart_access_for(settings: Settings) -> Access:
    """What the protocol reads and the mode writes: the scopes are derived from it."""
    from service.ehr.smart.scopes import access_for

    return access_for(
        (need.type for need in effective_for(settings)[0].needs),
        has_groups=bool(settings.group_ids),
        writes_alerts=settings.mode == "live",
    )


def signing_keys_for(settings: Settings) -> tuple[SigningKey, ...]:
    """The private keys of SMART Backend Services, the one that signs first; SettingsInvalid."""
    from service.ehr.smart.keys import KeyUnusable, keys_in_files

    try:
        return keys_in_files(settings.smart_key_files.split(","))
    except KeyUnusable as fault:
        raise SettingsInvalid(f"BONEFLAG_SMART_KEY_FILES cannot be used: {fault}") from None


def _tls(settings: Settings) -> ssl.SSLContext | bool:
    from service.ehr.tls import TLSUnusable, tls_context

    try:
        return tls_context(
            settings.fhir_ca_file,
            settings.fhir_client_certificate_file,
            settings.fhir_client_key_file,
        )
    except TLSUnusable as fault:
        raise SettingsInvalid(str(fault)) from None


def connection_for(settings: Settings) -> EHRConnection:
    """The EHR. In shadow mode it has no writer: nothing can be written, whatever is asked."""
    from service.ehr.parse import RecordParser

    vocabulary = vocabulary_for(settings)
    writing = _writing(settings) if settings.mode == "live" else {}
    return _connection(settings, vocabulary, RecordParser(vocabulary).record, **writing)


def reading_connection_for(
    settings: Settings, vocabulary: Vocabulary, build: BuildRecord
) -> EHRConnection:
    """The EHR without a writer, whatever the mode, read by the value sets and parser given."""
    return _connection(settings, vocabulary, build)


def _connection(
    settings: Settings, vocabulary: Vocabulary, build: BuildRecord, **writing: Any
) -> EHRConnection:
    from service.ehr.connection import EHRConnection

    return EHRConnection(
        client_for(settings),
        vocabulary,
        build,
        cohort_sources=_cohort_sources(settings),
        batch_size=settings.batch_size,
        page_size=settings.fhir_page_size,
        prefer_post=settings.fhir_post_search,
        read_alerts=_alert_reading(settings),
        **writing,
    )


def _cohort_sources(settings: Settings) -> list[CohortSource]:
    from service.ehr.cohort.code_search import members_by_code
    from service.ehr.cohort.group import members_of_group

    if not settings.group_ids:
        return [lambda client, vocabulary: members_by_code(client, vocabulary)]
    return [
        lambda client, _vocabulary, group_id=group_id: members_of_group(client, group_id)  # type: ignore[misc] # a bound default
        for group_id in settings.group_ids
    ]


def _alert_reading(settings: Settings) -> Any:
    from service.ehr.alerts import AlertReader

    protocol = protocol_for(settings)

    def key_of(patient: ResourceRef, kind: AlertKind, episode: int) -> str:
        return alert_key(settings.site_id, patient, protocol.id, kind, episode)

    readers: list[AlertReader] = []

    def read_alerts(client: Any, capability: Any, ids: Any, remembered: Any) -> Any:
        if not readers:  # One for the connection: it learns how the server wants to be asked.
            readers.append(
                AlertReader(
                    client,
                    capability,
                    snooze_months=int(protocol.policies["decision"]["snooze_months"]),
                    key_of=key_of,
                    batch_size=settings.batch_size,
                    prefer_post=settings.fhir_post_search,
                )
            )
        return readers[0].read(ids, remembered)

    return read_alerts


def _writing(settings: Settings) -> dict[str, Any]:
    from service.ehr.writer import Writer

    delivery = delivery_for(settings)

    def writer(client: Any, capability: Any) -> Writer:
        return Writer(client, capability, delivery, now=lambda: datetime.now(UTC))

    return {
        "apply": lambda client, capability, *args: writer(client, capability).apply(*args),
        "retire": lambda client, capability, spare: writer(client, capability).retire(spare),
    }


def ledger_for(settings: Settings) -> Ledger:
    """The ledger, brought up to this version."""
    from service.store.ledger import Ledger

    ledger = Ledger(settings.database_url, attempts_in_a_run=settings.attempts_per_run)
    ledger.migrate()
    return ledger


def pipeline_for(settings: Settings, stops_for: tuple[type[Exception], ...] = ()) -> Pipeline:
    """The whole line of one site; `stops_for` are the door's own ways to end work (see there)."""
    from service.pipeline import Limits, Pipeline

    return Pipeline(
        connection_for(settings),
        ledger_for(settings),
        protocol_for(settings),
        site=settings.site_id,
        mode=settings.mode,
        limits=Limits(settings.max_new_alerts_per_run, settings.batch_size),
        now=lambda: datetime.now(UTC),
        today=lambda: today_for(settings),
        # A hospital that lists its cohort in Groups decides itself who comes in.
        admits_newcomers=not settings.group_ids,
        stops_for=stops_for,
    )


def redis_for(settings: Settings) -> redis.Redis:
    """A client of the configured Redis; SettingsInvalid where none is."""
    import redis

    url = settings.redis_url.get_secret_value()
    if not url:
        raise SettingsInvalid(
            "BONEFLAG_REDIS_URL is not set: give the URL of your Redis, use --inline, or run"
            " `boneflag work`, which brings its own"
        )
    try:
        return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    except ValueError:
        raise SettingsInvalid("BONEFLAG_REDIS_URL is not a redis:// or rediss:// URL") from None
