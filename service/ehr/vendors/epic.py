"""Epic: a Group or a patient list instead of a search by code, one patient at a time, messages.

A newcomer would get two things wrong. Every hospital has its own release and its own set of opened
interfaces, so the statements quoted here are the sandbox's and not your hospital's. And half of
the listed search parameters are filters after the fact: the server fetches everything first.
"""

from __future__ import annotations

from types import MappingProxyType

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_STATEMENT = (
    "sandbox CapabilityStatement, release May 2026, dated 2026-07-24"
    " (github.com/api-evangelist/epic-systems, fhir/epic-fhir-r4-capabilitystatement.json)"
)
_CODES = (
    "list of error codes, harvested 2026-08-14 from fhir.epic.com/Specifications"
    " (github.com/api-evangelist/epic-systems, errors/epic-systems-error-codes.yml)"
)
_CONVENTIONS = (
    "fhir.epic.com, search parameters, harvested 2026-08-14"
    " (github.com/api-evangelist/epic-systems, conventions/epic-systems-conventions.yml)"
)
_GUIDELINES = (
    "fhir.epic.com, developer guidelines, harvested 2026-08-14"
    " (github.com/api-evangelist/epic-systems, rate-limits/epic-systems-rate-limits.yml)"
)
_CHANGES = (
    "fhir.epic.com, oauth2, harvested 2026-08-14"
    " (github.com/api-evangelist/epic-systems, changelog/epic-systems-changelog.yml)"
)
_FETCH = "github.com/smart-on-fhir/smart-fetch, commit of 2026-03-05"
_SUPPORT = "github.com/smart-on-fhir/cumulus-fhir-support, commit of 2026-05-07"
_HOOKS = (
    "fhir.epic.com, CDS Hooks tutorial, harvested 2026-07-24"
    " (github.com/api-evangelist/epic-systems, asyncapi/epic-systems-cds-hooks-webhooks.yml)"
)
_MEMORY = "from memory"

VENDOR = Vendor(
    key="epic",
    name="Epic",
    marks=(r"software: Epic",),
    cohort=("group", "patient-list", "id-file", "bulk-group"),
    delivery=("communication", "worklist-file"),
    never_writes=MappingProxyType(
        {
            "Flag": "Epic lists Flag for reading and searching only",
            "Task": "Epic takes updates of its own community and checklist tasks only",
        }
    ),
    one_at_a_time=True,
    # The server asks for code or category; what is filtered afterwards does not count as either.
    unusable_search=MappingProxyType({"Observation": frozenset({"combo-code", "value-concept"})}),
    never_retry_codes=frozenset({"4118", "4130", "4131", "4134", "4135"}),
    cut_short_codes=frozenset({"4127", "59133"}),
    already_there_codes=frozenset({"59141"}),
    expired_page_codes=frozenset({"4113"}),
    merged_codes=frozenset({"4107"}),
    client_id_header="Epic-Client-ID",
    facts=(
        Fact(
            "cohort",
            "A search that names no patient is refused (4111, 59159); the list's own example is"
            " Condition by category alone. No search by code over everybody.",
            _CODES,
            _SEEN,
        ),
        Fact(
            "cohort",
            "Group can be read and searched, by _id only: the hospital's analysts make a registry"
            " and the Epic contacts turn it into a Group.",
            f"{_STATEMENT}; {_FETCH}, docs/exporting.md",
            _SEEN,
        ),
        Fact(
            "cohort",
            "List takes code=patients for patient lists, with an identifier that applies to them"
            " only.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "reading",
            "Two different patients in one search are an invalid combination (4112), so each"
            " patient is asked for alone; patient and subject may not be mixed.",
            f"{_CODES}; {_STATEMENT}",
            _SEEN,
        ),
        Fact(
            "reading",
            "Observation must have code or category besides (59108); BoneFlag gives codes.",
            _CODES,
            _SEEN,
        ),
        Fact(
            "reading",
            "combo-code and value-concept of Observation are listed without a description, and are"
            " taken for filters that run after the native parameters, at the full cost, and that"
            " do not stand for code. BoneFlag searches by code, and does not see a code of ours"
            " that is only an answer or a component there.",
            f"{_STATEMENT}; {_CONVENTIONS}",
            _SEEN,
        ),
        Fact(
            "reading",
            "Condition needs no category: CarePlan's is called required, Condition's is not, and a"
            " client that is used on Epic reads Condition by patient alone. An unknown category"
            " would be refused (4115), so none is sent.",
            f"{_STATEMENT}; {_FETCH}, smart_fetch/filtering.py; {_CODES}",
            _SEEN,
        ),
        Fact(
            "reading",
            "A search without category brings the kinds of Condition for which the app is"
            " registered: problems, encounter diagnoses, medical history and others count as"
            " interfaces of their own.",
            _MEMORY,
            _SEEN,
        ),
        Fact(
            "reading",
            "A search in the body of POST works; from the release of February 2026 the query is"
            " ignored there, before that the body was. BoneFlag never sends both.",
            _CONVENTIONS,
            _SEEN,
        ),
        Fact(
            "reading",
            "Beside _id only _count and includes are heeded; _elements and MedicationStatement are"
            " not listed.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "changes",
            "_lastUpdated stands with DocumentReference and MeasureReport only: there is no poll,"
            " each sweep reads everybody.",
            _STATEMENT,
            _SEEN,
        ),
        Fact("changes", "There is no Subscription.", _STATEMENT, _SEEN),
        Fact(
            "delivery",
            "Communication can be created, read and searched, not updated: a message cannot be"
            " taken back. Conditional create and update are declared as not offered, for every"
            " type.",
            _STATEMENT,
            _SEEN,
        ),
        Fact(
            "delivery", "Flag can be read and searched, not created or updated.", _STATEMENT, _SEEN
        ),
        Fact(
            "delivery",
            "Task can be read, searched and updated, not created; updates are for community"
            " resource and checklist tasks. BoneFlag attempts none.",
            f"{_STATEMENT}; the kinds of task by integration notes 0, fact 1",
            _SEEN,
        ),
        Fact(
            "delivery",
            "ServiceRequest can be created; what is filed then is the hospital's own build, so"
            " BoneFlag proposes none unless told to.",
            f"{_STATEMENT}; the second half {_MEMORY}",
            _SEEN,
        ),
        Fact("delivery", "Provenance can only be read.", _STATEMENT, _SEEN),
        Fact(
            "notices",
            "CDS Hooks is offered, with patient-view among the hooks; which ones depends on the"
            " release.",
            _HOOKS,
            _SEEN,
        ),
        Fact(
            "bulk",
            "Only Group export. It reads the working database, is not incremental, and runs of"
            " several weeks were seen; a client that is used on Epic reads patient by patient"
            " instead. Use it to learn who is in the Group.",
            f"{_STATEMENT}; {_FETCH}, docs/exporting.md and smart_fetch/bulk_utils.py",
            _SEEN,
        ),
        Fact(
            "bulk",
            "One export for each client and Group: delete the last one, or the next is refused.",
            f"{_FETCH}, smart_fetch/bulk_utils.py",
            _SEEN,
        ),
        Fact(
            "login",
            "Backend apps need a JWK Set URL (or from August 2026 a .pem file) set by each"
            " hospital; keys uploaded to the app alone end with the release of May 2026.",
            _CHANGES,
            _SEEN,
        ),
        Fact(
            "login",
            "Scopes of SMART v1 and v2 are both offered; what a backend app may do is decided by"
            " its registration.",
            "sandbox smart-configuration (github.com/api-evangelist/epic-systems,"
            " fhir/epic-fhir-r4-smart-configuration.json); the second half from memory",
            _SEEN,
        ),
        Fact(
            "login",
            "Some flows want the header Epic-Client-ID.",
            f"{_SUPPORT}, cumulus_fhir_support/client.py",
            _SEEN,
        ),
        Fact(
            "login",
            "The token endpoint sometimes answers a good assertion with a bare 400; asking once"
            " more helps.",
            f"{_SUPPORT}, cumulus_fhir_support/auth.py",
            _SEEN,
        ),
        Fact(
            "limits",
            "At most 1 % of the operational database at peak (typically 07:00 to 19:00 local) and"
            " 5 % outside it; the app must slow itself down. No number of requests, no 429 and no"
            " Retry-After is documented.",
            _GUIDELINES,
            _SEEN,
        ),
        Fact(
            "errors",
            "4130, 4131 and 4134 say that somebody must break the glass, 4118 that we may not see"
            " this patient: final, never tried again, never routed around. 4134 comes as mere"
            " information.",
            _CODES,
            _SEEN,
        ),
        Fact("errors", "4135: no more document searches today.", _CODES, _SEEN),
        Fact(
            "errors",
            "4127 (Patient) and 59133 come when a search exceeds 100 results: not all of them came,"
            " and nothing is concluded from what is missing.",
            _CODES,
            _SEEN,
        ),
        Fact("errors", "59141: the record to be created exists already.", _CODES, _SEEN),
        Fact("errors", "4113: the pages of a search have expired, start it again.", _CODES, _SEEN),
        Fact(
            "errors",
            "4107: the patient was merged into another; the answer is a redirect.",
            _CODES,
            _SEEN,
        ),
        Fact(
            "errors",
            "4101 (nothing found), 4119 (there may be more than patients see) and 4122 (unknown"
            " parameter) are warnings within an answer.",
            _CODES,
            _SEEN,
        ),
    ),
    ask_for=(
        "A Group of the patients with multiple sclerosis, made from a registry, and its FHIR id;"
        " or a patient list with its identifier; or a daily file of MRNs with their system.",
        "A backend app for this service with our JWK Set URL entered in your environment,"
        " production and non-production apart.",
        "Read and search of Patient, Condition (problems, encounter diagnoses, medical history),"
        " MedicationRequest, Medication, MedicationDispense, MedicationAdministration, Observation"
        " (laboratory, vital signs, surveys, imaging), DiagnosticReport, Procedure,"
        " ServiceRequest, FamilyMemberHistory, Device and DeviceUseStatement for that app.",
        "Communication.Create for that app, and who should get the messages (Practitioner,"
        " PractitionerRole or Group ids).",
        "How many requests a second you allow by day and by night, and your peak hours.",
        "A background user who may see the cohort's charts without breaking the glass, or the"
        " word that restricted charts stay unread.",
    ),
)
