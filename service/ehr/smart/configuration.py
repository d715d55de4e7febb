"""Where the EHR's login server is, and what it says about itself.

A newcomer would get two things wrong. Servers advertise badly: of all that
`.well-known/smart-configuration` should say, only the token endpoint is required here (integration
notes 2), and it may be relative to the FHIR base URL. And whoever can answer in the EHR's place
could name a login server of their own and collect our assertions: another server than the EHR's is
taken only where the hospital configured it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from service.ehr.errors import EHRMisunderstood
from service.ehr.origin import is_safe, origin_of

DISCOVERY_PATH = ".well-known/smart-configuration"
_HOST = re.compile(r"[a-z0-9.-]{1,80}")


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What is needed to ask for a token; the sets are empty where the server said nothing."""

    token_url: str
    algorithms: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()


def check_token_url(token_url: str, allow_insecure: bool) -> None:
    """ValueError unless it is https without a user in it; http is allowed to loopback."""
    scheme, host, _ = origin_of(token_url)
    if scheme not in ("https", "http") or not host or "@" in urlsplit(token_url).netloc:
        raise ValueError("The token endpoint must look like https://ehr.example.org/oauth2/token")
    if not is_safe(token_url, allow_insecure):
        raise ValueError("The token endpoint must be https: what we sign could be read on its way")


def configuration_from(
    document: Mapping[str, Any], base_url: str, token_url: str, allow_insecure: bool
) -> SmartConfiguration:
    """What the document says; `token_url` is the configured one and wins, "" takes the document's.

    Raises EHRMisunderstood where no token endpoint can be used.
    """
    return SmartConfiguration(
        token_url=token_url or _named(document, base_url, allow_insecure),
        algorithms=frozenset(
            _texts(document.get("token_endpoint_auth_signing_alg_values_supported"))
        ),
        capabilities=frozenset(_texts(document.get("capabilities"))),
        scopes=_texts(document.get("scopes_supported")),
    )


def _named(document: Mapping[str, Any], base_url: str, allow_insecure: bool) -> str:
    named = document.get("token_endpoint")
    if not isinstance(named, str) or not named:
        raise EHRMisunderstood(
            "The EHR does not say where its token endpoint is: set BONEFLAG_SMART_TOKEN_URL to what"
            " your EHR team gives you"
        )
    try:
        url = urljoin(f"{base_url}/", named)
        check_token_url(url, allow_insecure)
        is_at_home = origin_of(url) == origin_of(base_url)
    except ValueError:
        raise EHRMisunderstood(
            "The EHR names a token endpoint that is not an https URL: ask your EHR team"
        ) from None
    if not is_at_home:
        host = origin_of(url)[1]
        shown = host if _HOST.fullmatch(host) else "which cannot be shown"
        raise EHRMisunderstood(
            f"The EHR names a token endpoint on another server ({shown}): if your EHR team confirms"
            " it, set BONEFLAG_SMART_TOKEN_URL to it"
        )
    return url


def _texts(values: object) -> tuple[str, ...]:
    items = values if isinstance(values, list) else []
    return tuple(item for item in items if isinstance(item, str))
