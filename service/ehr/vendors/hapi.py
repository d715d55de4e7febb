"""HAPI FHIR: an open server that does everything, with a cache of searches and small pages.

A newcomer would get one thing wrong: many a product is built on this library and keeps the name,
so that being recognised says little about what is offered. The statement decides.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STARTER = (
    "github.com/hapifhir/hapi-fhir-jpaserver-starter, commit of 2026-07-23,"
    " src/main/resources/application.yaml"
)

VENDOR = Vendor(
    key="hapi",
    name="HAPI FHIR",
    marks=(r"software: HAPI FHIR( Server)?", r"description: HAPI FHIR R4B? Server"),
    page_caps=MappingProxyType({"*": 200}),
    facts=(
        Fact(
            "cohort",
            "Conditions can be searched by code over everybody, with Condition:subject included.",
            "tests/hapi of this project, run against a real server",
            _SEEN,
        ),
        Fact("reading", "A page holds at most 200 resources.", f"{_STARTER}, max_page_size", _SEEN),
        Fact(
            "reading",
            "The answer to a search is kept for 60 seconds and given again; BoneFlag says no-cache"
            " with every search. Pages expire after 60 minutes.",
            f"{_STARTER}, reuse_cached_search_results_millis and retain_cached_searches_mins",
            _SEEN,
        ),
        Fact("changes", "_lastUpdated works everywhere.", "tests/hapi of this project", _SEEN),
        Fact(
            "changes",
            "Subscriptions by rest-hook are there and switched off by default.",
            f"{_STARTER}, subscription",
            _SEEN,
        ),
        Fact(
            "delivery",
            "Flag and Task can be created and updated, with transactions and If-Match.",
            "tests/hapi of this project",
            _SEEN,
        ),
        Fact(
            "delivery",
            "Conditional create races: two at once make two. BoneFlag looks before it sends and"
            " reads back afterwards.",
            "github.com/hapifhir/hapi-fhir, issues 3141 and 4597 (integration notes 1.5)",
            _SEEN,
        ),
        Fact(
            "notices",
            "CDS Hooks and clinical reasoning are modules, switched off by default.",
            f"{_STARTER}, cdshooks and cr",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Bulk export is there and switched off by default; files live for two hours.",
            f"{_STARTER}, bulk_export_enabled and bulk_export_file_retention_period_hours",
            _SEEN,
        ),
        Fact(
            "login", "The starter has no sign-in of its own: a proxy does it.", "from memory", _SEEN
        ),
        Fact("limits", "None of its own.", "from memory", _SEEN),
    ),
    ask_for=(
        "Which proxy signs us in, and with what (SMART Backend Services, a token, a certificate).",
        "Bulk export switched on (bulk_export_enabled) if the first load is to go that way.",
        "Who shows Flags and Tasks to clinicians: the server itself shows nothing.",
    ),
)
