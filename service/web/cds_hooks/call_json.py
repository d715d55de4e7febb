"""A CDS Hooks call, from JSON; strict in what the specification requires, lenient in the rest.

A newcomer would get two things wrong. A key of the prefetch that is null or empty is one that did
not come. And who the user is goes into the audit, so that only a reference may: a name is no id.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from service.cards.call import Call, Hook
from service.ehr.lent_access import LentAccess
from service.web.cds_hooks.discovery import HOOKS

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
_AUTHORIZATION = {
    "access_token": str,
    "token_type": str,
    "expires_in": int,
    "scope": str,
    "subject": str,
}


class Malformed(ValueError):
    """The JSON is not what the specification asks for; the message names elements, no values."""


def object_in(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds, or Malformed."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the body is not a JSON object")
    return found


def call_from(request: Mapping[str, Any]) -> Call:
    """The call in a request; Malformed where a required element is missing or of another kind."""
    hook = required(request, "hook", str)
    if hook not in HOOKS:
        raise Malformed(f"hook is not one that this service is offered on: {', '.join(HOOKS)}")
    _check_uuid(required(request, "hookInstance", str))
    context = required(request, "context", dict)
    user = required(context, "userId", str, "context.userId")
    patient_id = required(context, "patientId", str, "context.patientId")
    patient_id = patient_id.removeprefix("Patient/")
    if not _ID.fullmatch(patient_id):
        raise Malformed("context.patientId is no FHIR id")
    return Call(
        hook=cast(Hook, hook),
        patient_id=patient_id,
        user=user if _USER.fullmatch(user) else "",
        prefetch=optional(request, "prefetch"),
        drafts=_drafts(context) if hook == "order-sign" else {},
        lent=_lent(request),
    )


def required(holder: Mapping[str, Any], name: str, kind: type[Any], place: str = "") -> Any:
    """A required element; Malformed where it is missing, empty or of another kind."""
    found = holder.get(name)
    # In JSON 300.0 is an integer.
    kinds = (int, float) if kind is int else kind
    is_kind = isinstance(found, kinds) and not (kind is int and not _is_integer(found))
    if not is_kind or found in ("", {}):
        raise Malformed(f"{place or name} is missing, or not what it should be")
    return found


def optional(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An optional object, {} where it is not there; Malformed for anything but an object."""
    found = holder.get(name)
    if found is not None and not isinstance(found, dict):
        raise Malformed(f"{name} is not an object")
    return found or {}


def _is_integer(number: Any) -> bool:
    if isinstance(number, float):
        return number.is_integer()
    return not isinstance(number, bool)


def _check_uuid(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise Malformed("hookInstance is no UUID") from None


def _drafts(context: Mapping[str, Any]) -> dict[str, Any]:
    drafts: dict[str, Any] = required(context, "draftOrders", dict, "context.draftOrders")
    if drafts.get("resourceType") != "Bundle":
        raise Malformed("context.draftOrders is no Bundle")
    return drafts


def _lent(request: Mapping[str, Any]) -> LentAccess | None:
    authorization = optional(request, "fhirAuthorization")
    if not authorization:
        return None
    server = required(request, "fhirServer", str)
    for name, kind in _AUTHORIZATION.items():
        required(authorization, name, kind, f"fhirAuthorization.{name}")
    if authorization["token_type"].lower() != "bearer":
        raise Malformed("fhirAuthorization.token_type is not Bearer")
    patient = authorization.get("patient")
    return LentAccess(
        server,
        authorization["access_token"],
        authorization["scope"],
        patient if isinstance(patient, str) else "",
    )
