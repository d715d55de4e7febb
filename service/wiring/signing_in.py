"""Settings -> the login servers by which people come in to the pages."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

from service.settings import Settings, SettingsInvalid, require_base_url
from service.wiring.login import tls_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.smart_auth import LoginWire
    from service.identity.provider import Provider
    from service.identity.published import Published


def sign_in_provider_for(settings: Settings, redirect_url: str) -> Provider:
    """The provider of staff; SettingsInvalid for an issuer or a certificate that is unusable."""
    from service.ehr.origin import is_safe
    from service.identity.provider import Provider, Registration, read_json
    from service.identity.published import OPENID_PATH, openid_published

    issuer = settings.sign_in_issuer
    if not is_safe(issuer, allow_insecure=False):
        raise SettingsInvalid(
            "BONEFLAG_SIGN_IN_ISSUER is no https address: give the issuer as the provider writes it"
        )
    if "openid" not in settings.sign_in_scopes.split():
        raise SettingsInvalid("BONEFLAG_SIGN_IN_SCOPES lacks openid")
    wire = _wire(_sign_in_tls(settings))

    def discover() -> Published:
        where = f"{issuer.rstrip('/')}/{OPENID_PATH}"
        return openid_published(read_json(wire.send, where), issuer)

    secret = settings.sign_in_client_secret.get_secret_value()
    ours = Registration(settings.sign_in_client_id, secret, settings.sign_in_scopes, redirect_url)
    return Provider(ours, discover, wire.send)


def launch_provider_for(settings: Settings, redirect_url: str) -> Provider:
    """The EHR's login server for clinicians; SettingsInvalid where there is no EHR."""
    from service.ehr.origin import origin_of
    from service.ehr.smart.configuration import DISCOVERY_PATH
    from service.identity.provider import Provider, Registration, read_json
    from service.identity.published import smart_published

    base_url = require_base_url(settings).rstrip("/")
    wire = _wire(tls_for(settings))
    origins = {origin_of(url) for url in (base_url, settings.smart_token_url) if url}
    insecure = settings.fhir_allow_plain_http

    def discover() -> Published:
        document = read_json(wire.send, f"{base_url}/{DISCOVERY_PATH}")
        published = smart_published(document, base_url, origins, insecure)
        return _with_keys(published, wire.send, base_url, origins, insecure)

    secret = settings.launch_client_secret.get_secret_value()
    return Provider(
        Registration(settings.launch_client_id, secret, "", redirect_url), discover, wire.send
    )


def _with_keys(
    published: Published, send: Any, base_url: str, origins: set[Any], insecure: bool
) -> Published:
    """SMART asks for `issuer` and `jwks_uri` there; who leaves them out has them beside OpenID."""
    from dataclasses import replace

    from service.identity.provider import read_json
    from service.identity.published import OPENID_PATH, believed, smart_published

    if published.issuer and published.keys_url:
        return published
    issuer = f"{(published.issuer or base_url).rstrip('/')}/"
    where = believed(issuer, OPENID_PATH, origins, insecure)
    more = smart_published(read_json(send, where), base_url, origins, insecure)
    return replace(published, issuer=more.issuer, keys_url=more.keys_url)


def _sign_in_tls(settings: Settings) -> ssl.SSLContext | bool:
    from service.ehr.tls import TLSUnusable, tls_context

    try:
        return tls_context(settings.sign_in_ca_file, "", "")
    except TLSUnusable:
        raise SettingsInvalid(
            "BONEFLAG_SIGN_IN_CA_FILE cannot be read as PEM: give the provider's CA certificate"
        ) from None


def _wire(tls: ssl.SSLContext | bool) -> LoginWire:
    """Somebody waits: five seconds for each part of an answer, and no list of CAs is read twice."""
    from service.ehr.options import Timeouts
    from service.ehr.smart_auth import LoginWire

    return LoginWire(Timeouts(5.0, 5.0, 5.0, 5.0), _usual_tls() if tls is True else tls)


@cache
def _usual_tls() -> ssl.SSLContext:
    from service.ehr.transport import usual_tls

    return usual_tls()
