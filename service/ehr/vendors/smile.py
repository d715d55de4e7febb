"""Smile CDR (Smile Digital Health): HAPI FHIR with support, sign-in and consent around it.

A newcomer would get one thing wrong: what it says of itself was not seen. Where it is not
recognised it is an open server like any other, and nothing is lost.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_PROFILE = "github.com/api-evangelist/smile-cdr, README of 2026-08-03, after smilecdr.com/docs"

VENDOR = Vendor(
    key="smile",
    name="Smile CDR",
    marks=(r"software: Smile ?CDR",),
    page_caps=MappingProxyType({"*": 200}),
    facts=(
        Fact(
            "cohort",
            "All searches, transactions and conditional interactions of FHIR are offered.",
            _PROFILE,
            _SEEN,
        ),
        Fact(
            "reading",
            "Page sizes are set by the operator; 200 is taken for the limit, as for the open server"
            " that it is built on.",
            "from memory",
            _SEEN,
        ),
        Fact("changes", "Subscriptions of R4 and by topic, with rest-hook.", _PROFILE, _SEEN),
        Fact("delivery", "Flag and Task can be created and updated.", "from memory", _SEEN),
        Fact(
            "bulk",
            "Export of the system, of Groups and of patients, with backend services sign-in.",
            _PROFILE,
            _SEEN,
        ),
        Fact("login", "SMART on FHIR with OAuth 2 and OpenID Connect.", _PROFILE, _SEEN),
    ),
    ask_for=(
        "A client for backend services with our JWK Set URL and system scopes.",
        "Whether consent takes resources out of answers, and for whom.",
        "Who shows Flags and Tasks to clinicians: the server itself shows nothing.",
    ),
)
