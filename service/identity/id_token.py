"""Who somebody is by the ID token of their provider, verified (OpenID Connect Core, 3.1.3.7).

A newcomer would get two things wrong. The algorithm is taken from our list and not from the token:
`none` proves nothing, and with HS256 anybody could sign who knows the public key. And providers
change their keys, some without a new name: keys are asked for anew every hour, and where none fits;
but not for each forged token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from service.identity.errors import ProviderAway, SignInRefused

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_PUBLIC_KINDS = frozenset({"RSA", "EC", "OKP"})
_LEEWAY_SECONDS = 60
_ASK_AGAIN_AFTER_SECONDS = 60.0
_KEPT_SECONDS = 3600.0

Claims = Mapping[str, Any]


class ProviderKeys:
    """The public keys of a provider, asked for when they are needed. `fetch` gets the JWK Set."""

    def __init__(
        self, fetch: Callable[[], Mapping[str, Any]], tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._tick = tick
        self._keys: list[Key] = []
        self._asked_at = float("-inf")

    def for_header(self, header: Mapping[str, Any]) -> list[Key]:
        """The keys that may have signed a token with this header; newly fetched if none is known.

        Two threads at a time may both fetch: that costs a request and nothing else.
        """
        found = self._known(header)
        if found and self._age() >= _KEPT_SECONDS:
            try:
                return self._fetched(header)
            except ProviderAway:  # Theirs an hour ago: an outage of a page of keys is no forgery.
                self._asked_at = self._tick()
        return found or self.newer_for(header)

    def newer_for(self, header: Mapping[str, Any]) -> list[Key]:
        """The same as it is now, where none of those fits; [] where that was asked just now."""
        return self._fetched(header) if self._age() >= _ASK_AGAIN_AFTER_SECONDS else []

    def _age(self) -> float:
        return self._tick() - self._asked_at

    def _fetched(self, header: Mapping[str, Any]) -> list[Key]:
        self._keys = _public_keys(self._fetch())
        self._asked_at = self._tick()
        return self._known(header)

    def _known(self, header: Mapping[str, Any]) -> list[Key]:
        kid = header.get("kid")
        return [key for key in self._keys if kid is None or key.kid == kid]


def _public_keys(document: Mapping[str, Any]) -> list[Key]:
    listed = document.get("keys")
    found: list[Key] = []
    for entry in listed if isinstance(listed, list) else []:
        is_ours = isinstance(entry, dict) and entry.get("kty") in _PUBLIC_KINDS
        if not is_ours or entry.get("use", "sig") != "sig":
            continue
        try:
            found.append(JWKRegistry.import_key(entry))
        except (JoseError, ValueError, KeyError, TypeError):
            continue  # One key that cannot be read costs only itself.
    return found


def verified_claims(
    token: str,
    keys: ProviderKeys,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: int,
) -> Claims:
    """What the token says. Raises SignInRefused; no text of a token reaches it."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        read = _signed_by_one_of(token, keys, registry)
        options: Any = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
            "exp": {"essential": True},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
        claims = CodeIDToken(read.claims, _as_authlib_names_it(read.header), options, params)
        claims.validate(now=now, leeway=_LEEWAY_SECONDS)
    # The texts of the libraries may quote the token; their names tell what was wrong.
    except JoseError as error:
        raise SignInRefused(_REASONS.get(type(error).__name__, _OTHERWISE)) from None
    except (ValueError, TypeError, KeyError):
        raise SignInRefused(_OTHERWISE) from None
    return dict(claims)


_OTHERWISE = "the provider's token cannot be used"
_REASONS = {
    "BadSignatureError": "the provider's token is not signed by its keys",
    "UnsupportedAlgorithmError": "the provider's token is not signed with a public key",
    "ExpiredTokenError": "the provider's token has expired: compare the clocks",
    "InvalidTokenError": "the provider's token is not valid yet: compare the clocks",
    "InvalidClaimError": "the provider's token is for somebody else or for another sign-in",
    "MissingClaimError": "the provider's token lacks what it must hold",
    "InvalidKeyIdError": "the provider's token names a key that it does not publish",
}


def _as_authlib_names_it(header: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 9864 calls it Ed25519; only under its old name does Authlib know how to hash for it."""
    return {**header, "alg": "EdDSA" if header["alg"] == "Ed25519" else header["alg"]}


def _signed_by_one_of(token: str, keys: ProviderKeys, registry: JWSRegistry) -> jwt.Token:
    from joserfc.errors import InvalidKeyIdError
    from joserfc.jws import extract_compact

    header = extract_compact(token.encode(), registry=registry).headers()
    registry.get_alg(str(header.get("alg")))
    failure: JoseError | ValueError = InvalidKeyIdError()
    for ask in (keys.for_header, keys.newer_for):
        for key in ask(header):
            try:
                return jwt.decode(token, key, registry=registry)
            except (JoseError, ValueError) as error:
                failure = error
    raise failure
