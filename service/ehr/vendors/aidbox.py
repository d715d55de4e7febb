"""Aidbox (Health Samurai): an open server that does what its statement says.

A newcomer would get one thing wrong: large pages may cost the server its memory, so pages are kept
moderate although nothing forbids more.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STATEMENT = (
    "CapabilityStatement of a public box, harvested 2026-07-24"
    " (github.com/api-evangelist/aidbox, fhir/aidbox-capabilitystatement.json)"
)
_DOCS = "github.com/Aidbox/documentation, commit of 2024-07-02"

VENDOR = Vendor(
    key="aidbox",
    name="Aidbox",
    marks=(r"name: aidbox", r"description: Aidbox FHIR Server", r"software: Aidbox"),
    page_caps=MappingProxyType({"*": 500}),
    facts=(
        Fact(
            "cohort",
            "Condition lists code and includes Condition:subject: a search by code over everybody"
            " works.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "A page holds 100 resources by default. There is no limit, and the documentation warns"
            " of running out of memory: BoneFlag asks for 500 at most.",
            f"{_DOCS}, _count-and-_page.md",
            _SEEN,
        ),
        Fact(
            "reading",
            "_elements limits what comes.",
            "github.com/api-evangelist/aidbox, conventions/aidbox-conventions.yml, 2026-07-24",
            _SEEN,
        ),
        Fact(
            "changes", "_lastUpdated stands with every type, Subscription too.", _STATEMENT, _SEEN
        ),
        Fact(
            "delivery",
            "Flag and Task can be created, updated and patched, by PUT and conditionally, with"
            " If-Match, batches and transactions.",
            f"{_STATEMENT}; {_DOCS}, basic-concepts/crud-1.md",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Export of patients and of Groups, one at a time (429), to storage that is set up.",
            f"{_DOCS}, api-1/bulk-api-1/usdexport.md",
            _SEEN,
        ),
        Fact("login", "OAuth 2 with SMART on FHIR, or basic authentication.", _STATEMENT, _SEEN),
        Fact(
            "limits",
            "None of its own.",
            "github.com/api-evangelist/aidbox, conventions/aidbox-conventions.yml, 2026-07-24",
            _SEEN,
        ),
    ),
    ask_for=(
        "A client with access policies that let it read the needed types and write Flag and Task.",
        "Who shows Flags and Tasks to clinicians: the server itself shows nothing.",
    ),
)
