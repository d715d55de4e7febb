"""athenahealth: a bulk Group or a file for the cohort, and a worklist file for alerts.

A newcomer would get two things wrong. There is nothing that an alert could be written as. And
MedicationRequest is not answered without an intent, so that all intents are asked for.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STATEMENT = (
    "live CapabilityStatement, version 2.0.0, dated 2022-06-06, harvested 2026-08-14"
    " (github.com/api-evangelist/athenahealth,"
    " conformance/athenahealth-fhir-capabilitystatement.json)"
)
_CONVENTIONS = (
    "harvested 2026-08-14 (github.com/api-evangelist/athenahealth,"
    " conventions/athenahealth-conventions.yml)"
)
_SUBSCRIPTIONS = "integration notes 1.6 (github.com/athenahealth/aone-fhir-subscriptions)"
# All of FHIR R4's RequestIntent: an intent that is left out would be a medicine that is not seen.
_EVERY_INTENT = "proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option"

VENDOR = Vendor(
    key="athenahealth",
    name="athenahealth",
    marks=(r"software: athenahealth FHIR Server", r"publisher: athenahealth"),
    cohort=("bulk-group", "id-file"),
    delivery=("worklist-file",),
    never_writes=MappingProxyType(
        {"Flag": "athenahealth has no Flag", "Task": "athenahealth has no Task"}
    ),
    required_search=MappingProxyType(
        {"MedicationRequest": (MappingProxyType({"intent": _EVERY_INTENT}),)}
    ),
    facts=(
        Fact(
            "cohort",
            "Condition, Observation, Procedure and the others must have patient, encounter or _id:"
            " the statement says so itself (requiredAnySearchParams).",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "cohort",
            "Group offers $export and nothing else: its members cannot be read.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "MedicationRequest must have patient and intent together. BoneFlag asks for every"
            " intent that R4 knows, in one search.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "US Core asks servers to take several intents in one search, joined by commas.",
            "hl7.org/fhir/us/core, MedicationRequest, from memory",
            _SEEN,
        ),
        Fact(
            "reading",
            "Pages are continued by a parameter of its own, cursor: follow the link as it is."
            " Whether several patients in one search are understood is not said: the reader finds"
            " out.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "Several practices may stand behind one address; ah-practice narrows a search.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "reading",
            "MedicationAdministration, MedicationStatement and DeviceUseStatement are not among the"
            " types; _elements is not listed.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "changes",
            "Most types list _lastUpdated, and only beside a patient.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "changes",
            "An alpha of topic subscriptions sends ids only, in no order, at least once; the"
            " receiver has 2 seconds to answer. BoneFlag does not subscribe yet.",
            _SUBSCRIPTIONS,
            _SEEN,
        ),
        Fact(
            "delivery",
            "Only QuestionnaireResponse can be created. There is no Flag, no Task and no"
            " Communication; ServiceRequest and Provenance can be read and searched only.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery",
            "None of 40 described operations has an idempotency key.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "notices",
            "CDS Hooks is described for patient-view.",
            "github.com/api-evangelist/athenahealth,"
            " openapi/athenahealth-cds-hooks-api-openapi.yml",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Group export with _type and _since.",
            "github.com/api-evangelist/athenahealth,"
            " openapi/_original/athenahealth-fhir-bulk-data-api-openapi.yml",
            _SEEN,
        ),
        Fact(
            "login",
            "private_key_jwt and client_credentials are offered, with SMART v1 and v2 scopes.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "limits",
            "Limits are documented only where no machine can read them; no header tells one.",
            "github.com/api-evangelist/athenahealth, rate-limits/athenahealth-rate-limits.yml",
            _SEEN,
        ),
    ),
    ask_for=(
        "A Group of the patients with multiple sclerosis for bulk export and its id; or a daily"
        " file of patient ids.",
        "A backend app with client credentials (private_key_jwt) and our JWK Set URL, for your"
        " practice.",
        "System scopes to read Patient, Condition, MedicationRequest, Medication,"
        " MedicationDispense, Observation, DiagnosticReport, Procedure, ServiceRequest,"
        " FamilyMemberHistory and Device.",
        "A place where a worklist file (CSV or NDJSON) may be put every morning, and who works"
        " through it.",
        "The rate that you allow by day and by night.",
    ),
)
