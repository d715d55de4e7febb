"""A central DXA that is on its way: nobody is told twice what is already ordered or booked.

An order older than the window without a scan since is shown as "ordered, not done", unless an
appointment for it lies ahead; one whose status nobody understands is shown as too old, for it may
never have been one. Proposals (our own among them) are no orders. An order is done with
once a scan says that it was based on it, or once a scan is as new as the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import CENTRAL, SCAN_PARAMETERS, latest_scan
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import words
from service.screening.record import Appointment, Order, PatientRecord
from service.screening.scan_traces import fulfilled_orders
from service.screening.value_sets import DataRequirement

NOT_DONE = "ordered, not done"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Active orders of the window and appointments ahead count; older ones are shown."""
    if record.orders:
        yield from _ordered(record, parameters, on)
    ordered = {o.ref for o in record.orders if CENTRAL in o.concepts}
    for appointment in record.appointments:
        is_ours = CENTRAL in appointment.concepts or not ordered.isdisjoint(appointment.based_on)
        if is_ours and appointment.status in ("booked", "unclear"):
            yield _judge_appointment(appointment, on)


def _ordered(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    scan = latest_scan(record, parameters, on)
    since = add_months(on, -parameters["window_months"])
    fulfilled = fulfilled_orders(record, on)
    for order in record.orders:
        if CENTRAL not in order.concepts or not order.is_order or order.ref in fulfilled:
            continue
        if order.status not in ("active", "unclear"):
            continue
        authored = order.authored
        if authored is not None and (
            authored.first > on or (scan is not None and scan.when.last >= authored.last)
        ):
            continue
        yield _judge(order, since, on)


def _judge(order: Order, since: date, on: date) -> Evidence:
    statement = f"DXA ordered, {words(order.authored)}"
    if order.authored is None:
        return Evidence(order.ref, f"{statement} (not understood)", None, Weight.UNCLEAR)
    day = order.authored.last
    within = order.authored.is_within(since, on)
    if order.status == "unclear":
        note, weight = "not understood", Weight.UNCLEAR
        if within is False:
            note, weight = "not understood, and too long ago", Weight.SEEN
        return Evidence(order.ref, f"{statement} ({note})", day, weight)
    if within is None:
        return Evidence(order.ref, f"{statement} (date not exact enough)", day, Weight.UNCLEAR)
    if within:
        return Evidence(order.ref, statement, day, Weight.COUNTS)
    return Evidence(order.ref, f"{statement}: {NOT_DONE}", day, Weight.SEEN)


def _judge_appointment(appointment: Appointment, on: date) -> Evidence:
    """Booked for today or later; one of the past says only that it was booked."""
    when = appointment.when
    statement = f"DXA appointment, {words(when)}"
    if when is not None and when.last < on:
        return Evidence(appointment.ref, f"{statement} (past)", when.last, Weight.SEEN)
    day = when.last if when else None
    if when is None or appointment.status == "unclear" or when.first < on:
        return Evidence(appointment.ref, f"{statement} (not understood)", day, Weight.UNCLEAR)
    return Evidence(appointment.ref, statement, day, Weight.COUNTS)


CRITERION = Criterion(
    id="dxa-ordered",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("ServiceRequest"),
        DataRequirement("Appointment"),
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
        DataRequirement("Observation", ("dxa-central",)),
    ),
    find=find,
    looks_for=frozenset({CENTRAL}),
    parameters=SCAN_PARAMETERS | {"window_months"},
)
