"""Google Cloud Healthcare API: an open store that takes searches by GET only.

A newcomer would get two things wrong. A search in the body of a POST is documented as not
supported, so that patient ids stand in addresses: keep them out of the logs of proxies. And a
conditional create is found by identifier and by nothing else.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_SEARCH = "docs.cloud.google.com, healthcare-api, fhirStores.fhir search-type"
_PAGING = "docs.cloud.google.com, healthcare-api, best-practices-fhir-search"
_STORE = "docs.cloud.google.com, healthcare-api, FhirStore and fhir.create (integration notes 1.1)"

VENDOR = Vendor(
    key="google",
    name="Google Cloud Healthcare API",
    # The host is documented; the name is from memory.
    marks=(r"host: healthcare\.googleapis\.com", r"software: Google Cloud Healthcare API"),
    page_caps=MappingProxyType({"*": 1000}),
    searches_by_get=True,
    facts=(
        Fact(
            "cohort",
            "Conditions can be searched by code over everybody; which parameters stand with a type"
            " is said by the statement.",
            _SEARCH,
            _SEEN,
        ),
        Fact(
            "reading",
            "POST _search does not take its parameters in the body (form-urlencoded), only in the"
            " address: BoneFlag searches by GET.",
            _SEARCH,
            _SEEN,
        ),
        Fact("reading", "A page holds at most 1000 resources.", "from memory", _SEEN),
        Fact(
            "reading",
            "Bundle.total is an estimate until the last page. BoneFlag does not read it.",
            _PAGING,
            _SEEN,
        ),
        Fact(
            "reading",
            "Unknown parameters are ignored unless the store says otherwise"
            " (defaultSearchHandlingStrict).",
            _STORE,
            _SEEN,
        ),
        Fact("changes", "_lastUpdated; notices go to Pub/Sub, not to subscribers.", _STORE, _SEEN),
        Fact(
            "delivery",
            "Flag and Task can be created and updated.",
            "docs.cloud.google.com, healthcare-api, FHIR conformance statement: storage and"
            " retrieval of all R4 resources",
            _SEEN,
        ),
        Fact(
            "delivery",
            "If-None-Exist takes identifier only; ids of one's own only with enableUpdateCreate.",
            _STORE,
            _SEEN,
        ),
        Fact(
            "bulk",
            "Export of Groups and of everything, to a bucket that is set at the store.",
            "googleapis.dev, BulkExportGroupRequest",
            _SEEN,
        ),
        Fact(
            "login",
            "OAuth tokens of a service account, not SMART Backend Services, unless a gateway"
            " stands before it. BoneFlag takes a bearer token from a file meanwhile.",
            "from memory",
            _SEEN,
        ),
        Fact(
            "limits",
            "Quotas by project and region, 429 beyond them.",
            "docs.cloud.google.com, healthcare-api, quotas (integration notes 1.4)",
            _SEEN,
        ),
    ),
    ask_for=(
        "A way to sign in: a gateway that speaks SMART Backend Services, or a token file that is"
        " renewed for us.",
        "The rights to read resources and to search, and to create and update Flag and Task once"
        " BoneFlag goes live.",
        "That addresses are kept out of proxy logs: searches carry patient ids in them.",
    ),
)
