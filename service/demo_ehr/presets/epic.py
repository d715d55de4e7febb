"""Epic as its documents describe it, release May 2026.

Sources, all seen on 2026-11-22 in the public repository api-evangelist/epic-systems: the sandbox's
CapabilityStatement of 2026-07-24 (types, interactions, parameters), the registry of error codes
harvested on 2026-08-14 (4100 to 59159 below) and the conventions of the same day. The statuses 404
and 405 and the issue codes are those of its list of problem types, which was derived from R4.

Not sourced, the cautious guess: a list of patients in one parameter is refused as two parameters
are (4112 shows only two parameters); an expired page is answered 400; a create answers without a
body (from memory); a search for somebody who was merged finds nothing.
"""

from __future__ import annotations

import hashlib
import json

from service.demo_ehr.codes import JSON
from service.demo_ehr.presets.asking import (
    RESULT_PARAMETERS,
    refuses_closed_charts,
    refuses_several_patients,
    requires_one_of,
    takes_id_alone,
)
from service.demo_ehr.presets.exchange import Reply, Request, answer, issue, refusal
from service.demo_ehr.presets.offer import offers
from service.demo_ehr.presets.preset import Hospital, Pages, Preset

_SYSTEM = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"
_MOST_PATIENTS_FOUND = 100
PATIENTS_LIST = "patients"

OFFERED = offers(
    """
    Appointment rs date identifier patient service-category status _count _id
    Communication crs based-on category patient subject _count _id identifier recipient sent status
    Condition crs category clinical-status code encounter onset-date patient recorded-date subject
    Device rs device-name manufacturer patient udi-carrier _count _id identifier status type
    DeviceUseStatement rs patient subject _count _id device identifier
    DiagnosticReport rsu category code date identifier patient subject _count _id result status
    DocumentReference crsu category date patient status type _count _id _lastUpdated
    Encounter rs class date identifier patient subject _count _id status type
    FamilyMemberHistory rs patient _count _id code date identifier relationship sex status
    Flag rs category encounter patient status subject _count _id author date identifier
    Group rs _count _id $export
    List rs code encounter identifier patient subject _count _id date item status title
    Medication rs _count _id
    MedicationAdministration rs effective-time patient request status subject _count _id code
    MedicationDispense rs category patient subject _count _id code status type whenhandedover
    MedicationRequest rs category date intent patient status subject _count _id authoredon code
    Observation crsu category code date patient subject _count _id combo-code value-concept status
    Patient crs birthdate family gender given identifier name _count _id active death-date link
    Procedure crsu category code date identifier patient subject _count _id reason-code status
    Provenance r
    QuestionnaireResponse crs encounter patient subject _count _id authored identifier status
    ServiceRequest crsu authored category code identifier patient requester status subject _count
    Task rsu code encounter focus patient status subject _count _id authored-on identifier owner
    """,
    conditional_create=False,
    conditional_update=False,
    update_create=False,
)
_PATIENT_BOUND = frozenset(OFFERED) - {"Group", "List", "Medication", "Patient", "Provenance"}
_OBSERVATION_CATEGORIES = frozenset(
    "laboratory vital-signs social-history core-characteristics LDA LDA-property LDA-assessment"
    " functional-mental-status periodontal labor-delivery newborn-delivery obstetrics-gynecology"
    " survey sdoh imaging 384821006 118228005 252275004 275711006 68793005 395124008 314076009"
    " 19851009 405825005".split()
)
# The categories of US Core; the registry's 4115 shows that another one is refused.
_CONDITION_CATEGORIES = frozenset(
    "problem-list-item encounter-diagnosis health-concern medical-history genomics"
    " infection diagnosis".split()
)


def _fatal(status: int, code: str, detail: str, text: str) -> Reply:
    return refusal(status, issue("fatal", code, detail, text, _SYSTEM))


def _no_patient(_: Request) -> Reply:
    return _fatal(400, "required", "4111", "Required search parameter missing from request")


def _several_patients(_: Request) -> Reply:
    return _fatal(400, "invalid", "4112", "Invalid combination of parameters")


def _no_category(_: Request) -> Reply:
    return _fatal(400, "required", "59108", "Either category or code must be specified")


def _closed(_: Request) -> Reply:
    return _fatal(403, "suppressed", "4131", "You must break the glass to access patient data")


def _asks_for_something(_: Hospital, request: Request) -> Reply | None:
    if request.is_search and not set(request.names) - RESULT_PARAMETERS:
        return _fatal(400, "required", "4110", "No parameters are provided in the search request")
    return None


def _mixes_patient_and_subject(_: Hospital, request: Request) -> Reply | None:
    is_mixed = request.is_search and {"patient", "subject"} <= set(request.names)
    return _several_patients(request) if is_mixed else None


def _refuses_unknown_categories(_: Hospital, request: Request) -> Reply | None:
    if not request.is_search:
        return None
    asked = {value.rpartition("|")[2] for value in request.values("category")}
    if request.type == "Observation" and asked - _OBSERVATION_CATEGORIES:
        return _fatal(400, "value", "59111", "Required category invalid")
    if request.type == "Condition" and asked - _CONDITION_CATEGORIES:
        return _fatal(400, "value", "4115", "Required search parameter has an invalid value")
    return None


def _knows_the_patient(hospital: Hospital, request: Request) -> Reply | None:
    """4100 for an id that nobody has; whoever was merged is known, and nothing is found."""
    if not request.is_search or request.type == "Patient":
        return None
    for patient in request.patients():
        if patient not in hospital.merged and not hospital.holds(f"Patient/{patient}"):
            return _fatal(400, "not-found", "4100", "The request contained an invalid parameter")
    return None


def _leads_on_after_a_merge(hospital: Hospital, request: Request) -> Reply | None:
    """4107 with a redirect for a read; the address is absolute."""
    if request.type != "Patient" or request.interaction != "read":
        return None
    survivor = hospital.merged.get(request.id)
    if survivor is None:
        return None
    merged = issue("fatal", "not-found", "4107", "The resource has been merged", _SYSTEM)
    return refusal(302, merged, Location=f"{hospital.base_url}/Patient/{survivor}")


def _finds_nothing_of_the_merged(
    hospital: Hospital, request: Request, found: list[JSON]
) -> list[JSON]:
    gone = hospital.merged.keys() & set(request.patients())
    return [] if gone and request.type != "Patient" else [r for r in found if r["id"] not in gone]


def _caps_patients(_: Hospital, request: Request, found: list[JSON]) -> Reply | list[JSON]:
    if request.type == "Patient" and len(found) > _MOST_PATIENTS_FOUND:
        return _fatal(400, "too-costly", "4127", "Additional data may exist")
    return found


def _says_that_nothing_was_found(_: Hospital, request: Request, found: list[JSON]) -> list[JSON]:
    if not found:
        nothing = issue("warning", "processing", "4101", "Resource request returns no results")
        request.remarks.append(nothing)
    return found


def _prescribes_by_reference(hospital: Hospital, _: Request, found: list[JSON]) -> list[JSON]:
    """The drug stands in a Medication of its own, not contained (integration notes 1.2)."""
    return [_with_reference(hospital, resource) for resource in found]


def _with_reference(hospital: Hospital, resource: JSON) -> JSON:
    concept = resource.get("medicationCodeableConcept")
    if resource["resourceType"] != "MedicationRequest" or concept is None:
        return resource
    drug_id = hashlib.sha256(json.dumps(concept, sort_keys=True).encode()).hexdigest()[:24]
    drug = {"resourceType": "Medication", "id": drug_id, "code": concept}
    hospital.resources[f"Medication/{drug_id}"] = drug
    changed = {k: v for k, v in resource.items() if k != "medicationCodeableConcept"}
    codings: list[JSON] = concept.get("coding", [])
    shown = concept.get("text") or next((c.get("display") for c in codings), None)
    reference = {"reference": f"Medication/{drug_id}"} | ({"display": shown} if shown else {})
    return changed | {"medicationReference": reference}


def _searches_medications(hospital: Hospital, request: Request) -> Reply | None:
    """The drugs of `_prescribes_by_reference`; the server behind does not know them."""
    if request.type != "Medication" or not request.is_search:
        return None
    known = [hospital.resources.get(f"Medication/{i}") for i in request.values("_id")]
    if not any(known):
        return None
    entries = [{"resource": drug, "search": {"mode": "match"}} for drug in known if drug]
    return answer(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})


def _finds_patient_lists(_: Hospital, request: Request) -> Reply | None:
    """`identifier` is only taken together with `code=patients`; lists about a patient need one."""
    if request.type != "List" or not request.is_search or "_id" in request.names:
        return None
    if PATIENTS_LIST in request.values("code"):
        return None
    return None if request.patients() else _no_patient(request)


EPIC = Preset(
    "epic",
    "one patient in a search, category or code for observations, messages but no Flag and no Task",
    {
        "software": {"name": "Epic", "version": "May 2026", "releaseDate": "2026-05-11"},
        "implementation": {"description": "Demo hospital FHIR Server"},
    },
    OFFERED,
    quirks=(
        _asks_for_something,
        refuses_closed_charts(_closed),
        _leads_on_after_a_merge,
        # "All others will be ignored": the documentation of _id in the statement.
        takes_id_alone(None, ("_count", "_include", "_revinclude")),
        requires_one_of(_PATIENT_BOUND, ("patient", "subject", "_id"), _no_patient),
        _finds_patient_lists,
        refuses_several_patients(_several_patients),
        _mixes_patient_and_subject,
        requires_one_of({"Observation"}, ("category", "code", "_id"), _no_category),
        _refuses_unknown_categories,
        _knows_the_patient,
        _searches_medications,
    ),
    shapes=(
        _finds_nothing_of_the_merged,
        _caps_patients,
        _says_that_nothing_was_found,
        _prescribes_by_reference,
    ),
    pages=Pages(
        usual=100,
        parameter="sessionID",
        link="{base}/{type}?sessionID={page}",
        total=True,
        expired=_fatal(400, "expired", "4113", "Session ID for cached results has expired"),
    ),
    unknown="warn",
    creates_silently=True,
    cohort="group",
)
