"""FHIR MedicationRequest, -Dispense, -Administration and -Statement -> MedicationUse.

A newcomer would get two things wrong. A status counts by its type: a stopped request was taken
until it stopped, a stopped administration was never completed. And a completed request does not end
with its last update while its bounds or its supply still run: pharmacies complete a prescription
when the last box is handed over.

Nothing here raises on what an EHR sends. A medicine that is none of ours costs a few microseconds:
its dosage is never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from service.ehr.amount import Strength, amount_of
from service.ehr.codes import ref_of
from service.ehr.dosage import dose_steps, supplied_days
from service.ehr.dose import dose_of, plain_milligrams
from service.ehr.fields import (
    Json,
    number_in,
    object_in,
    objects_in,
    parse_reference,
    text_in,
    when_in,
)
from service.ehr.injected import is_as_needed, is_injected
from service.ehr.product import Product, medication_reference, product_of
from service.ehr.route import route_of
from service.ehr.skin import is_through_skin
from service.ehr.statuses import is_modified
from service.ehr.timing import days_of, later
from service.screening.record import (
    DoseStep,
    MedicationUse,
    MedicineKind,
    Problem,
    ResourceRef,
    When,
)
from service.screening.value_sets import Vocabulary

__all__ = ["MEDICATION_TYPES", "medication_reference", "medication_use"]

_KINDS: dict[str, MedicineKind] = {
    "MedicationRequest": "request",
    "MedicationDispense": "dispense",
    "MedicationAdministration": "administration",
    "MedicationStatement": "statement",
}
MEDICATION_TYPES = tuple(_KINDS)

# Which statuses count and which do not; "unknown" and anything else cannot be understood
# (specification, 2.6 trap 7 and section 7).
_COUNTING: dict[MedicineKind, frozenset[str]] = {
    "request": frozenset({"active", "completed", "stopped"}),
    "dispense": frozenset({"completed", "in-progress"}),
    "administration": frozenset({"completed", "in-progress"}),
    "statement": frozenset({"active", "completed", "stopped"}),
}
_NOT_COUNTING: dict[MedicineKind, frozenset[str]] = {
    "request": frozenset({"draft", "on-hold", "cancelled", "entered-in-error"}),
    "dispense": frozenset(
        {"preparation", "on-hold", "cancelled", "stopped", "declined", "entered-in-error"}
    ),
    "administration": frozenset({"not-done", "on-hold", "stopped", "entered-in-error"}),
    "statement": frozenset({"intended", "on-hold", "not-taken", "entered-in-error"}),
}
_DAY = len("2026-11-22")
_NO_ORDER = frozenset({"proposal", "plan", "option"})
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})


def medication_use(
    resource: Mapping[str, Any],
    medications: Mapping[str, Mapping[str, Any]],
    vocabulary: Vocabulary,
) -> MedicationUse | Problem | None:
    """One medicine; None where it is none of ours; a Problem where it cannot be known.

    `medications` maps references (as written, or as "Medication/id") to Medication resources.
    """
    product = product_of(resource, medications, vocabulary)
    ref = ref_of(resource)
    if isinstance(product, str):
        return Problem(str(ref), product)
    kind = _KINDS.get(ref.type)
    if not product.concepts or kind is None:
        return None
    use = _READERS[kind](resource, ref, product)
    injected = is_injected(resource, product.names_and_forms())
    as_needed = is_as_needed(resource)
    if as_needed or injected is not None:
        use = replace(use, is_injected=injected, is_as_needed=as_needed)
    if use.route == "systemic" or not is_through_skin(resource, product.names_and_forms()):
        return use
    return replace(use, is_through_skin=True)


def _counts(resource: Json, kind: MedicineKind) -> bool | None:
    status = text_in(resource, "status")
    if status in _NOT_COUNTING[kind]:
        return False
    if is_modified(resource):
        return None
    if kind == "request":
        intent = text_in(resource, "intent")
        prohibition = resource.get("doNotPerform", False)
        if intent in _NO_ORDER or prohibition is True:
            return False
        # A modifier that cannot be understood may turn the meaning round.
        if prohibition is not False or (intent and intent not in _ORDERS):
            return None
    return True if status in _COUNTING[kind] else None


def _references(resource: Json, *keys: str) -> tuple[ResourceRef, ...]:
    found = [
        parse_reference(text_in(item, "reference"))
        for key in keys
        for item in objects_in(resource, key)
    ]
    return tuple(ref for ref in found if ref is not None)


def _newest(*whens: When | None) -> When | None:
    return max((w for w in whens if w is not None), key=lambda w: (w.last, w.first), default=None)


def _request(resource: Json, ref: ResourceRef, product: Product) -> MedicationUse:
    dosages = objects_in(resource, "dosageInstruction")
    strength = product.strength()
    authored = when_in(resource, "authoredOn")
    supply = object_in(resource, "dispenseRequest")
    validity = object_in(supply, "validityPeriod")
    written = authored or when_in(validity, "start")
    steps = dose_steps(dosages, written.last if written else None, strength)
    start, end = _start(steps, written), _last_of(steps)
    status = text_in(resource, "status")
    supplied_until = None
    if start is not None and (days := _ordered_days(supply, steps, strength)):
        supplied_until = later(start.last, days - 1)
    return MedicationUse(
        ref=ref,
        kind="request",
        concepts=product.concepts,
        name=_name(product),
        is_recognised_by_name=product.is_by_name,
        counts=_counts(resource, "request"),
        is_open_ended=status == "active" and end is None,
        route=route_of(dosages, product.names_and_forms()),
        start=start,
        end=end,
        renewed=_newest(authored, start),
        stopped_on=_stopped_on(resource, end, supplied_until, when_in(validity, "end")),
        supplied_until=supplied_until,
        steps=steps,
        based_on=_references(resource, "basedOn"),
    )


def _ordered_days(supply: Json, steps: Sequence[DoseStep], strength: Strength) -> int | None:
    """The days that an order pays for, repeats included; by its quantity where it gives no time."""
    expected = days_of(object_in(supply, "expectedSupplyDuration"))
    quantity = plain_milligrams(amount_of(object_in(supply, "quantity")), strength)
    days = int(expected + 1e-9) if expected else supplied_days(quantity, steps)
    repeats = number_in(supply, "numberOfRepeatsAllowed") or 0
    return None if days is None else int(min(max(1, days) * (1 + max(0, repeats)), 36_600))


def _start(steps: Sequence[DoseStep], written: When | None) -> When | None:
    """The first day that an instruction states, else the day of writing."""
    firsts = [step.first for step in steps if step.first is not None]
    if not firsts or (written is not None and min(firsts) == written.last):
        return written
    return When.day(min(firsts))


def _last_of(steps: Sequence[DoseStep]) -> When | None:
    """The last day of the instructions, where each of them has one."""
    lasts = [step.last for step in steps if step.last is not None]
    return When.day(max(lasts)) if lasts and len(lasts) == len(steps) else None


def _stopped_on(
    resource: Json, end: When | None, supplied_until: date | None, *others: When | None
) -> date | None:
    """The day by which a record was over: the earliest of all clues (section 7).

    For a completed one the clues stand only where it states neither an end nor a supply.
    """
    status = text_in(resource, "status")
    updated = when_in(object_in(resource, "meta"), "lastUpdated")
    clues = [when.first for when in (*others, updated) if when is not None]
    if status == "stopped":
        return min([*clues, *([end.first] if end else [])], default=None)
    if status == "completed" and end is None and supplied_until is None:
        return min(clues, default=None)
    return None


def _dispense(resource: Json, ref: ResourceRef, product: Product) -> MedicationUse:
    dosages = objects_in(resource, "dosageInstruction")
    strength = product.strength()
    handed = when_in(resource, "whenHandedOver") or when_in(resource, "whenPrepared")
    day = handed.last if handed else None
    steps = _from(day, dose_steps(dosages, day, strength))
    total_mg = plain_milligrams(amount_of(object_in(resource, "quantity")), strength)
    days = _supply_days(object_in(resource, "daysSupply")) or supplied_days(total_mg, steps)
    if total_mg is not None and days and all(step.problem for step in steps):
        # Without a readable instruction the mean of what was handed over stands for each day.
        steps = (DoseStep(mg_per_day=total_mg / days, first=day),)
    return MedicationUse(
        ref=ref,
        kind="dispense",
        concepts=product.concepts,
        name=_name(product),
        is_recognised_by_name=product.is_by_name,
        counts=_counts(resource, "dispense"),
        is_open_ended=False,
        route=route_of(dosages, product.names_and_forms()),
        start=handed,
        end=None,
        renewed=handed,
        supplied_until=later(day, days - 1) if day and days else None,
        steps=steps,
        based_on=_references(resource, "authorizingPrescription"),
    )


def _from(day: date | None, steps: tuple[DoseStep, ...]) -> tuple[DoseStep, ...]:
    """No dose before the medicine was handed over, whatever the copied instruction says.

    An instruction whose bounds were over by then has stale bounds; its dose still stands.
    """
    if day is None:
        return steps
    return tuple(
        replace(
            step,
            first=max(step.first or day, day),
            last=step.last if step.last is None or step.last >= day else None,
        )
        for step in steps
    )


def _supply_days(supply: Json) -> int | None:
    """Days' supply; a bare number is days."""
    days = days_of(supply) or (None if "unit" in supply else number_in(supply, "value"))
    return int(min(days, 36_600) + 1e-9) if days and days >= 1 else None


def _administration(resource: Json, ref: ResourceRef, product: Product) -> MedicationUse:
    """One event. What runs over midnight counts whole on the day on which it began.

    What runs longer than a day is spread evenly: its dose is that of the whole event (FHIR).
    """
    dosage = object_in(resource, "dosage")
    period = object_in(resource, "effectivePeriod")
    when = when_in(resource, "effectiveDateTime") or when_in(period, "start")
    dose = dose_of(dosage, product.strength(), _hours_between(period))
    day = when.last if when else None
    days = _days_of_event(period)
    mg = None if dose.problem else dose.mg / (1 if dose.is_daily else days)
    step = DoseStep(
        mg_per_day=None if dose.per_kg else mg,
        mg_per_kg_per_day=mg if dose.per_kg else None,
        first=day,
        last=later(day, days - 1) if day else None,
        problem=dose.problem,
    )
    return MedicationUse(
        ref=ref,
        kind="administration",
        concepts=product.concepts,
        name=_name(product),
        is_recognised_by_name=product.is_by_name,
        counts=_counts(resource, "administration"),
        is_open_ended=False,
        route=route_of((dosage,), product.names_and_forms()),
        start=when,
        end=when if days == 1 or step.last is None else When.day(step.last),
        renewed=when,
        steps=(step,),
        based_on=_references(resource, "request"),
    )


def _days_of_event(period: Json) -> int:
    """How many days an event takes: the days of a period that names days, else its full days."""
    hours = _hours_between(period)
    if hours is not None:
        return max(1, math.ceil(min(hours / 24, 36_600) - 1e-9))
    start, end = text_in(period, "start"), text_in(period, "end")
    first, last = when_in(period, "start"), when_in(period, "end")
    if len(start) != _DAY or len(end) != _DAY or first is None or last is None:
        return 1
    return max(1, min((last.first - first.last).days + 1, 36_600))


def _hours_between(period: Json) -> float | None:
    """The length of a period whose both ends are instants."""
    try:
        start = datetime.fromisoformat(text_in(period, "start"))
        end = datetime.fromisoformat(text_in(period, "end"))
        hours = (end - start).total_seconds() / 3600 if "T" in text_in(period, "start") else 0.0
    except (ValueError, TypeError, OverflowError):
        return None
    return hours if hours > 0 else None


def _statement(resource: Json, ref: ResourceRef, product: Product) -> MedicationUse:
    dosages = objects_in(resource, "dosage")
    period = object_in(resource, "effectivePeriod")
    point = when_in(resource, "effectiveDateTime")
    asserted = when_in(resource, "dateAsserted")
    begun = point or when_in(period, "start")
    steps = dose_steps(dosages, begun.last if begun else None, product.strength())
    start = _start(steps, begun)
    is_active = text_in(resource, "status") == "active"
    # A statement of one moment goes on while it is active; a completed one is that day.
    end = when_in(period, "end") or _last_of(steps) or (None if is_active else point)
    return MedicationUse(
        ref=ref,
        kind="statement",
        concepts=product.concepts,
        name=_name(product),
        is_recognised_by_name=product.is_by_name,
        counts=_counts(resource, "statement"),
        is_open_ended=is_active and end is None,
        route=route_of(dosages, product.names_and_forms()),
        start=start,
        end=end,
        renewed=_newest(asserted, start),
        stopped_on=_stopped_on(resource, end, None),
        steps=steps,
        based_on=_references(resource, "basedOn", "derivedFrom"),
    )


def _name(product: Product) -> str:
    return product.texts[0] if product.texts else ""


_READERS = {
    "request": _request,
    "dispense": _dispense,
    "administration": _administration,
    "statement": _statement,
}
