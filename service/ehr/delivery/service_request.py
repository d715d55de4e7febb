"""An alert as a ServiceRequest: a proposed order of a bone density scan.

A newcomer would get three things wrong. It is never more than a draft of a proposal: nobody is
asked to scan anybody until a person has made an order of it. Our own proposal is no order to the
screening either (`orders` knows it by its intent). And it stands for the screening alert alone: a
known osteoporosis without treatment (GAP-01) asks for a review, and no scan answers it.

The codes come from the value set `dxa-central`, so that a hospital without a CPT licence sends no
number of CPT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from service.ehr.delivery.checks import built, handed_back
from service.ehr.delivery.elements import (
    AUTHOR_NAME,
    CLOSING_SYSTEM,
    DeliveryOptions,
    alert_coding,
    copy_of,
    has_coding,
    identifier_of,
    is_reason,
    key_in,
    key_told_in,
    markdown_of,
    objects,
    own_extensions,
    part,
    protocol_of,
    references_to,
    stamp,
    with_own_extensions,
    without_empty,
)
from service.ehr.delivery.recipients import type_of
from service.ehr.delivery.task import CLOSINGS, Closing
from service.screening.alert import CANONICAL_BASE, Alert
from service.screening.value_sets import CPT, LOINC, SNOMED, ValueSet

Resource = dict[str, Any]
Code = tuple[str, str]
SERVICE_REQUEST_PROFILE = f"{CANONICAL_BASE}/StructureDefinition/boneflag-servicerequest"
DRAFT = "draft"
# The standard's extension: R4 gives a ServiceRequest no statusReason of its own.
STATUS_REASON_URL = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
# Of each code system the code that asks for a scan without saying of which bone.
_WANTED: tuple[Code, ...] = ((LOINC, "38269-7"), (SNOMED, "241686001"), (CPT, "77080"))
_REQUESTER_TYPES = frozenset({"Practitioner", "PractitionerRole", "Organization", "Device"})


def scan_codes(scans: ValueSet) -> tuple[Code, ...]:
    """What to ask for, of the codes that the value set of central scans holds here."""
    return tuple(code for code in _WANTED if code in scans.listed)


def new_service_request(
    alert: Alert, at: datetime, options: DeliveryOptions, codes: Iterable[Code]
) -> Resource:
    """A draft of a proposal to order a scan, ready to be created."""
    from fhir.resources.R4B.servicerequest import (  # Importing costs what reading never pays.
        ServiceRequest,
    )

    body: Resource = {
        "resourceType": "ServiceRequest",
        "extension": own_extensions(alert),
        "identifier": [identifier_of(alert.key)],
        "instantiatesCanonical": [protocol_of(alert)],
        "status": DRAFT,
        "intent": "proposal",
        "priority": alert.priority,
        "code": _code(alert, codes),
        "subject": {"reference": str(alert.patient)},
        "authoredOn": stamp(at),
        "performer": [{"reference": r} for r in options.recipients.owners_of(alert.kind)],
        "reasonReference": references_to(filter(is_reason, alert.evidence)),
        "supportingInfo": references_to(r for r in alert.evidence if not is_reason(r)),
        "note": [_note(alert, at)],
    }
    if options.author and type_of(options.author) in _REQUESTER_TYPES:
        body["requester"] = {"reference": options.author}
    if options.profiles:
        body["meta"] = {"profile": [SERVICE_REQUEST_PROFILE]}
    return built(ServiceRequest, without_empty(body))


def _code(alert: Alert, codes: Iterable[Code]) -> dict[str, Any]:
    asked = [{"system": system, "code": code} for system, code in codes]
    return {"coding": [*asked, alert_coding(alert.kind)], "text": alert.summary}


def _note(alert: Alert, at: datetime) -> dict[str, str]:
    text = markdown_of(f"{alert.detail.strip()}\n\nBoneFlag alert {alert.key}")
    return {"authorString": AUTHOR_NAME, "time": stamp(at), "text": text}


def updated_service_request(
    current: Mapping[str, Any],
    alert: Alert,
    at: datetime,
    options: DeliveryOptions,
    codes: Iterable[Code],
) -> Resource:
    """The EHR's draft saying what the alert says now; what others added stays."""
    own = new_service_request(alert, at, options, codes)
    body = copy_of(current)
    for name in ("instantiatesCanonical", "priority", "code", "reasonReference", "supportingInfo"):
        if name in own:
            body[name] = own[name]
        else:
            body.pop(name, None)
    body["extension"] = with_own_extensions(body, alert)
    body["note"] = _notes_of_others(body) + own["note"]
    return handed_back(body)


def _notes_of_others(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [n for n in objects(body, "note") if n.get("authorString") != AUTHOR_NAME]


def closed_service_request(
    current: Mapping[str, Any], closing: Closing, reason: str, at: datetime
) -> Resource:
    """The EHR's draft revoked (entered in error where it is withdrawn), with our mark and why."""
    body = copy_of(current)
    body["status"] = "revoked" if closing == "resolved" else "entered-in-error"
    coding = {"system": CLOSING_SYSTEM, "code": closing, "display": CLOSINGS[closing]}
    why = {"coding": [coding], "text": reason.strip() or CLOSINGS[closing]}
    others = [e for e in objects(body, "extension") if e.get("url") != STATUS_REASON_URL]
    body["extension"] = [*others, {"url": STATUS_REASON_URL, "valueCodeableConcept": why}]
    body["note"] = [
        *objects(body, "note"),
        {"authorString": AUTHOR_NAME, "time": stamp(at), "text": why["text"]},
    ]
    return handed_back(body)


def drafted_key_in(resource: Mapping[str, Any]) -> str | None:
    """The key of the alert that a draft of ours is for, by our note where others are gone."""
    notes = (str(note.get("text")) for note in objects(resource, "note"))
    return key_in(resource) or next(filter(None, map(key_told_in, notes)), None)


def status_reason_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Why it has the status that it has, {} where nobody says."""
    for extension in objects(resource, "extension"):
        if extension.get("url") == STATUS_REASON_URL:
            return part(extension, "valueCodeableConcept")
    return {}


def is_closed_by_us(resource: Mapping[str, Any]) -> bool:
    """Whether our own mark says that it was not a person who ended it."""
    return has_coding(status_reason_of(resource), CLOSING_SYSTEM)
