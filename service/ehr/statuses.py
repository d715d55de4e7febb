"""FHIR statuses, folded into the few that matter. What no table holds is unclear, never absent.

A resource with a modifierExtension may mean something else than it says, even the opposite. FHIR
forbids to read it as if that were not there, and we know none of them: what would count, or speak
against an alert, is unclear then (http://hl7.org/fhir/R4/extensibility.html#modifierExtension).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from service.ehr.fields import Json, object_in, objects_in, text_in
from service.screening.record import Clinical, ObservationStatus, Verification

_VERIFICATION: dict[str, Verification] = {
    "confirmed": "confirmed",
    "provisional": "unconfirmed",
    "differential": "unconfirmed",
    "unconfirmed": "unconfirmed",
    "refuted": "refuted",
    "entered-in-error": "entered-in-error",
}
_CLINICAL: dict[str, Clinical] = {
    "active": "active",
    "recurrence": "active",
    "relapse": "active",
    "inactive": "inactive",
    "remission": "remission",
    "resolved": "resolved",
}
_OBSERVATION: dict[str, ObservationStatus] = {
    "final": "final",
    "amended": "final",
    "corrected": "final",
    "appended": "final",
    "registered": "not-final",
    "preliminary": "not-final",
    "partial": "not-final",
    "cancelled": "withdrawn",
    "entered-in-error": "withdrawn",
}
ProcedureStatus = Literal["completed", "not-done", "other", "withdrawn", "unclear"]
_PROCEDURE: dict[str, ProcedureStatus] = {
    "completed": "completed",
    "not-done": "not-done",
    "preparation": "other",
    "in-progress": "other",
    "on-hold": "other",
    "stopped": "other",
    "entered-in-error": "withdrawn",
}
OrderStatus = Literal["active", "revoked", "other", "withdrawn", "unclear"]
_ORDER: dict[str, OrderStatus] = {
    "active": "active",
    "revoked": "revoked",
    "draft": "other",
    "on-hold": "other",
    "completed": "other",
    "entered-in-error": "withdrawn",
}
AppointmentStatus = Literal["booked", "other", "unclear"]
_APPOINTMENT: dict[str, AppointmentStatus] = {
    "pending": "booked",
    "booked": "booked",
    "arrived": "booked",
    "checked-in": "booked",
    "proposed": "other",
    "waitlist": "other",
    "fulfilled": "other",
    "cancelled": "other",
    "noshow": "other",
    "entered-in-error": "other",
}
# What neither counts nor speaks against anything, whatever a modifier would make of it.
_SAYS_NOTHING = frozenset({"withdrawn", "entered-in-error", "not-final", "other", "unconfirmed"})
T = TypeVar("T", bound=str)
ORDER_INTENTS = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
)
NO_ORDER_INTENTS = frozenset({"proposal", "plan", "directive", "option"})
_PROBLEM = frozenset({"problem-list-item", "health-concern"})
_VISIT = "encounter-diagnosis"


def _said(source: Json, key: str) -> set[str]:
    """The codes of a CodeableConcept, else its text; older servers send a bare string."""
    value = source.get(key)
    if isinstance(value, str):
        return {value.strip().lower()}
    concept = object_in(source, key)
    codes = {text_in(c, "code").lower() for c in objects_in(concept, "coding")} - {""}
    return codes or ({text_in(concept, "text").lower()} - {""})


def is_modified(element: Json) -> bool:
    """Whether a modifierExtension may change what a resource, or a part of one, means."""
    return bool(element.get("modifierExtension"))


def verification_of(condition: Json) -> Verification:
    """Unstated where the element is missing; unclear where it says nothing we know, or two."""
    said = _verification_said(condition)
    return "unclear" if is_modified(condition) and said not in _SAYS_NOTHING else said


def _verification_said(condition: Json) -> Verification:
    if condition.get("verificationStatus") is None:
        return "unstated"
    said = _said(condition, "verificationStatus")
    found = {_VERIFICATION[code] for code in said if code in _VERIFICATION}
    return found.pop() if len(found) == 1 else "unclear"


def clinical_of(condition: Json) -> Clinical:
    """Unstated where the element is missing, resolved when it has abated all the same."""
    if condition.get("clinicalStatus") is None:
        has_abated = any(
            key.startswith("abatement") and value not in (None, False)
            for key, value in condition.items()
        )
        return "resolved" if has_abated else "unstated"
    said = _said(condition, "clinicalStatus")
    found = {_CLINICAL[code] for code in said if code in _CLINICAL}
    return found.pop() if len(found) == 1 else "unclear"


def is_encounter_diagnosis(condition: Json) -> bool:
    """Whether it is an encounter diagnosis and not a problem or concern as well."""
    said: set[str] = set()
    for category in objects_in(condition, "category"):
        said |= {code.replace(" ", "-") for code in _said({"category": category}, "category")}
    return _VISIT in said and not said & _PROBLEM


def observation_status(resource: Json) -> ObservationStatus:
    """Also for DiagnosticReport, whose codes are a superset."""
    return _fold(_OBSERVATION, resource, "unclear")


def procedure_status(resource: Json) -> ProcedureStatus:
    """The folded status of a Procedure."""
    return _fold(_PROCEDURE, resource, "unclear")


def order_status(resource: Json) -> OrderStatus:
    """The folded status of a ServiceRequest."""
    return _fold(_ORDER, resource, "unclear")


def appointment_status(resource: Json) -> AppointmentStatus:
    """Whether an Appointment still stands."""
    return _fold(_APPOINTMENT, resource, "unclear")


def _fold(table: Mapping[str, T], resource: Json, otherwise: T) -> T:
    folded = table.get(text_in(resource, "status").lower(), otherwise)
    return otherwise if is_modified(resource) and folded not in _SAYS_NOTHING else folded
