"""Which server a URL belongs to, and whether a base URL is fit to carry patient records."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

Origin = tuple[str, str, int]


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a URL; the port that the scheme means where none is written."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def check_base_url(base_url: str, allow_insecure: bool) -> None:
    """ValueError unless it is https; http is allowed to loopback, or with `allow_insecure`."""
    scheme, host, _ = origin_of(base_url)
    if scheme not in ("https", "http") or not host or urlsplit(base_url).query:
        raise ValueError("The FHIR base URL must look like https://ehr.example.org/fhir")
    if not is_safe(base_url, allow_insecure):
        raise ValueError(
            "The FHIR base URL must be https, or records would cross the network unencrypted;"
            " BONEFLAG_FHIR_ALLOW_PLAIN_HTTP allows it inside a closed network"
        )


def is_safe(url: str, allow_insecure: bool) -> bool:
    """Whether what is sent there stays between us: TLS, loopback, or allowed without."""
    scheme, host, _ = origin_of(url)
    return scheme == "https" or allow_insecure or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
