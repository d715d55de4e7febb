"""Azure Health Data Services, and the open source server that it is made of.

A newcomer would get one thing wrong: it answers ten resources to a page unless it is asked for
more, and passes over search parameters that it does not know.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_SOURCE = "github.com/microsoft/fhir-server, commit of 2026-08-21"
_FEATURES = "learn.microsoft.com, fhir-features-supported (integration notes 1.1)"

VENDOR = Vendor(
    key="azure",
    name="Azure FHIR service",
    marks=(
        r"software: (FHIR Server for Azure|Azure API for FHIR|Azure Healthcare APIs.*)",
        r"publisher: Microsoft",
        r"host: .+\.azurehealthcareapis\.com",
    ),
    page_caps=MappingProxyType({"*": 1000}),
    facts=(
        Fact(
            "cohort",
            "Conditions can be searched by code over everybody.",
            _FEATURES,
            _SEEN,
        ),
        Fact(
            "reading",
            "A page holds 10 resources by default and 1000 at most, included ones counted apart.",
            f"{_SOURCE}, Configs/CoreFeatureConfiguration.cs",
            _SEEN,
        ),
        Fact(
            "reading",
            "Unknown search parameters are ignored unless Prefer: handling=strict is sent.",
            "github.com/microsoft/fhir-server, pull request 2779 (integration notes 1.2)",
            _SEEN,
        ),
        Fact("changes", "_lastUpdated works everywhere.", _FEATURES, _SEEN),
        Fact(
            "delivery",
            "Flag and Task can be created and updated. A bundle holds at most 500 entries, If-Match"
            " is heeded.",
            _FEATURES,
            _SEEN,
        ),
        Fact(
            "delivery",
            "Conditional create may make two of the same.",
            "github.com/microsoft/fhir-server, issue 1382 (integration notes 1.5)",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Export of the system, of patients and of Groups, to storage that the operator sets"
            " up.",
            _FEATURES,
            _SEEN,
        ),
        Fact(
            "login",
            "By default tokens come from Microsoft Entra ID for the scope of the service; SMART"
            " needs a set-up of its own.",
            "from memory",
            _SEEN,
        ),
        Fact(
            "limits",
            "429 with Retry-After and x-ms-retry-after-ms, from 20 ms to 60 s.",
            f"{_SOURCE}, Throttling/ThrottlingMiddleware.cs",
            _SEEN,
        ),
    ),
    ask_for=(
        "An app registration for this service with the role to read data, and to write it once"
        " BoneFlag goes live.",
        "Storage for export, if the first load is to go by bulk.",
        "Who shows Flags and Tasks to clinicians: the service itself shows nothing.",
    ),
)
