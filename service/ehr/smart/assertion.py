"""The client assertion: how BoneFlag proves to the EHR's login server who it is.

A newcomer would get two things wrong. The audience is the token endpoint, letter by letter; servers
compare it as text. And five minutes is the longest that SMART allows, counted by the server's
clock: ours lives four, and was issued five seconds ago, so that clocks may differ a little.

SMART App Launch 2.2, client-confidential-asymmetric. `iat` is not asked for there, but Keycloak 26
refuses an assertion without it that lives longer than a minute (integration notes 2). There is no
`nbf`, which could only be refused.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import jwt

from service.ehr.smart.keys import SigningKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME = timedelta(minutes=4)
_ISSUED_BEFORE = timedelta(seconds=5)


def client_assertion(client_id: str, key: SigningKey, token_url: str, now: datetime) -> str:
    """A new assertion, good for one request: its `jti` is never used again."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": token_url,
        "iat": int((now - _ISSUED_BEFORE).timestamp()),
        "exp": int((now + _LIFETIME).timestamp()),
        "jti": secrets.token_urlsafe(32),
    }
    return jwt.encode(claims, key.private, algorithm=key.alg, headers={"kid": key.kid})


def token_request(client_id: str, key: SigningKey, token_url: str, now: datetime) -> dict[str, str]:
    """The form of a token request, but for its scopes."""
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion(client_id, key, token_url, now),
    }
