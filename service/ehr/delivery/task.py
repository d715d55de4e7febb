"""An alert as a Task: the piece of work that somebody can take, finish or turn down.

A newcomer would get three things wrong. The Task belongs to whoever works on it: an update renews
what it says and keeps its status, owner and other people's notes, inputs and outputs. Our closings
carry a coding of ours in `statusReason`, so that even with a lost ledger nobody mistakes them for
a clinician's decision. And `intent` is always proposal: BoneFlag orders nothing.

Shape and lifecycle: integration notes 3.4; codes of refusals: 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from service.ehr.bundle import instant
from service.ehr.delivery.checks import built, handed_back
from service.ehr.delivery.elements import (
    AUTHOR_NAME,
    CLOSING_SYSTEM,
    TASK_INPUT_SYSTEM,
    TASK_OUTPUT_SYSTEM,
    TITLES,
    DeliveryOptions,
    alert_coding,
    copy_of,
    has_coding,
    identifier_of,
    markdown_of,
    objects,
    own_extensions,
    part,
    protocol_of,
    stamp,
    stands,
    with_own_extensions,
    without_empty,
)
from service.ehr.subject import referenced
from service.screening.alert import ALERT_CODE_SYSTEM, CANONICAL_BASE, Alert
from service.screening.record import ResourceRef

TASK_PROFILE = f"{CANONICAL_BASE}/StructureDefinition/boneflag-task"
Closing = Literal["resolved", "withdrawn", "duplicate"]
CLOSINGS: dict[Closing, str] = {
    "resolved": "Resolved by BoneFlag",
    "withdrawn": "Withdrawn by BoneFlag",
    "duplicate": "Duplicate retired by BoneFlag",
}


def new_task(
    alert: Alert, at: datetime, options: DeliveryOptions, focus: str | None = None
) -> dict[str, Any]:
    """A requested Task for an alert, ready to be created.

    `at` needs a time zone; `focus` is the reference of the Flag, or its urn:uuid in a transaction.
    """
    from fhir.resources.R4B.task import Task  # Importing costs 0.2 s that reading never pays.

    now = stamp(at)
    body: dict[str, Any] = {
        "resourceType": "Task",
        "extension": own_extensions(alert),
        "identifier": [identifier_of(alert.key)],
        "instantiatesCanonical": protocol_of(alert),
        "status": "requested",
        "intent": "proposal",
        "priority": alert.priority,
        "code": {"coding": [alert_coding(alert.kind)], "text": TITLES[alert.kind]},
        "description": alert.summary,
        "for": {"reference": str(alert.patient)},
        "authoredOn": now,
        "lastModified": now,
        "note": [_note(alert, now)],
        "input": _inputs(alert),
    }
    if focus:
        body["focus"] = {"reference": focus}
    if options.profiles:
        body["meta"] = {"profile": [TASK_PROFILE]}
    if options.author:
        body["requester"] = {"reference": options.author}
    owner = options.owner or next(iter(options.recipients.owners_of(alert.kind)), None)
    if owner:
        body["owner"] = {"reference": owner}
    if options.performer:
        body["performerType"] = [_role(options.performer)]
    return built(Task, without_empty(body))


def _note(alert: Alert, now: str) -> dict[str, str]:
    return {"authorString": AUTHOR_NAME, "time": now, "text": markdown_of(alert.detail)}


def _inputs(alert: Alert) -> list[dict[str, Any]]:
    kind = {
        "coding": [{"system": TASK_INPUT_SYSTEM, "code": "evidence", "display": "Evidence"}],
        "text": "evidence",
    }
    return [
        {"type": kind, "valueReference": {"reference": str(ref)}}
        for ref in dict.fromkeys(alert.evidence)
    ]


def _role(performer: tuple[str, str, str]) -> dict[str, Any]:
    system, code, display = performer
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def updated_task(
    current: Mapping[str, Any],
    alert: Alert,
    at: datetime,
    options: DeliveryOptions,
    focus: str | None = None,
) -> dict[str, Any]:
    """The EHR's Task saying what the alert says now.

    One that stands keeps its status, whoever set it; any other is asked for again (requested,
    without the reason of its ending): whoever planned the update has weighed that.
    """
    own = new_task(alert, at, options, focus)
    body = copy_of(current)
    if not stands(body):
        body["status"] = "requested"
        body.pop("statusReason", None)
    for name in ("instantiatesCanonical", "priority", "code", "description", "focus"):
        if name in own:
            body[name] = own[name]
    others = objects(part(current, "code"), "coding")
    body["code"]["coding"] += [c for c in others if c.get("system") != ALERT_CODE_SYSTEM]
    body["extension"] = with_own_extensions(body, alert)
    body["note"] = [n for n in objects(body, "note") if not _is_our_note(n)] + own["note"]
    body["input"] = [i for i in objects(body, "input") if not _is_our_input(i)]
    body["input"] += own.get("input", [])
    if not body["input"]:
        del body["input"]
    # What closed it does so no longer.
    return handed_back(_modified(without_closing_output(body), at))


def _is_our_note(note: Mapping[str, Any]) -> bool:
    return note.get("authorString") == AUTHOR_NAME


def _is_our_input(entry: Mapping[str, Any]) -> bool:
    return has_coding(part(entry, "type"), TASK_INPUT_SYSTEM)


def closed_task(
    current: Mapping[str, Any],
    status: str,
    closing: Closing,
    reason: str,
    at: datetime,
    closed_by: ResourceRef | None = None,
) -> dict[str, Any]:
    """The EHR's Task with a final status, why, what closed it, and our mark that it was us.

    Outputs that people wrote stay as they are; ours comes behind them.
    """
    body = without_closing_output(copy_of(current))
    if closed_by is not None and closed_by.is_valid:
        body["output"] = [*objects(body, "output"), _closing_output(closed_by)]
    body["status"] = status
    coding = {"system": CLOSING_SYSTEM, "code": closing, "display": CLOSINGS[closing]}
    body["statusReason"] = {"coding": [coding], "text": reason.strip() or CLOSINGS[closing]}
    return handed_back(_modified(body, at))


def _closing_output(closed_by: ResourceRef) -> dict[str, Any]:
    coding = {"system": TASK_OUTPUT_SYSTEM, "code": "closed-by", "display": "What closed the gap"}
    return {
        "type": {"coding": [coding], "text": "what closed the gap"},
        "valueReference": {"reference": str(closed_by)},
    }


def has_closing_output(task: Mapping[str, Any]) -> bool:
    """Whether a Task points at what closed it, as we wrote it."""
    return any(_is_closing_output(o) for o in objects(task, "output"))


def without_closing_output(task: Mapping[str, Any]) -> dict[str, Any]:
    """The same Task without our output; those of people stay."""
    body = dict(task)
    if has_closing_output(task):
        body["output"] = [o for o in objects(task, "output") if not _is_closing_output(o)]
    if body.get("output") == []:
        del body["output"]
    return body


def closed_by_in(task: Mapping[str, Any]) -> ResourceRef | None:
    """What closed the gap, as a Task of ours points at it; None where it does not."""
    ours = (o for o in objects(task, "output") if _is_closing_output(o))
    return next((referenced(part(output, "valueReference")) for output in ours), None)


def _is_closing_output(output: Mapping[str, Any]) -> bool:
    return has_coding(part(output, "type"), TASK_OUTPUT_SYSTEM)


def closing_of(task: Mapping[str, Any]) -> str | None:
    """The code of our own closing, None where a person ended the Task or nobody did."""
    for coding in objects(part(task, "statusReason"), "coding"):
        if coding.get("system") == CLOSING_SYSTEM:
            return str(coding.get("code"))
    return None


def _modified(body: dict[str, Any], at: datetime) -> dict[str, Any]:
    # A server clock ahead of ours must not make us break inv-1.
    authored = instant(body.get("authoredOn"))
    body["lastModified"] = stamp(max(at, authored) if authored else at)
    return body
