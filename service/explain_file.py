"""Explain one patient from a file: the same line as ever, with a file in the EHR's place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.ehr.alert_history import alert_history
from service.ehr.bundle_file import read_bundle
from service.ehr.delivery.elements import key_in
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.errors import EHRRejected
from service.ehr.glance import Glance
from service.ehr.parse import RecordParser
from service.explanation import Outlook, explanation
from service.exposure_json import exposure_json
from service.screening.alert import AlertPlan
from service.screening.outlook import coming_changes
from service.screening.protocol import Protocol
from service.screening.record import ResourceRef
from service.screening.value_sets import Vocabulary
from service.thought import Thought, think


def explain_file(
    raw: bytes,
    protocol: Protocol,
    vocabulary: Vocabulary,
    delivery: Delivery,
    *,
    site: str,
    on: date,
    at: datetime,
    looks_ahead: bool = True,
) -> tuple[Thought, dict[str, Any]]:
    """What the line thinks about the patient in a file, and its JSON; BundleUnreadable if none.

    Our Flags and Tasks in the file are taken for what the EHR shows. Without `looks_ahead` the
    statuses to come and the exposure are left out, which cost as much as sixty assessments.
    """
    parser = RecordParser(vocabulary)
    chart = read_bundle(raw, Glance(parser.concepts_in))
    record = parser.record(
        chart.patient_id, chart.resources, chart.medications, reported=chart.problems
    )
    alerts = alert_history(
        ResourceRef("Patient", chart.patient_id),
        [dict(r) for t in ("Flag", "Task") for r in chart.resources.get(t, ())],
        snooze_months=int(protocol.policies["decision"]["snooze_months"]),
    )
    thought = think(record, alerts, protocol, on, site=site)
    outlook = look_ahead(thought, protocol) if looks_ahead else Outlook()
    return thought, thought_json(thought, delivery, chart.resources, at, outlook)


def thought_json(
    thought: Thought,
    delivery: Delivery,
    resources: Mapping[str, Any],
    at: datetime,
    outlook: Outlook,
) -> dict[str, Any]:
    """The explanation, with what carrying out the plans would write given these Flags and Tasks."""
    written: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for plan in thought.plans:
        try:
            written += _rendered(plan, delivery, resources, at)
        except EHRRejected:
            # A patient id that FHIR does not allow: explained all the same, for that is asked.
            source = str(thought.assessment.patient)
            refused.append({"source": source, "problem": "the alert could not be made valid FHIR"})
    answer = explanation(thought.assessment, thought.plan, thought.gap_plan, written, outlook)
    return {**answer, "reported": answer["reported"] + refused}


def look_ahead(thought: Thought, protocol: Protocol) -> Outlook:
    """The statuses to come if nothing changes, and the glucocorticoids until now."""
    return Outlook(
        coming_changes(thought.record, protocol, thought.assessment),
        exposure_json(thought.record, protocol, thought.assessment.on),
    )


def _rendered(
    plan: AlertPlan, delivery: Delivery, resources: Mapping[str, Any], at: datetime
) -> tuple[dict[str, Any], ...]:
    key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
    if plan.posted is not None:
        key = plan.posted.key
    current = [dict(r) for t in ("Flag", "Task") for r in resources.get(t, ()) if key_in(r) == key]
    return delivery.rendered(plan, current, at)
