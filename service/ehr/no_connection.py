"""Why no connection came about, in words for whoever set it up.

A newcomer would get one thing wrong: what httpx says may hold the URL, and what TLS says the name
of another host, so that only the kind of the fault below is looked at, never its text.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

# OpenSSL's X509_V_ERR numbers, as Python gives them in SSLCertVerificationError.verify_code.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNTRUSTED = frozenset({2, 18, 19, 20, 21})
_OTHER_HOST = frozenset({62, 64})
_CERTIFICATES = {
    _EXPIRED: "its certificate has expired: ask your EHR team to renew it",
    _NOT_YET_VALID: (
        "its certificate is not valid yet: set this machine's clock by NTP, or ask your EHR team"
    ),
    **dict.fromkeys(
        _UNTRUSTED,
        "its certificate is signed by nobody whom we trust: set BONEFLAG_FHIR_CA_FILE to the"
        " certificate of the hospital's CA",
    ),
}
_OTHER_NAME = (
    "its certificate is for another host: write the host in {setting} as your EHR team does"
)


def why_no_connection(error: BaseException, setting: str) -> str:
    """What went wrong below an error of httpx and what to do; `setting` holds the address."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _OTHER_HOST:
                return _OTHER_NAME.format(setting=setting)
            return _CERTIFICATES.get(
                cause.verify_code,
                "its certificate cannot be trusted: ask your EHR team, or set"
                " BONEFLAG_FHIR_CA_FILE",
            )
        if isinstance(cause, ssl.SSLError):
            return (
                f"no TLS can be agreed on: check https and the port in {setting}, and whether the"
                " EHR asks for a client certificate"
            )
        if isinstance(cause, socket.gaierror):
            return f"its host name is not known here: check {setting} and this machine's DNS"
        if isinstance(cause, ConnectionRefusedError):
            return f"the connection is refused: check host and port in {setting}, or it is down"
        if isinstance(cause, TimeoutError):
            return f"nobody answers: check {setting}, the network and its firewalls"
    return f"{type(error).__name__}: check {setting} and the network"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
