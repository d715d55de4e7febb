"""Oracle Health Millennium as its documents describe it.

Sources, all seen on 2026-11-22 in public repositories: the pages of cerner/fhir.cerner.com
(content/millennium/r4 and bulk-data/group-export.md, archived May 2024, for parameters, error
statuses, page sizes and exports; lib/resources/r4/communication.yaml for the fields of a message)
and the table made from live metadata in ballerina-platform/module-ballerinax-health.clients
(emr/cerner/README.md, 2026-03-27, for types and interactions). That If-Match is required is from
appointment.md. A search that one invalid resource fails is from r4.md, "Handling Required Fields".

Not sourced, the cautious guess: of several patients the first is answered (MedicationAdministration
and Appointment take lists, by their pages); unknown parameters are refused; there is no POST
search; an export that ended makes room for the next.
"""

from __future__ import annotations

from service.demo_ehr.codes import JSON
from service.demo_ehr.presets.asking import (
    answers_for_the_first_patient_only,
    fails_on_invalid_resources,
    refuses_closed_charts,
    requires_one_of,
    takes_id_alone,
)
from service.demo_ehr.presets.exchange import Reply, Request, issue, refusal
from service.demo_ehr.presets.offer import offers
from service.demo_ehr.presets.preset import Hospital, Pages, Preset
from service.demo_ehr.presets.writing import requires_if_match

OFFERED = offers(
    """
    Appointment rscp _id date patient practitioner location status _count
    Communication rscp _id category recipient received -email-status
    Condition rscu _id patient subject clinical-status category encounter _lastUpdated
    Device rs _id patient subject
    DiagnosticReport rsc _id patient encounter date _lastUpdated _count category code
    DocumentReference rscu _id patient encounter type date _lastUpdated _count
    Encounter rscp _id patient subject account identifier date status _lastUpdated _count
    FamilyMemberHistory rscu _id patient status
    Group - $export
    MedicationAdministration rs _id patient status performer effective-time _count
    MedicationDispense rs _id patient status _count
    MedicationRequest rscp _id patient status intent _lastUpdated _count
    Observation rscu _id patient subject code date category _lastUpdated _count
    Patient rscp _id identifier name family given birthdate phone email gender _count $export
    Procedure rsc _id patient subject date _lastUpdated
    Provenance rsc _id target
    QuestionnaireResponse rsu _id patient subject _count
    ServiceRequest rs _id patient subject code _lastUpdated _count
    """
)
_PATIENT_BOUND = frozenset(OFFERED) - {"Communication", "Group", "Patient", "Provenance"}
_TAKE_LISTS = ("Appointment", "MedicationAdministration")
_MESSAGE_SEARCH = ("category", "received", "recipient", "-email-status")
_MESSAGE_FIELDS = frozenset(
    "resourceType status category priority subject topic encounter recipient sender payload"
    " extension".split()
)
_REPLY_TO = "https://fhir-ehr.cerner.com/r4/StructureDefinition/reply-to"
_EXPORTED = frozenset(
    "AllergyIntolerance CarePlan CareTeam Condition Device DiagnosticReport DocumentReference"
    " Encounter Goal Immunization Location MedicationRequest Patient Procedure Observation"
    " Organization Practitioner Provenance".split()
)


def _bad_request(_: Request) -> Reply:
    return refusal(400, issue("error", "required", text="no supported search parameters provided"))


def _alone(_: Request) -> Reply:
    return refusal(400, issue("error", "invalid", text="_id is taken without other parameters"))


def _closed(_: Request) -> Reply:
    return refusal(403, issue("error", "forbidden"))


def _without_version(_: Request) -> Reply:
    return refusal(412, issue("error", "required", text="If-Match is required"))


def _takes_first_patient(hospital: Hospital, request: Request) -> Reply | None:
    if request.type in _TAKE_LISTS:
        return None
    return answers_for_the_first_patient_only(hospital, request)


def _dates_stand_alone(_: Hospital, request: Request) -> Reply | None:
    both = {"date", "_lastUpdated"} <= set(request.names)
    is_refused = request.is_search and request.type == "Procedure" and both
    return refusal(400, issue("error", "invalid")) if is_refused else None


def _searches_messages(_: Hospital, request: Request) -> Reply | None:
    """By id, or by all four: category, recipient, time received and state of the mail."""
    if not request.is_search or request.type != "Communication" or "_id" in request.names:
        return None
    return None if set(_MESSAGE_SEARCH) <= set(request.names) else _bad_request(request)


def _checks_messages(_: Hospital, request: Request) -> Reply | None:
    """422 for what a message must not hold or must; "are ignored, or can cause errors"."""
    if request.interaction != "create" or request.type != "Communication":
        return None
    message = request.resource()
    if set(message) - _MESSAGE_FIELDS:
        return refusal(
            422, issue("error", "business-rule", text="Body contained unsupported fields")
        )
    if any(e.get("url") != _REPLY_TO for e in message.get("extension", ())):
        return refusal(422, issue("error", "extension"))
    faults = [name for name, is_right in _message_rights(message).items() if not is_right]
    if faults:
        return refusal(422, issue("error", "business-rule", text=f"Invalid: {', '.join(faults)}"))
    return None


def _message_rights(message: JSON) -> dict[str, bool]:
    recipients = [str(r.get("reference", "")) for r in message.get("recipient", ())]
    payloads = [p.get("contentAttachment", {}) for p in message.get("payload", ())]
    codes = {c.get("code") for k in message.get("category", ()) for c in k.get("coding", ())}
    return {
        "status": message.get("status") == "completed",
        "category": bool(codes) and codes <= {"notification", "reminder", "312853008"},
        "priority": message.get("priority", "routine") in ("routine", "urgent"),
        "topic": "coding" not in message.get("topic", {}),
        "recipient": bool(recipients)
        and all(r.startswith(("Practitioner/", "Group/")) for r in recipients),
        "sender": str(message.get("sender", {}).get("reference", "")).startswith("Practitioner/"),
        "payload": len(payloads) == 1
        and str(payloads[0].get("contentType", "")).startswith(
            ("text/plain", "application/xhtml+xml")
        )
        and bool(payloads[0].get("data")),
    }


def _exports(hospital: Hospital, request: Request) -> Reply | None:
    """One export at a time; `_type` once, joined by commas, and of the types of USCDI."""
    if request.operation != "$export":
        return None
    if hospital.is_exporting:
        return refusal(429, issue("error", "throttled"))
    is_repeated = request.names.count("_type") > 1
    if is_repeated or set(request.values("_type")) - _EXPORTED:
        return refusal(400, issue("error", "invalid"))
    return None


ORACLE_HEALTH = Preset(
    "oracle-health",
    "a Group that is exported only, one patient in a search, messages but no Flag and no Task",
    {
        "name": "CernerCapabilityStatement",
        "title": "Cerner Capability Statement",
        "publisher": "Cerner",
        "description": "Cerner implementation of FHIR on top of Millennium",
        "implementation": {"description": "Cerner implementation of FHIR on top of Millennium"},
        "patchFormat": ["application/json-patch+json"],
    },
    OFFERED,
    quirks=(
        refuses_closed_charts(_closed),
        requires_one_of(_PATIENT_BOUND, ("patient", "subject", "_id"), _bad_request),
        requires_one_of(
            {"Patient"},
            "_id identifier name family given birthdate phone email address-postalcode".split(),
            _bad_request,
        ),
        takes_id_alone(_alone, ("_revinclude",)),
        _dates_stand_alone,
        _searches_messages,
        _takes_first_patient,
        fails_on_invalid_resources(refusal(500, issue("fatal", "required"))),
        _checks_messages,
        requires_if_match(_without_version),
        _exports,
    ),
    pages=Pages(
        usual=50,
        most=200,
        usual_of={"Patient": 20, "DiagnosticReport": 10},
        most_of={"DiagnosticReport": 100},
        parameter="pageContext",
        link="{base}/{type}?pageContext={page}&direction=NEXT",
        total=False,
        expired=refusal(404, issue("error", "not-found")),
    ),
    unknown="refuse",
    takes_post_search=False,
    stale_status=409,
    creates_silently=True,
    cohort="file",
)
