"""MEDITECH Greenfield as its documents describe it.

Source, seen on 2026-11-22: its CapabilityStatement in the public repository api-evangelist/meditech
(conformance/meditech-greenfield-capabilitystatement.json), for types, interactions, parameters and
the link of the next page, `continue`. It has no `_lastUpdated` and no FamilyMemberHistory,
MedicationAdministration, MedicationStatement or DeviceUseStatement.

Not sourced, the cautious guess: the patient is required (integration notes 1.2, from memory);
several are refused; so are unknown parameters; there is no POST search; expired pages are 404.
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
    Appointment rs _count _id continue date location patient practitioner status
    Communication rsc _count _id continue part-of patient recipient sender sent subject $get-recipient-choices
    Condition rs _id _count continue patient category clinical-status code onset-date recorded-date
    Device rs _id patient type
    DiagnosticReport rs _id _count continue patient category code date
    DocumentReference rs _id _count continue patient category date type
    Encounter rs _id patient date class type status identifier _count continue
    Group rs type _summary _id $export
    Medication rs _id
    MedicationDispense rs _id _count continue patient status type
    MedicationRequest rs _id _count continue patient intent status encounter authoredon
    Observation rs _id patient category code date _count continue
    Patient rs _id _count continue identifier name birthdate gender family $everything $export
    Procedure rs _id _count continue patient date code status
    Provenance r
    QuestionnaireResponse rscu _count _id authored continue patient questionnaire status
    ServiceRequest rs _count _id authored category code continue encounter patient status
    Task r
    """  # noqa: E501 - a table
)
_PATIENT_BOUND = frozenset(OFFERED) - {"Group", "Medication", "Patient", "Provenance", "Task"}


def _refused(_: Request) -> Reply:
    return refusal(400, issue("error", "required"))


def _closed(_: Request) -> Reply:
    return refusal(403, issue("error", "forbidden"))


MEDITECH = Preset(
    "meditech",
    "one patient in a search, no dates of change, messages but no Flag and no new Task",
    {
        "publisher": "Medical Information Technology, Inc",
        "software": {
            "name": "Interoperability Services: US Core STU6 FHIR R4",
            "version": "2.0.0",
        },
    },
    OFFERED,
    quirks=(
        refuses_closed_charts(_closed),
        requires_one_of(_PATIENT_BOUND, ("patient", "subject", "_id"), _refused),
        refuses_several_patients(_refused),
    ),
    pages=Pages(
        usual=20,
        most=100,
        parameter="continue",
        link="{base}/{type}?continue={page}",
        total=False,
        expired=refusal(404, issue("error", "not-found")),
    ),
    unknown="refuse",
    takes_post_search=False,
    creates_silently=True,
    cohort="group",
)
