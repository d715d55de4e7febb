"""FHIR ServiceRequest and Appointment -> what was ordered, and what was booked.

A newcomer would get one thing wrong: a proposal, a plan and an order *not* to do it are no orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.ehr import statuses
from service.ehr.body_site import at_site
from service.ehr.codes import CodeReader, ref_of, report_modified
from service.ehr.fields import Json, object_in, objects_in, references_in, text_in, when_in
from service.screening.record import Appointment, Order, Problem, When


def orders(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[Order]:
    """Orders with a code of ours; an intent that nobody knows makes an active one unclear."""
    for resource in resources:
        concepts, _ = codes.concepts_in(object_in(resource, "code"))
        if not concepts:
            continue
        report_modified(resource, problems)
        intent = text_in(resource, "intent").lower()
        is_odd = intent not in statuses.ORDER_INTENTS | statuses.NO_ORDER_INTENTS
        status = statuses.order_status(resource)
        yield Order(
            ref=ref_of(resource),
            concepts=at_site(concepts, resource, codes),
            status="unclear" if status == "active" and is_odd else status,
            is_order=intent not in statuses.NO_ORDER_INTENTS
            and resource.get("doNotPerform") is not True,
            authored=when_in(resource, "authoredOn"),
            reason_concepts=codes.all_concepts(_reasons(resource)),
        )


def appointments(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[Appointment]:
    """Those with a code of ours as service or reason, or that are based on some order."""
    for resource in resources:
        concepts = codes.all_concepts(
            [*objects_in(resource, "serviceType"), *objects_in(resource, "reasonCode")]
        )
        based_on = references_in(resource, "basedOn")
        if concepts or based_on:
            report_modified(resource, problems)
            yield Appointment(
                ref=ref_of(resource),
                concepts=concepts,
                status=statuses.appointment_status(resource),
                when=_start(resource),
                based_on=based_on,
            )


def _start(appointment: Json) -> When | None:
    if appointment.get("start") is not None:
        return when_in(appointment, "start")
    asked_for = objects_in(appointment, "requestedPeriod")
    return when_in(asked_for[0], "start") if asked_for else None


def _reasons(order: Json) -> Iterator[Json]:
    yield from objects_in(order, "reasonCode")
    for extension in objects_in(order, "extension"):
        if text_in(extension, "url").endswith("/request-statusReason"):
            yield object_in(extension, "valueCodeableConcept")
