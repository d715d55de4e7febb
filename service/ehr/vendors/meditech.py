"""MEDITECH Expanse: a Group for the cohort, messages for alerts, sweeps only.

A newcomer would get one thing wrong: that system access is advertised does not mean that it is
switched on. It is decided for each production client.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STATEMENT = (
    "Greenfield CapabilityStatement, US Core STU6, harvested 2026-08-06"
    " (github.com/api-evangelist/meditech,"
    " conformance/meditech-greenfield-capabilitystatement.json)"
)
_SIGN_IN = (
    "tried with sandbox credentials 2026-08-06"
    " (github.com/api-evangelist/meditech, authentication/meditech-greenfield-oauth.yml)"
)
_TERMS = (
    "API terms of use, harvested 2026-08-14"
    " (github.com/api-evangelist/meditech, conventions/meditech-conventions.yml)"
)

VENDOR = Vendor(
    key="meditech",
    name="MEDITECH",
    marks=(r"publisher: Medical Information Technology, Inc\.?", r"publisher: MEDITECH"),
    cohort=("group", "id-file", "bulk-group"),
    delivery=("communication", "worklist-file"),
    never_writes=MappingProxyType(
        {
            "Flag": "MEDITECH has no Flag",
            "Task": "MEDITECH lets a Task be read and nothing else",
        }
    ),
    facts=(
        Fact(
            "cohort",
            "Group can be read and searched (type=person), with Group:member to be included.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "cohort",
            "Condition lists code, and each parameter is described for one patient's resources."
            " That a search without a patient is refused is assumed.",
            f"{_STATEMENT}; the refusal from memory",
            _SEEN,
        ),
        Fact(
            "reading",
            "Whether several patients in one search are understood is not said: the reader finds"
            " out.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "Patient/$everything is offered, with _type, start and end.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "Pages are continued by a parameter of its own, continue: follow the link as it is."
            " MedicationAdministration, MedicationStatement, FamilyMemberHistory and"
            " DeviceUseStatement are not among the types.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "changes",
            "No type lists _lastUpdated and there is no Subscription: each sweep reads everybody.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery",
            "Communication can be created, read and searched by patient, not updated; the"
            " operation get-recipient-choices names who may get one.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery",
            "There is no Flag, and a Task can be read only. ServiceRequest can be read and"
            " searched only, Provenance can be read only.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery",
            "Conditional create, If-Match and idempotency keys are not documented: a create that is"
            " sent twice is there twice.",
            f"{_STATEMENT}; {_TERMS}",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Group and Patient export are offered, with _type and _since.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "login",
            "client_credentials with private_key_jwt is advertised and was not enabled for a"
            " sandbox client (unauthorized_client); it is granted in production onboarding.",
            _SIGN_IN,
            _SEEN,
        ),
        Fact(
            "limits",
            "Limits are set at MEDITECH's discretion and without notice; none is published.",
            _TERMS,
            _SEEN,
        ),
    ),
    ask_for=(
        "A Group of the patients with multiple sclerosis and its FHIR id; or a daily file of MRNs"
        " with their system.",
        "The client credentials grant for this service in production, with private_key_jwt and our"
        " JWK Set URL.",
        "System scopes to read Patient, Condition, MedicationRequest, Medication,"
        " MedicationDispense, Observation, DiagnosticReport, Procedure, ServiceRequest, Device and"
        " Group.",
        "Communication create, and the recipients that get-recipient-choices offers for it.",
        "The rate that you allow by day and by night: none is published.",
    ),
)
