"""For schemathesis, in its own process: each request to CDS Hooks with a token of its own.

The key is in SIGNING_KEY (PEM); everything else is as in `card_world`. A name under which
schemathesis looks for hooks, `SCHEMATHESIS_HOOKS=tests.lib.signed_requests`.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any

import jwt
import schemathesis

from service.ehr.smart.keys import keys_in
from tests.lib.card_names import ISSUER, JKU, URL


@schemathesis.auth(refresh_interval=None)
class Signed:
    """Signs for the very address that is called, once."""

    def get(self, case: schemathesis.Case, _context: Any) -> str:
        """A token that nobody has used."""
        (key,) = keys_in(os.environb[b"SIGNING_KEY"])
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": ISSUER,
            "aud": URL + case.formatted_path,
            "iat": now,
            "exp": now + 300,
            "jti": uuid.uuid4().hex,
        }
        header = {"kid": key.kid, "jku": JKU}
        return jwt.encode(claims, key.private, algorithm=key.alg, headers=header)

    def set(self, case: schemathesis.Case, data: str, _context: Any) -> None:
        """Show it."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
