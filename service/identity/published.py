"""What a login server publishes about itself, and which of it is believed.

A newcomer would get two things wrong. An address is taken only where it is https, or this machine
itself: codes and secrets go there. And the two documents differ: OpenID Connect's must name the
issuer that the hospital set; SMART's stands below the EHR's own address and may name a login server
elsewhere, which is believed only where the hospital named it too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from service.ehr.origin import Origin, is_safe, origin_of
from service.identity.errors import ProviderAway

OPENID_PATH = ".well-known/openid-configuration"
S256 = "S256"


@dataclass(frozen=True, slots=True)
class Published:
    """Where things are; "" where the server does not say. `issuer` is letter by letter its own."""

    issuer: str
    authorization_url: str
    token_url: str
    keys_url: str = ""
    userinfo_url: str = ""
    sign_out_url: str = ""
    names_itself: bool = False
    """Whether each answer holds `iss` (RFC 9207)."""
    takes_secret_in_form_only: bool = False


def openid_published(document: Mapping[str, Any], issuer: str) -> Published:
    """What the provider of `issuer` says; ProviderAway where it cannot be used."""
    named = _text(document, "issuer")
    if named.rstrip("/") != issuer.rstrip("/"):
        raise ProviderAway("the provider names another issuer than BONEFLAG_SIGN_IN_ISSUER")
    if not _text(document, "jwks_uri"):
        raise ProviderAway("the provider does not say where its keys are")
    return _published(document, named, f"{issuer.rstrip('/')}/", None)


def smart_published(
    document: Mapping[str, Any], base_url: str, origins: Collection[Origin], allow_insecure: bool
) -> Published:
    """What the EHR at `base_url` says, with addresses on one of `origins`; or ProviderAway.

    `issuer` and `keys_url` may be "" here: then openid_published knows more.
    """
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and methods and S256 not in methods:
        raise ProviderAway("the EHR's login server takes no PKCE with S256")
    base = f"{base_url.rstrip('/')}/"
    return _published(document, _text(document, "issuer"), base, origins, allow_insecure)


def _published(
    document: Mapping[str, Any],
    issuer: str,
    base: str,
    origins: Collection[Origin] | None,
    allow_insecure: bool = False,
) -> Published:
    def address(name: str) -> str:
        named = _text(document, name)
        return believed(base, named, origins, allow_insecure) if named else ""

    methods = document.get("token_endpoint_auth_methods_supported")
    published = Published(
        issuer,
        address("authorization_endpoint"),
        address("token_endpoint"),
        address("jwks_uri"),
        address("userinfo_endpoint"),
        address("end_session_endpoint"),
        document.get("authorization_response_iss_parameter_supported") is True,
        isinstance(methods, list)
        and "client_secret_post" in methods
        and "client_secret_basic" not in methods,
    )
    if not published.authorization_url or not published.token_url:
        raise ProviderAway("the login server does not say where people sign in")
    return published


def believed(
    base: str, named: str, origins: Collection[Origin] | None, allow_insecure: bool
) -> str:
    """An address that a server named, below `base`; ProviderAway where it is not to be asked."""
    url = ""
    try:
        url = urljoin(base, named)
        is_fine = is_safe(url, allow_insecure) and "@" not in urlsplit(url).netloc
        is_known = origins is None or origin_of(url) in origins
    except ValueError:
        is_fine = is_known = False
    if not is_fine:
        raise ProviderAway("the login server names an address that is not https")
    if not is_known:
        raise ProviderAway(
            "the EHR names a login server elsewhere: if that is right, set BONEFLAG_SMART_TOKEN_URL"
        )
    return url


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
