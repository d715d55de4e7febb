"""Oracle Health Millennium (Cerner): bulk export or a file for the cohort, messages for alerts.

A newcomer would get two things wrong. A Group can be exported and cannot be read. And a message
that was sent cannot be found again by patient, so that the ledger alone knows of it.
Soarian Clinicals and the newer AI Application Suite are other products: neither is taken for this.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.delivery.message_style import MessageStyle
from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STATEMENT = (
    "CapabilityStatement of the secure sandbox, dated 2026-08-14"
    " (github.com/api-evangelist/cerner, conformance/cerner-capability-statement-r4-secure.json)"
)
_DOCS = "github.com/cerner/fhir.cerner.com, commit of 2024-05-02, content/millennium"
_CONVENTIONS = (
    "docs.oracle.com R4 overview, harvested 2026-08-14"
    " (github.com/api-evangelist/cerner, conventions/cerner-conventions.yml)"
)
_FETCH = "github.com/smart-on-fhir/smart-fetch, commit of 2026-03-05, smart_fetch/bulk_utils.py"
_SUPPORT = "github.com/smart-on-fhir/cumulus-fhir-support, commit of 2026-05-07"

VENDOR = Vendor(
    key="oracle_health",
    name="Oracle Health Millennium",
    marks=(
        r"publisher: Oracle Health",
        r"publisher: Cerner",
        r"description: (Oracle Health|Cerner) implementation of FHIR on top of Millennium",
    ),
    cohort=("bulk-group", "id-file"),
    delivery=("communication", "worklist-file"),
    never_writes=MappingProxyType(
        {
            "Flag": "Millennium has no Flag",
            "Task": "Millennium has no Task",
        }
    ),
    one_at_a_time=True,
    page_caps=MappingProxyType({"Observation": 200, "DiagnosticReport": 100}),
    message_style=MessageStyle(
        is_bare=True,
        as_attachment=True,
        sender_types=frozenset({"Practitioner"}),
        recipient_types=frozenset({"Practitioner", "Group"}),
    ),
    facts=(
        Fact(
            "cohort",
            "Every clinical search needs patient, subject or _id, and Condition has no code to be"
            " searched by.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "cohort",
            "Group offers $export and nothing else: its members cannot be read. The organisation"
            " makes it, with at most 20,000 patients, 10,000 or fewer recommended.",
            f"{_STATEMENT}; {_DOCS}/bulk-data/group-export.md",
            _SEEN,
        ),
        Fact(
            "cohort",
            "Appointment needs a patient, practitioner or location, and a date.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "_id is called a single or comma separated list, patient is not, and where several"
            " patients are taken (Appointment) the documentation says so. Each patient is asked for"
            " alone.",
            f"{_STATEMENT}; {_DOCS}/r4/base/workflow/appointment.md",
            _SEEN,
        ),
        Fact(
            "reading",
            "Pages hold at most 200 Observation, 50 by default, and at most 100 DiagnosticReport,"
            " 10 by default.",
            f"{_DOCS}/r4/clinical/diagnostics/observation.md and diagnostic-report.md",
            _SEEN,
        ),
        Fact(
            "reading",
            "The same resource may come on two pages, because it changed meanwhile; the newer one"
            " counts.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "reading",
            "A whole search may fail because of one invalid resource.",
            "docs.oracle.com, change log of the Health AI Application Suite",
            _SEEN,
        ),
        Fact(
            "reading",
            "MedicationStatement, DeviceUseStatement and List are not there; _elements is not"
            " declared.",
            f"{_STATEMENT}; {_CONVENTIONS}",
            _SEEN,
        ),
        Fact(
            "changes",
            "_lastUpdated stands with most types, and only beside a patient. It sees clinically"
            " significant changes only.",
            f"{_STATEMENT}; {_DOCS}/r4/clinical/diagnostics/observation.md",
            _SEEN,
        ),
        Fact("changes", "There is no Subscription.", _STATEMENT, _SEEN),
        Fact(
            "delivery",
            "A Communication needs a Practitioner as its sender and Practitioners or Groups as its"
            " recipients; its text goes as an attachment, and fields that are not listed are"
            " ignored or cause errors. BONEFLAG_ALERT_AUTHOR is that sender.",
            "github.com/cerner/fhir.cerner.com, lib/resources/r4/communication.yaml",
            _SEEN,
        ),
        Fact(
            "delivery",
            "Communication can be created and patched (Message Center, to a Practitioner or a"
            " Group). It is searched by recipient, received, category and status together, not by"
            " patient or identifier: after a time-out nobody can tell whether it was sent.",
            f"{_STATEMENT}; {_DOCS}/r4/clinical/request-and-response/communication.md",
            _SEEN,
        ),
        Fact("delivery", "There is no Flag and no Task.", _STATEMENT, _SEEN),
        Fact("delivery", "ServiceRequest can be read and searched only.", _STATEMENT, _SEEN),
        Fact(
            "delivery",
            "Provenance can be created. Batches are declared, transactions are not.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery",
            "No conditional create or update is declared. An update needs If-Match: a stale"
            " version gives 409, a missing one 412.",
            f"{_CONVENTIONS}; {_DOCS}/r4.md and r4/base/workflow/appointment.md",
            _SEEN,
        ),
        Fact(
            "notices",
            "CDS Hooks has patient-view only; its page never left the draft.",
            "integration notes 1.1 (github.com/cerner/fhir.cerner.com, pull request 707)",
            _SEEN,
        ),
        Fact(
            "bulk",
            "One export at a time for each client and tenant, otherwise 429; files live for 30"
            " days; _typeFilter once for each type.",
            f"{_DOCS}/bulk-data/group-export.md",
            _SEEN,
        ),
        Fact(
            "bulk",
            "_type must be joined by commas: a repeated one is not understood.",
            _FETCH,
            _SEEN,
        ),
        Fact(
            "bulk",
            "A file is answered with 307 to a storage service: the token must not go there.",
            f"{_DOCS}/bulk-data/group-export.md",
            _SEEN,
        ),
        Fact("bulk", "Waits of five hours between two polls were asked for.", _FETCH, _SEEN),
        Fact(
            "login",
            "Backend services sign in with private_key_jwt (RS384 or ES384); SMART v1 and v2"
            " scopes are offered. Apps are registered by hand.",
            "smart-configuration of the secure sandbox, 2026-08-14 (github.com/api-evangelist/"
            "cerner, authentication/cerner-authentication.yml)",
            _SEEN,
        ),
        Fact(
            "limits",
            "No limit is published and no header tells one.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "errors",
            "500 and 504 come for passing and for lasting faults alike.",
            f"{_SUPPORT}, cumulus_fhir_support/http.py",
            _SEEN,
        ),
    ),
    ask_for=(
        "A Group of the patients with multiple sclerosis for bulk export, at most 10,000, and its"
        " id; or a daily file of MRNs with their system.",
        "A system account for this service (client credentials with private_key_jwt) with our JWK"
        " Set URL registered.",
        "System scopes to read Patient, Condition, MedicationRequest, MedicationAdministration,"
        " MedicationDispense, Observation, DiagnosticReport, Procedure, ServiceRequest,"
        " FamilyMemberHistory and Device.",
        "system/Communication.write, and the Practitioner or Group ids that should get the"
        " messages in Message Center.",
        "How many requests a second you allow by day and by night: none is published.",
    ),
)
