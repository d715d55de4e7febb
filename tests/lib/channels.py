"""Servers, options and lines of plan and memory for the tests of deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.alert_memory import entry_after, remembered_from, with_sent
from service.ehr.alert_state import Remembered
from service.ehr.capability import Capability, capability_from
from service.ehr.delivery.channel import AlertWriting, ChannelOptions
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.recipients import recipients_from
from service.ehr.plan_progress import Outcome
from service.screening.alert import AlertPlan
from service.store.entries import AlertEntry
from tests.lib.alerts import ANNA, AT

TELLS = DeliveryOptions(
    author="Practitioner/boneflag",
    recipients=recipients_from("Practitioner/neuro, osteoporosis-treatment-gap=Group/bones"),
)
SCAN_CODES = (("http://loinc.org", "38269-7"),)


def options(**changes: Any) -> ChannelOptions:
    """What a hospital that has set everything wants."""
    values: dict[str, Any] = {
        "now": lambda: AT,
        "snooze_months": 12,
        "shown": TELLS,
        "scan_codes": SCAN_CODES,
    }
    return ChannelOptions(**{**values, **changes})


def capability_of(
    *types: str,
    interactions: Iterable[str] = ("read", "search-type", "create", "update"),
    parameters: Iterable[str] = ("patient", "identifier"),
    conditional_create: bool = False,
) -> Capability:
    """A server that offers the same for each of these types."""
    listed = [
        {
            "type": type_,
            "interaction": [{"code": code} for code in interactions],
            "searchParam": [{"name": name} for name in parameters],
            "conditionalCreate": conditional_create,
        }
        for type_ in types
    ]
    return capability_from(
        {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "rest": [{"mode": "server", "resource": listed}],
        }
    )


class RememberedLine:
    """What delivery does around a writer: carry out a plan, and remember what became of it."""

    def __init__(self, writer: AlertWriting) -> None:
        self.writer = writer
        self.entry: AlertEntry | None = None

    def apply(self, plan: AlertPlan, *, is_outcome_unknown: bool = False) -> Outcome:
        """Carry out one plan with what is remembered, and remember what became of it."""
        known = remembered_from(self.entry) if self.entry else Remembered()
        if is_outcome_unknown:
            known = with_sent(known, plan)
        outcome = self.writer.apply(plan, known)
        if outcome.did != "left-alone":
            self.entry = entry_after(plan, outcome, self.entry)
        return outcome

    @property
    def memory(self) -> dict[str, dict[str, Remembered]]:
        """What the ledger would hand to a reader, by patient."""
        assert self.entry is not None
        return {ANNA.id: {self.entry.key: remembered_from(self.entry)}}
