"""FHIR statuses, folded into the few that matter. What no table holds is unclear, never absent."""

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


def verification_of(condition: Json) -> Verification:
    """Unstated where the element is missing; unclear where it says nothing we know, or two."""
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


def _fold(table: Mapping[str, T], resource: Json, otherwise: T) -> T:
    return table.get(text_in(resource, "status").lower(), otherwise)
