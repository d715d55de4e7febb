"""Medplum: an open server that counts how dear a request is.

A newcomer would get one thing wrong: a transaction with a conditional create in it may hold eight
entries and no more.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_METADATA = "github.com/medplum/medplum, packages/server/src/fhir/metadata.ts, commit 05b1fcb"
_CONVENTIONS = (
    "medplum.com/docs, harvested 2026-08-14"
    " (github.com/api-evangelist/medplum, conventions/medplum-conventions.yml)"
)
_LIMITS = (
    "medplum.com/docs/rate-limits, reviewed 2026-07-27"
    " (github.com/api-evangelist/medplum, rate-limits/medplum-rate-limits.yml)"
)

VENDOR = Vendor(
    key="medplum",
    name="Medplum",
    marks=(r"software: medplum", r"publisher: Medplum"),
    page_caps=MappingProxyType({"*": 1000}),
    facts=(
        Fact(
            "cohort",
            "Every type lists its search parameters, code among them: a search by code over"
            " everybody works.",
            _METADATA,
            _SEEN,
        ),
        Fact("reading", "A page holds at most 1000 resources.", "from memory", _SEEN),
        Fact("reading", "_elements is listed for all types.", _METADATA, _SEEN),
        Fact("changes", "_lastUpdated and Subscriptions.", "from memory", _SEEN),
        Fact(
            "delivery",
            "Every type can be created and updated, with batches and transactions. Conditional"
            " create is declared, creating by PUT is not.",
            _METADATA,
            _SEEN,
        ),
        Fact(
            "delivery",
            "A transaction with conditional parts holds at most 8 entries, any at most 50 updates.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact("bulk", "Group export is declared.", _METADATA, _SEEN),
        Fact(
            "login",
            "private_key_jwt with RS256, RS384 or ES384, client credentials, SMART v1 and v2.",
            "smart-configuration of api.medplum.com"
            " (github.com/api-evangelist/medplum, fhir/medplum-smart-configuration.json)",
            _SEEN,
        ),
        Fact(
            "limits",
            "Two limits a minute: requests for each IP address, and a load in which dear requests"
            " weigh more. 429, with what is left in the header RateLimit.",
            _LIMITS,
            _SEEN,
        ),
    ),
    ask_for=(
        "A ClientApplication with an access policy that lets it read the needed types and write"
        " Flag and Task, and our JWK Set URL in jwksUri.",
        "Your plan's limits for requests and for the weighted load.",
    ),
)
