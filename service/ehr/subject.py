"""Whose resource this is, and which id a reference points to.

A newcomer would get one thing wrong: a reference is written in several ways (`Patient/1`, an
absolute URL, with a version behind it), and one that names its patient only by an identifier cannot
be matched to anybody here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    """The patient whom a resource is about: itself, `subject` or `patient`."""
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
    return None
