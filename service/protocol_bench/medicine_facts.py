"""A medicine in plain words: ordered for a stretch of days, or given on single days.

`{medicine: prednisone, dose: 5 mg, every_day_from: 2026-01-01, until: 2026-04-05}` is an order;
`{medicine: methylprednisolone, dose: 1 g, route: intravenous, given_on: [2026-01-10]}` is what was
given. Both ends of a stretch are included.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from service.screening.overlay_file import SYSTEMS
from service.screening.plain_yaml import Misread, Table
from service.screening.value_sets import RXNORM

Resource = dict[str, Any]
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*(mg/kg|mg|g|ug|mcg|\[IU\]|IU)")
_UCUM = {"mcg": "ug", "IU": "[IU]"}
_NAMES = (
    *("medicine", "code", "system", "dose", "times_a_day", "every_days", "every_day_from"),
    *("until", "route", "given_on", "ordered_on", "dispensed_on", "days_supply", "status"),
    *("as_needed", "intent"),
)


def medicine_resources(fact: Table) -> list[Resource]:
    """The order, the dispense or the administrations of one medicine; Misread where unclear."""
    fact.only(_NAMES)
    if fact.has("given_on"):
        if fact.has("every_day_from"):
            raise Misread(f"{fact.path}: given_on and every_day_from: write two facts")
        return [_given(fact, day) for day in _days(fact, "given_on")]
    if fact.has("dispensed_on"):
        return [_dispensed(fact)]
    return [_ordered(fact)]


def _medicine(fact: Table) -> Resource:
    found: Resource = {"text": fact.needed("medicine")}
    code = fact.text("code")
    if code is not None:
        system = fact.text("system")
        found["coding"] = [
            {"system": SYSTEMS.get(system, system) if system else RXNORM, "code": code}
        ]
    return found


def _days(fact: Table, name: str) -> list[date]:
    given = fact.value[name]
    days = given if isinstance(given, list) else [given]
    if not days or not all(isinstance(day, date) for day in days):
        raise Misread(f"{fact.at(name)}: write a date as YYYY-MM-DD, or a list of dates")
    return days


def _amount(fact: Table) -> Resource | None:
    words = fact.text("dose")
    if words is None:
        return None
    found = _DOSE.fullmatch(words)
    if found is None:
        raise Misread(f"{fact.at('dose')}: write an amount with a unit such as 5 mg or 1 g")
    unit = _UCUM.get(found[2], found[2])
    system = "http://unitsofmeasure.org"
    return {"value": float(found[1]), "unit": unit, "system": system, "code": unit}


def _route(fact: Table) -> Resource | None:
    words = fact.text("route")
    return {"text": words} if words else None


def _whole(kind: str, elements: Resource) -> Resource:
    return {"resourceType": kind} | {k: v for k, v in elements.items() if v is not None}


def _given(fact: Table, day: date) -> Resource:
    dosage = {"dose": _amount(fact), "route": _route(fact)}
    dosage = {name: value for name, value in dosage.items() if value}
    return _whole(
        "MedicationAdministration",
        {
            "status": fact.text("status") or "completed",
            "medicationCodeableConcept": _medicine(fact),
            "effectiveDateTime": day.isoformat(),
            "dosage": dosage or None,
        },
    )


def _dispensed(fact: Table) -> Resource:
    days = fact.number("days_supply")
    return _whole(
        "MedicationDispense",
        {
            "status": fact.text("status") or "completed",
            "medicationCodeableConcept": _medicine(fact),
            "whenHandedOver": fact.text("dispensed_on"),
            "daysSupply": {"value": days, "unit": "d"} if days is not None else None,
            "dosageInstruction": [_dosage(fact)],
        },
    )


def _ordered(fact: Table) -> Resource:
    start, end = fact.day("every_day_from"), fact.day("until")
    if start is not None and end is not None and end < start:
        raise Misread(f"{fact.at('until')}: before every_day_from")
    return _whole(
        "MedicationRequest",
        {
            "status": fact.text("status") or "active",
            "intent": fact.text("intent") or "order",
            "medicationCodeableConcept": _medicine(fact),
            "authoredOn": fact.text("ordered_on") or fact.text("every_day_from"),
            "dosageInstruction": [_dosage(fact)],
        },
    )


def _dosage(fact: Table) -> Resource:
    times, days = fact.number("times_a_day"), fact.number("every_days")
    repeat: Resource = {
        "frequency": int(times) if times is not None else 1,
        "period": days if days is not None else 1,
        "periodUnit": "d",
    }
    names = {"start": "every_day_from", "end": "until"}
    bounds = {key: words for key, name in names.items() if (words := fact.text(name))}
    if bounds:
        repeat["boundsPeriod"] = bounds
    found: Resource = {"timing": {"repeat": repeat}}
    amount, route = _amount(fact), _route(fact)
    if amount is not None:
        found["doseAndRate"] = [{"doseQuantity": amount}]
    if route is not None:
        found["route"] = route
    if fact.has("as_needed"):
        found["asNeededBoolean"] = fact.truth("as_needed")
    return found
