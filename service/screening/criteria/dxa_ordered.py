"""An open order for a central DXA: nobody is told twice what is already on its way.

An order older than the window without a scan since is shown as "ordered, not done". Proposals (our
own among them) are no orders, and an order with a scan after it is done with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import CENTRAL, latest_scan
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import words
from service.screening.record import Order, PatientRecord
from service.screening.value_sets import DataRequirement

NOT_DONE = "ordered, not done"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Active orders of the window count; older ones are shown."""
    scan = latest_scan(record, on)
    since = add_months(on, -parameters["window_months"])
    for order in record.orders:
        if CENTRAL not in order.concepts or not order.is_order:
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
    if order.authored is None or order.status == "unclear":
        return Evidence(order.ref, f"{statement} (not understood)", None, Weight.UNCLEAR)
    day = order.authored.last
    within = order.authored.is_within(since, on)
    if within is None:
        return Evidence(order.ref, f"{statement} (date not exact enough)", day, Weight.UNCLEAR)
    if within:
        return Evidence(order.ref, statement, day, Weight.COUNTS)
    return Evidence(order.ref, f"{statement}: {NOT_DONE}", day, Weight.SEEN)


CRITERION = Criterion(
    id="dxa-ordered",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("ServiceRequest"),
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
        DataRequirement("Observation", ("dxa-central",)),
    ),
    find=find,
    parameters=frozenset({"window_months"}),
)
