"""Whose resource this is, and which id a reference points to.

A newcomer would get two things wrong. A reference is written in several ways (`Patient/1`, an
absolute URL, with a version behind it), and one that names its patient only by an identifier cannot
be matched to anybody here. And an id says nothing without its type: `Group/1` may stand beside
`Patient/1` in one chart, and what is said of a group, a device or a ward is said of no patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ehr.resource_types import RESOURCE_TYPES
from service.screening.record import ResourceRef

_RELATIVE = "Patient/"


def referenced(reference: object) -> ResourceRef | None:
    """The type and id that a FHIR Reference points to; None for contained, urn: and identifiers."""
    if not isinstance(reference, dict):
        return None
    text = reference.get("reference")
    if not isinstance(text, str) or text.startswith(("#", "urn:")):
        return None
    parts = text.split("?")[0].rstrip("/").split("/")
    if len(parts) >= 4 and parts[-2] == "_history":
        parts = parts[:-2]
    if len(parts) < 2 or not parts[-2][:1].isupper() or not parts[-1]:
        return None
    return ResourceRef(parts[-2], parts[-1])


def patient_id_of(resource: Mapping[str, Any]) -> str | None:
    """The patient whom a resource is about: itself, `subject`, `patient`, or who takes part."""
    if resource.get("resourceType") == "Patient":
        own = resource.get("id")
        return own if isinstance(own, str) else None
    for element in ("subject", "patient"):
        reference = resource.get(element)
        if isinstance(reference, dict):
            text = reference.get("reference")
            # Nearly every reference is written so, and each resource of a sweep comes through here.
            if isinstance(text, str) and text.startswith(_RELATIVE) and text.count("/") == 1:
                return text[len(_RELATIVE) :] or None
            ref = referenced(reference)
            if ref is not None:
                return ref.id if ref.type == "Patient" else None
    return _taking_part(resource) if resource.get("resourceType") == "Appointment" else None


def is_about_no_patient(resource: Mapping[str, Any]) -> bool:
    """Whether it says that it is about something else: a group, a device, a place, a clinician.

    A reference that does not tell the type (urn:uuid, an identifier alone) says no such thing.
    """
    elements = ("for",) if resource.get("resourceType") == "Task" else ("subject", "patient")
    for element in elements:
        reference = resource.get(element)
        if isinstance(reference, dict):
            kind = _kind_of(reference, resource)
            if kind:
                return kind != "Patient"
    return False


def _kind_of(reference: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    """The type that a Reference points to, as far as it tells; "" where it does not."""
    ref = referenced(reference)
    if ref is not None:
        return ref.type
    said, text = reference.get("type"), reference.get("reference")
    if isinstance(text, str) and text.startswith("#"):
        contained = resource.get("contained")
        for inner in contained if isinstance(contained, list) else ():
            if isinstance(inner, dict) and inner.get("id") == text[1:]:
                said = inner.get("resourceType")
    elif isinstance(text, str) and "?" in text:
        said = text.split("?")[0].rsplit("/", 1)[-1]  # A conditional reference of a transaction.
    kind = said.rsplit("/", 1)[-1] if isinstance(said, str) else ""
    return kind if kind in RESOURCE_TYPES else ""


def _taking_part(appointment: Mapping[str, Any]) -> str | None:
    """The one Patient among the participants of an Appointment; None where there are several."""
    participants = appointment.get("participant")
    found = {
        ref.id
        for one in (participants if isinstance(participants, list) else ())
        if isinstance(one, dict)
        and (ref := referenced(one.get("actor"))) is not None
        and ref.type == "Patient"
    }
    return found.pop() if len(found) == 1 else None
