"""Settings -> a client of the EHR: its address, login, trust, and how politely it is asked."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from service.settings import AUTO, Settings, SettingsInvalid, require_base_url
from service.wiring.protocol import effective_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    import redis

    from service.ehr.client import FHIRClient
    from service.ehr.options import BasicLogin, BearerToken, Timeouts
    from service.ehr.politeness import Politeness
    from service.ehr.smart.keys import SigningKey
    from service.ehr.smart.scopes import Access
    from service.ehr.smart_auth import SmartAuth


def client_for(settings: Settings) -> FHIRClient:
    """A client of the EHR; SettingsInvalid where the settings cannot make one."""
    from service.ehr.client import FHIRClient
    from service.ehr.options import Timeouts

    timeouts = Timeouts(read_seconds=settings.fhir_read_timeout_seconds)
    tls, politeness = tls_for(settings), politeness_for(settings)
    auth: Any = _login(settings)
    if settings.smart_client_id:
        auth = _smart_login(settings, timeouts, tls, politeness)
    try:
        return FHIRClient(
            require_base_url(settings),
            auth=auth,
            timeouts=timeouts,
            max_connections=settings.fhir_max_connections,
            allow_insecure=settings.fhir_allow_plain_http,
            tls=tls,
            politeness=politeness,
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


def _smart_login(
    settings: Settings, timeouts: Timeouts, tls: ssl.SSLContext | bool, politeness: Politeness
) -> SmartAuth:
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
            politeness=politeness,
        )
    except ValueError as error:
        text = str(error)
        why = text if text.startswith("The token endpoint") else "it is not a URL"
        raise SettingsInvalid(f"BONEFLAG_SMART_TOKEN_URL cannot be used: {why}") from None


# What reading the members of a source takes, beside the patients themselves.
_COHORT_TYPES = {
    "group": "Group",
    "bulk-group": "Group",
    "patient-list": "List",
    "appointments": "Appointment",
}


def smart_access_for(settings: Settings) -> Access:
    """What the protocol, the cohort and the alerts read and write: the scopes are derived from it.

    Where the channel is left to `auto`, the rights of each that may be chosen are asked for.
    """
    from service.ehr.delivery.channels import CHANNELS
    from service.ehr.smart.scopes import access_for

    channels: list[str] = [settings.delivery]
    if settings.delivery == AUTO:
        channels = ["flag-and-task", *(["communication"] if settings.alert_recipients else [])]
    shown = {type_ for name in channels for type_ in CHANNELS[name].types}
    only_created = shown & {"Communication"}
    if settings.write_provenance:
        only_created |= {"Provenance"}
    if settings.notice_url:
        shown |= {"Subscription"}
    is_live = settings.mode == "live"
    sources = {_COHORT_TYPES[name] for name in settings.source_names if name in _COHORT_TYPES}
    return access_for(
        (need.type for need in effective_for(settings)[0].needs),
        also_read=sources | shown,
        writes=shown - only_created if is_live else (),
        creates=only_created if is_live else (),
    )


def signing_keys_for(settings: Settings) -> tuple[SigningKey, ...]:
    """The private keys of SMART Backend Services, the one that signs first; SettingsInvalid."""
    from service.ehr.smart.keys import KeyUnusable, keys_in_files

    try:
        return keys_in_files(settings.smart_key_files.split(","))
    except KeyUnusable as fault:
        raise SettingsInvalid(f"BONEFLAG_SMART_KEY_FILES cannot be used: {fault}") from None


def tls_for(settings: Settings) -> ssl.SSLContext | bool:
    """Whom we trust, and the certificate that we show; SettingsInvalid for unusable files."""
    from service.ehr.tls import TLSUnusable, tls_context

    try:
        return tls_context(
            settings.fhir_ca_file,
            settings.fhir_client_certificate_file,
            settings.fhir_client_key_file,
        )
    except TLSUnusable as fault:
        raise SettingsInvalid(str(fault)) from None


def politeness_for(settings: Settings) -> Politeness:
    """How politely the EHR is asked; turns are shared with every worker where there is a Redis."""
    from service.ehr.pace import Pace, busy_hours_in
    from service.ehr.politeness import Politeness
    from service.ehr.turns import BREAKER, LocalTurns, dials
    from service.store.politeness import SharedTurns
    from service.store.switches import PauseWatch, switches_at

    turns: LocalTurns | SharedTurns = LocalTurns()
    if url := settings.redis_url.get_secret_value():
        redis_for(settings).close()  # Says what is wrong with the URL.
        turns = SharedTurns.at(url, settings.site_id, dials(BREAKER))
    busy = busy_hours_in(settings.ehr_busy_hours, settings.ehr_busy_requests_per_second)
    pace = Pace(
        settings.ehr_requests_per_second, settings.ehr_requests_per_day, busy, settings.zone
    )
    return Politeness(turns, pace, is_paused=PauseWatch(lambda: switches_at(settings.database_url)))


def redis_for(settings: Settings, patience_seconds: float = 5.0) -> redis.Redis:
    """A client of the configured Redis; SettingsInvalid where none is."""
    import redis

    url = settings.redis_url.get_secret_value()
    if not url:
        raise SettingsInvalid(
            "BONEFLAG_REDIS_URL is not set: give the URL of your Redis, use --inline, or run"
            " `boneflag work`, which brings its own"
        )
    try:
        wait = patience_seconds
        return redis.Redis.from_url(url, socket_timeout=wait, socket_connect_timeout=wait)
    except ValueError:
        raise SettingsInvalid("BONEFLAG_REDIS_URL is not a redis:// or rediss:// URL") from None
