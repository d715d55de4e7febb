"""AWS HealthLake: an open store whose index lags behind its writes.

A newcomer would get one thing wrong: what was just created is not found by a search for a while.
Reading it by id finds it, which is how BoneFlag reads back.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_GUIDE = "docs.aws.amazon.com/healthlake/latest/devguide"

VENDOR = Vendor(
    key="aws_healthlake",
    name="AWS HealthLake",
    # The host is documented; the name is from memory.
    marks=(
        r"host: healthlake(-fips)?\.[a-z0-9-]+\.amazonaws\.com",
        r"software: (AWS|Amazon) HealthLake",
    ),
    page_caps=MappingProxyType({"*": 100}),
    facts=(
        Fact(
            "cohort",
            "Conditions can be searched, by a subset of R4's search parameters that the statement"
            " names.",
            f"{_GUIDE}/reference-fhir-search-parameters.html",
            _SEEN,
        ),
        Fact("reading", "A page holds at most 100 resources.", "from memory", _SEEN),
        Fact(
            "reading",
            "Searching by POST is advised, because it keeps patients out of addresses.",
            f"{_GUIDE}/searching-fhir-resources-get.html",
            _SEEN,
        ),
        Fact(
            "reading",
            "Searches are eventually consistent; a header asks for strong consistency of history.",
            f"{_GUIDE}/searching-fhir-consistency-levels.html (integration notes 1.3)",
            _SEEN,
        ),
        Fact(
            "reading",
            "The service may derive conditions from documents by itself; searches leave them out"
            " unless they are asked for.",
            f"{_GUIDE}/search-with-get.html",
            _SEEN,
        ),
        Fact(
            "changes",
            "_lastUpdated works everywhere.",
            f"{_GUIDE}/reference-fhir-search-parameters.html",
            _SEEN,
        ),
        Fact(
            "delivery",
            "Resources can be created and updated, in batches and transactions; a bundle holds at"
            " most 160. That Flag and Task are among them was not seen.",
            f"{_GUIDE}/crud-healthlake.html and quotas.html",
            _SEEN,
        ),
        Fact(
            "bulk",
            "$export of the system, of patients and of Groups is asked for by POST; one at a time.",
            f"{_GUIDE}, exporting with $export, and quotas.html",
            _SEEN,
        ),
        Fact(
            "login",
            "A data store signs its users in either by AWS Signature 4 or by SMART on FHIR (1.0 and"
            " 2.0, with an authorization server of your own), chosen when it is made. BoneFlag"
            " speaks SMART only.",
            f"{_GUIDE}/reference-smart-on-fhir.md and create-data-store.html",
            _SEEN,
        ),
        Fact(
            "limits",
            "3,000 reads a second for a store made after 2023-08-21, 100 for an older one.",
            "github.com/api-evangelist/aws-healthlake, rate-limits/aws-healthlake-rate-limits.yml",
            _SEEN,
        ),
    ),
    ask_for=(
        "A data store with the SMART on FHIR authorization strategy: it cannot be changed later.",
        "A backend client at its authorization server with our JWK Set URL.",
        "Who shows Flags and Tasks to clinicians: the store itself shows nothing.",
    ),
)
