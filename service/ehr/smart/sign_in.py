"""Getting one token: where to ask, with which key, for which scopes, and when to ask once more.

A newcomer would get two things wrong. `scopes_supported` need not be all that a server takes (SMART
App Launch 2.2, conformance), so that what is needed is asked for first and the list only looked at
after an `invalid_scope`: some servers refuse everything for one scope that they do not know. And
during a rotation the EHR may still hold the old JWKS: the next key is tried before anybody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.ehr.answer import decode, retry_after_seconds
from service.ehr.errors import (
    EHRError,
    EHRLoginRefused,
    EHRMisunderstood,
    EHRUnavailable,
    error_for,
)
from service.ehr.smart.assertion import token_request
from service.ehr.smart.configuration import (
    DISCOVERY_PATH,
    SmartConfiguration,
    check_token_url,
    configuration_from,
)
from service.ehr.smart.keys import SigningKey
from service.ehr.smart.scopes import Access, among, scopes_for, syntax_offered
from service.ehr.smart.token import AccessToken, Refusal, token_in

_log = structlog.get_logger()

Scopes = tuple[str, ...]
_OTHER_KIND = (
    "The EHR's login server gave no token, and says that it takes no signature that our key can"
    " make: make a key of the other kind with `boneflag keys new` (RS384 or ES384) and register it"
)


@dataclass(frozen=True, slots=True, repr=False)
class SmartLogin:
    """Who we are for the login server.

    `keys`, newest first and never none: the first signs, the next one where the server does not
    know the first yet. `token_url` and `scopes` are "" unless the hospital sets them by hand.
    """

    client_id: str
    keys: Sequence[SigningKey]
    access: Access
    token_url: str = ""
    scopes: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class LoginAnswer:
    """What came over the wire."""

    status: int
    content: bytes
    headers: Mapping[str, str]


Send = Callable[[str, str, Mapping[str, str] | None], LoginAnswer]
"""Method, URL and form to an answer of any status; EHRUnavailable or EHRMisunderstood for none."""


class SignIn:
    """Signs in at one login server; asks for its address once. Not thread safe.

    ValueError for a configured token endpoint that is neither https nor loopback.
    """

    def __init__(
        self, base_url: str, login: SmartLogin, send: Send, *, allow_insecure: bool
    ) -> None:
        if login.token_url:
            check_token_url(login.token_url, allow_insecure)
        self._base_url = base_url.rstrip("/")
        self._login = login
        self._send = send
        self._allow_insecure = allow_insecure
        self._configuration: SmartConfiguration | None = None

    def token(self, now: Callable[[], datetime]) -> tuple[AccessToken, Scopes]:
        """A token and the scopes that were asked for; EHRError where none is given."""
        configuration = self._discovered()
        scopes = self._wanted_scopes(configuration)
        listed = [key for key in self._login.keys if key.alg in configuration.algorithms]
        # Servers advertise badly: where none of ours is listed, each is tried all the same.
        tried = listed or self._login.keys
        is_wrong_kind = bool(configuration.algorithms) and not listed
        refusals: list[EHRLoginRefused] = []
        for key in tried:
            answer, asked = self._answered(configuration, key, scopes, now)
            if isinstance(answer, AccessToken):
                return answer, asked
            is_blamed = is_wrong_kind and answer.is_about_the_client
            refusals.append(
                EHRLoginRefused(_OTHER_KIND) if is_blamed else answer.error(key.kid, asked)
            )
            if not answer.is_about_the_client:
                break
            if key is not tried[-1]:
                _log.warning("signing_key_not_accepted", code=answer.code, status=answer.status)
        raise refusals[0]

    def _answered(
        self,
        configuration: SmartConfiguration,
        key: SigningKey,
        scopes: Scopes,
        now: Callable[[], datetime],
    ) -> tuple[AccessToken | Refusal, Scopes]:
        url = configuration.token_url
        answer = self._ask(url, key, scopes, now())
        if isinstance(answer, Refusal) and answer.is_unexplained:
            answer = self._ask(url, key, scopes, now())
        if isinstance(answer, Refusal) and answer.code == "invalid_scope":
            offered = among(scopes, configuration.scopes)
            if offered and offered != scopes and not self._login.scopes:
                return self._ask(url, key, offered, now()), offered
        return answer, scopes

    def _ask(
        self, token_url: str, key: SigningKey, scopes: Scopes, now: datetime
    ) -> AccessToken | Refusal:
        form = token_request(self._login.client_id, key, token_url, now)
        answer = self._send("POST", token_url, form | {"scope": " ".join(scopes)})
        return token_in(answer.status, answer.content, answer.headers, now)

    def _wanted_scopes(self, configuration: SmartConfiguration) -> Scopes:
        if self._login.scopes:
            return tuple(self._login.scopes.split())
        syntax = syntax_offered(configuration.capabilities, configuration.scopes)
        return scopes_for(self._login.access, syntax)

    def _discovered(self) -> SmartConfiguration:
        if self._configuration is None:
            self._configuration = configuration_from(
                self._discovery_document(),
                self._base_url,
                self._login.token_url,
                self._allow_insecure,
            )
        return self._configuration

    def _discovery_document(self) -> Mapping[str, object]:
        """What the server says about its login; with a configured endpoint it may say nothing."""
        try:
            return self._read_discovery_document()
        except EHRUnavailable:
            raise
        except EHRError:
            if self._login.token_url:
                return {}
            raise EHRMisunderstood(
                f"The EHR does not answer at {DISCOVERY_PATH} below the base URL: check"
                " BONEFLAG_FHIR_BASE_URL, or set BONEFLAG_SMART_TOKEN_URL to what your EHR team"
                " gives you"
            ) from None

    def _read_discovery_document(self) -> Mapping[str, object]:
        answer = self._send("GET", f"{self._base_url}/{DISCOVERY_PATH}", None)
        if answer.status >= 300:
            wait_seconds = retry_after_seconds(answer.headers)
            what = "question where its login server is"
            raise error_for(what, answer.status, (), wait_seconds, outcome_unknown=False)
        return decode(answer.content)
