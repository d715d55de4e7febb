"""One login server, as OpenID Connect and SMART App Launch speak to it in turn.

A newcomer would get three things wrong. Authlib puts the requests together and our own wire
carries them, so that timeouts, trust and silence in the logs are the same as elsewhere. An answer
belongs to the one question that was asked before: state, nonce and verifier (PKCE) are kept by the
caller, never by the browser. And what the server publishes is asked for anew every hour, while an
outage of that page hurts nobody who knows it already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

import msgspec
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from service.ehr.errors import EHRError
from service.ehr.smart.sign_in import LoginAnswer
from service.identity.errors import ProviderAway, SignInRefused
from service.identity.id_token import Claims, ProviderKeys, verified_claims
from service.identity.published import S256, Published

_KEPT_SECONDS = 3600.0
_MOST_BYTES = 1_000_000
# RFC 6749, 4.1.2.1, and OpenID Connect Core, 3.1.2.6: nobody is let in, each for its own reason.
_TOLD = {
    "access_denied": "the provider did not allow it, or the person said no",
    "invalid_scope": "the provider does not give the scopes that were asked for",
    "unauthorized_client": "the provider does not let this client do so",
    "login_required": "the provider wants the person to sign in there first",
    "temporarily_unavailable": "the provider is busy",
    "server_error": "the provider failed",
}


class Send(Protocol):
    """Method, URL, form and headers to an answer of any status; EHRError where none came."""

    def __call__(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None = None,
    ) -> LoginAnswer:
        """Send it."""
        ...  # pragma: no cover (a protocol)


@dataclass(frozen=True, slots=True, repr=False)
class Registration:
    """Who we are there. `client_secret` is "" for a public client."""

    client_id: str
    client_secret: str
    scopes: str
    redirect_url: str


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """What must be remembered until the answer comes."""

    nonce: str
    verifier: str


def new_question() -> Question:
    """One that nobody can guess."""
    return Question(generate_token(32), generate_token(64))


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """Who it is, by a verified ID token, and all else that came with the access token."""

    claims: Claims
    beside: Mapping[str, Any]


class Provider:
    """Asks one login server. Thread safe. `discover` reads what it publishes, or ProviderAway."""

    def __init__(
        self,
        registration: Registration,
        discover: Callable[[], Published],
        send: Send,
        *,
        now: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registration = registration
        self._discover = discover
        self._send = send
        self._now = now
        self._tick = tick
        self._published: Published | None = None
        self._read_at = float("-inf")
        self._keys = ProviderKeys(lambda: read_json(send, self.published().keys_url), tick)

    def published(self) -> Published:
        """Where things are; ProviderAway where nobody can tell."""
        known = self._published
        if known is None or self._tick() - self._read_at >= _KEPT_SECONDS:
            try:
                self._published = known = self._discover()
            except ProviderAway:
                if known is None:
                    raise
            self._read_at = self._tick()
        return known

    def where_to_ask(self, state: str, question: Question, **more: str) -> str:
        """The address to which the browser goes."""
        published = self.published()
        client = self._client(published)
        url, _ = client.create_authorization_url(
            published.authorization_url,
            state=state,
            code_verifier=question.verifier,
            nonce=question.nonce,
            **more,
        )
        return str(url)

    def answered(self, came: Mapping[str, str], question: Question) -> Answered:
        """Who it is by the answer that the browser brought; its state was looked at before.

        Raises SignInRefused and ProviderAway.
        """
        published = self.published()
        _look_at_issuer(came.get("iss"), published)
        if error := came.get("error"):
            raise SignInRefused(_TOLD.get(error, "the provider answered with an error"))
        if not came.get("code"):
            raise SignInRefused("the provider's answer holds no code")
        token = self._token(published, came["code"], question)
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise SignInRefused("the provider gave no ID token: the scope openid is needed")
        claims = verified_claims(
            id_token,
            self._keys,
            issuer=published.issuer,
            client_id=self.registration.client_id,
            nonce=question.nonce,
            access_token=access_token,
            now=int(self._now()),
        )
        return Answered(claims, token)

    def more_about(self, answered: Answered) -> Claims:
        """What the userinfo endpoint adds to the claims; nothing where there is none."""
        published = self.published()
        if not published.userinfo_url:
            return answered.claims
        bearer = {"Authorization": f"Bearer {answered.beside['access_token']}"}
        said = read_json(self._send, published.userinfo_url, bearer)
        if said.get("sub") != answered.claims["sub"]:
            raise SignInRefused("the provider told about somebody else")
        return {**said, **answered.claims}

    def sign_out_url(self, back_to: str) -> str:
        """Where the browser signs out of the provider too; "" where it offers nothing."""
        try:
            url = self.published().sign_out_url
        except ProviderAway:
            return ""
        wanted = {
            "client_id": self.registration.client_id,
            "post_logout_redirect_uri": back_to,
        }
        return str(add_params_to_uri(url, list(wanted.items()))) if url else ""

    def _client(self, published: Published) -> OAuth2Client:
        ours = self.registration
        if not ours.client_secret:
            method = "none"
        elif published.takes_secret_in_form_only:
            method = "client_secret_post"
        else:
            method = "client_secret_basic"
        client = OAuth2Client(
            _Carrier(self._send),
            client_id=ours.client_id,
            client_secret=ours.client_secret,
            token_endpoint_auth_method=method,
            scope=ours.scopes,
            redirect_uri=ours.redirect_url,
            code_challenge_method=S256,
        )
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client

    def _token(self, published: Published, code: str, question: Question) -> Mapping[str, Any]:
        try:
            token: Any = self._client(published).fetch_token(
                published.token_url,
                code=code,
                code_verifier=question.verifier,
                grant_type="authorization_code",
            )
        except OAuth2Error as error:
            if error.error == "invalid_client":
                raise SignInRefused(
                    "the provider does not know our client id or our secret"
                ) from None
            raise SignInRefused("the provider does not take the code: used, or too old") from None
        except (ValueError, TypeError):  # Their texts quote the request.
            raise SignInRefused("the provider's answer cannot be read") from None
        return dict(token)


def _basic(
    client: ClientAuth, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """RFC 6749, 2.3.1 wants both parts encoded as in a form; Authlib sends them as they are."""
    encoded = ClientAuth(quote_plus(client.client_id), quote_plus(client.client_secret))
    prepared: tuple[str, dict[str, str], str] = encoded.prepare(method, uri, headers, body)
    return prepared


class _Carrier:
    """What Authlib takes for a session: carries its one request over our wire."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def post(
        self, url: str, data: dict[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> _Reply:
        from urllib.parse import parse_qsl, urlencode

        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        kept = {name: headers[name] for name in ("Accept", "Authorization") if name in headers}
        return _Reply(_asked(self._send, "POST", url, dict(parse_qsl(body)), kept))


class _Reply:
    """What Authlib takes for a response; one that is no answer to it never gets that far."""

    def __init__(self, answer: LoginAnswer) -> None:
        self._answer = answer
        self.status_code = answer.status

    def json(self) -> Any:
        document = _document(self._answer)
        if self.status_code >= 300 and "error" not in document:
            raise ProviderAway("the login server answered with an error page")
        return document

    def raise_for_status(self) -> None:
        raise ProviderAway("the login server failed")


def read_json(send: Send, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """A JSON object of a login server; ProviderAway where none came."""
    answer = _asked(send, "GET", url, None, headers)
    if answer.status != 200:
        raise ProviderAway("the login server does not give what it should publish")
    return _document(answer)


def _asked(
    send: Send,
    method: str,
    url: str,
    form: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
) -> LoginAnswer:
    try:
        return send(method, url, form, headers)
    except EHRError:
        raise ProviderAway("the login server does not answer") from None


def _document(answer: LoginAnswer) -> dict[str, Any]:
    try:
        if len(answer.content) > _MOST_BYTES:
            raise ProviderAway("the login server's answer is too long")
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise ProviderAway("the login server's answer is no JSON object") from None


def _look_at_issuer(given: str | None, published: Published) -> None:
    """RFC 9207: an answer of another provider is refused before its code is shown to ours."""
    if given is None and published.names_itself:
        raise SignInRefused("the answer does not say which provider it is from")
    if given is not None and published.issuer and given != published.issuer:
        raise SignInRefused("the answer is from another provider")
