"""athenahealth as its documents describe it.

Source, seen on 2026-11-22: its live CapabilityStatement in the public repository
api-evangelist/athenahealth (conformance/athenahealth-fhir-capabilitystatement.json), for types,
interactions, parameters and the link of the next page, `cursor`. It takes no alert of any kind:
only QuestionnaireResponse can be created. Group is there for its export alone.

Not sourced, the cautious guess: the patient is required (integration notes 1.2, from memory);
several are refused; unknown parameters are ignored; there is no POST search; expired pages: 404.
"""

from __future__ import annotations

from service.demo_ehr.presets.asking import (
    refuses_closed_charts,
    refuses_several_patients,
    requires_one_of,
)
from service.demo_ehr.presets.exchange import Reply, Request, issue, refusal
from service.demo_ehr.presets.offer import offers
from service.demo_ehr.presets.preset import Pages, Preset

OFFERED = offers(
    """
    Appointment rs _id _query
    Condition rs _id patient encounter _count cursor _lastUpdated code category
    Device rs patient _count cursor _id _lastUpdated
    DiagnosticReport rs _id encounter patient category code date _count cursor result _lastUpdated
    DocumentReference rs _id patient category type date _count cursor encounter _lastUpdated
    Encounter rs _id patient date _count cursor _lastUpdated location
    FamilyMemberHistory rs _id _lastUpdated code patient relationship status
    Group - $export
    Medication rs _id ingredient-code
    MedicationDispense rs _id _lastUpdated date patient status
    MedicationRequest rs patient intent status _id authoredon code cursor _count _lastUpdated
    Observation rs _id patient date category code encounter _count cursor _lastUpdated
    Patient rs _id identifier name birthdate gender family given _lastUpdated _count cursor
    Procedure rs patient date _count cursor encounter performer _id _lastUpdated
    Provenance rs target
    QuestionnaireResponse rsc _id _lastUpdated authored encounter patient questionnaire status
    ServiceRequest rs _id encounter patient _count status authored _lastUpdated cursor code category
    """
)
_PATIENT_BOUND = frozenset(OFFERED) - {
    "Appointment",
    "Group",
    "Medication",
    "Patient",
    "Provenance",
}


def _refused(_: Request) -> Reply:
    return refusal(400, issue("error", "required"))


def _closed(_: Request) -> Reply:
    return refusal(403, issue("error", "forbidden"))


ATHENAHEALTH = Preset(
    "athenahealth",
    "one patient in a search, a Group that is exported only, and no alert of any kind is taken",
    {
        "name": "athenahealth_FHIR_R4_CapabilityStatement",
        "publisher": "athenahealth",
        "software": {"name": "athenahealth FHIR Server"},
        "implementation": {"description": "athenahealth R4 FHIR Server"},
    },
    OFFERED,
    quirks=(
        refuses_closed_charts(_closed),
        requires_one_of(_PATIENT_BOUND, ("patient", "subject", "_id"), _refused),
        refuses_several_patients(_refused),
    ),
    pages=Pages(
        usual=50,
        most=100,
        parameter="cursor",
        link="{base}/{type}?cursor={page}",
        total=False,
        expired=refusal(404, issue("error", "not-found")),
    ),
    unknown="ignore",
    takes_post_search=False,
    cohort="file",
)
