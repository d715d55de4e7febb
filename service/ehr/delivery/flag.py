"""An alert as a Flag: the passive banner on a patient's chart.

A newcomer would get two things wrong. A Flag has no status reason and no place for detail: it says
one line and whether it stands, and everything else is the Task's. And a person may have worked on
it: a change touches only what we own (status, our coding and its text, the period, our
extensions) and keeps the codings, tags and notes of others.

Shape: integration notes 3.3; status and period of a closed Flag: criteria 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.ehr.delivery.checks import built, handed_back
from service.ehr.delivery.elements import (
    DeliveryOptions,
    alert_coding,
    copy_of,
    has_coding,
    identifier_of,
    objects,
    own_extensions,
    part,
    with_own_extensions,
)
from service.screening.alert import ALERT_CODE_SYSTEM, CANONICAL_BASE, Alert

FLAG_PROFILE = f"{CANONICAL_BASE}/StructureDefinition/boneflag-flag"
_CATEGORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/flag-category",
            "code": "clinical",
            "display": "Clinical",
        }
    ]
}


def new_flag(alert: Alert, options: DeliveryOptions) -> dict[str, Any]:
    """An active Flag for an alert, ready to be created."""
    from fhir.resources.R4B.flag import Flag  # Importing costs 0.2 s that reading never pays.

    body: dict[str, Any] = {
        "resourceType": "Flag",
        "extension": own_extensions(alert),
        "identifier": [identifier_of(alert.key)],
        "status": "active",
        "category": [_CATEGORY],
        "code": {"coding": [alert_coding(alert.kind)], "text": alert.banner},
        "subject": {"reference": str(alert.patient)},
        "period": {"start": alert.since.isoformat()},
    }
    if options.profiles:
        body["meta"] = {"profile": [FLAG_PROFILE]}
    if options.author:
        body["author"] = {"reference": options.author}
    return built(Flag, body)


def updated_flag(
    current: Mapping[str, Any], alert: Alert, options: DeliveryOptions
) -> dict[str, Any]:
    """The EHR's Flag saying what the alert says now, and active (again, where it was closed)."""
    own = new_flag(alert, options)
    body = copy_of(current)
    code = part(body, "code")
    others = [c for c in objects(code, "coding") if c.get("system") != ALERT_CODE_SYSTEM]
    body["code"] = {**code, "coding": own["code"]["coding"] + others, "text": alert.banner}
    body["status"] = "active"
    body["extension"] = with_own_extensions(body, alert)
    body["period"] = {**part(body, "period"), **own["period"]}
    body["period"].pop("end", None)
    categories = objects(body, "category")
    if not any(has_coding(c, _CATEGORY["coding"][0]["system"], "clinical") for c in categories):
        body["category"] = [*categories, _CATEGORY]
    return handed_back(body)


def closed_flag(current: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The EHR's Flag, inactive since a day (its first day, where that is later)."""
    body = copy_of(current)
    body["status"] = "inactive"
    period = part(body, "period")
    # Cut to the day, so that a start with a time of day does not come after its own end.
    end = max(on.isoformat(), str(period.get("start", ""))[:10])
    body["period"] = {**period, "end": end}
    return handed_back(body)


def withdrawn_flag(current: Mapping[str, Any]) -> dict[str, Any]:
    """The EHR's Flag, entered in error: it should never have been there."""
    body = copy_of(current)
    body["status"] = "entered-in-error"
    return handed_back(body)
