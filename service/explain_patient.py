"""Explain one patient whom the EHR holds: the line as ever, without the ledger and any write.

What only the ledger knows (a decision that the EHR no longer shows) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.ehr.alert_history import AlertHistory
from service.ehr.connection import EHRConnection
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.errors import EHRNotFound
from service.explain_file import look_ahead, thought_json
from service.screening.protocol import Protocol
from service.thought import Thought, blind, think


def explain_patient(
    fhir_id: str,
    ehr: EHRConnection,
    protocol: Protocol,
    delivery: Delivery,
    *,
    site: str,
    on: date,
    at: datetime,
) -> tuple[Thought, dict[str, Any]]:
    """What the line thinks about a patient in the EHR, and its JSON; EHRError passes through."""
    record = next(iter(ehr.read_records([fhir_id], protocol.needs)))
    if "Patient" in record.unread and not (record.conditions or record.observations):
        raise EHRNotFound("The EHR shows nobody with this id: check it, or ask your EHR team")
    history = ehr.read_alerts([fhir_id], {}).histories.get(fhir_id)
    thought = think(record, history or AlertHistory(), protocol, on, site=site)
    if history is None:
        thought = blind(thought)
    outlook = look_ahead(thought, protocol)
    return thought, thought_json(thought, delivery, _shown(thought, ehr), at, outlook)


def _shown(thought: Thought, ehr: EHRConnection) -> Mapping[str, list[Any]]:
    """The Flags and Tasks that the plans are about, as the EHR holds them."""
    shown: dict[str, list[Any]] = {"Flag": [], "Task": []}
    for plan in thought.plans:
        for resource in (plan.posted.flag, plan.posted.task) if plan.posted else ():
            if resource is not None:
                stored = ehr.client.read(resource.ref.type, resource.ref.id)
                shown[resource.ref.type].append(stored.resource or {})
    return shown
