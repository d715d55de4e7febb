"""Which EHR product this is, by its CapabilityStatement.

A newcomer would get two things wrong. Recognising a product is a help and never needed: None is a
good answer, and a server that nobody knows works by its statement alone. And names deceive: a
hospital may be called like a product, a proxy may carry its own name before one. So a mark must
fit one field as a whole, the name of the software counts before the publisher's, and text that the
hospital writes about itself is compared only with what the product writes there by default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from service.ehr.vendors import (
    aidbox,
    athenahealth,
    aws_healthlake,
    azure,
    epic,
    google,
    hapi,
    intersystems,
    meditech,
    medplum,
    oracle_health,
    smile,
)
from service.ehr.vendors.vendor import Vendor

VENDORS: tuple[Vendor, ...] = (
    epic.VENDOR,
    oracle_health.VENDOR,
    meditech.VENDOR,
    athenahealth.VENDOR,
    hapi.VENDOR,
    smile.VENDOR,
    medplum.VENDOR,
    azure.VENDOR,
    google.VENDOR,
    aws_healthlake.VENDOR,
    intersystems.VENDOR,
    aidbox.VENDOR,
)
"""Every product that is known, in the order of docs/vendors.md."""


def vendor_of(statement: Mapping[str, Any]) -> Vendor | None:
    """The product behind a CapabilityStatement, None for one that nobody knows.

    Never raises: a broken statement is an unknown product.
    """
    for line in _lines(statement):
        for vendor in VENDORS:
            if any(re.fullmatch(mark, line, re.IGNORECASE) for mark in vendor.marks):
                return vendor
    return None


def _lines(statement: Mapping[str, Any]) -> Iterator[str]:
    """What the statement says of its maker, as `field: text`, the most telling first."""
    software, implementation = statement.get("software"), statement.get("implementation")
    said = (
        ("software", _text(software, "name")),
        ("publisher", _text(statement, "publisher")),
        ("name", _text(statement, "name")),
        ("description", _text(implementation, "description")),
        ("host", _host(_text(implementation, "url"))),
        ("host", _host(_text(statement, "url"))),
    )
    return (f"{field}: {text}" for field, text in said if text)


def _text(holder: object, key: str) -> str:
    text = holder.get(key) if isinstance(holder, Mapping) else None
    return text.strip() if isinstance(text, str) else ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # A bracket that no address can have.
        return ""
