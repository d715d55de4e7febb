"""The last look at a resource of ours before it leaves.

A newcomer would get two things wrong. `fhir.resources` is no judge on its own: it lets
`status="nonsense"`, an id of 200 characters, a control character and a Task modified before it was
authored pass (measured with 8.3), so these are checked here. And what we hand back after a change
is the EHR's own resource: it may hold what the strict models refuse, and an alert that cannot be
closed because of that would be worse than one that is odd. So `built` judges what we make, and
`handed_back` judges only the state that we set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service.ehr.bundle import instant
from service.ehr.delivery.elements import key_in, objects, part
from service.ehr.errors import EHRRejected
from service.screening.alert import OPEN_TASK_STATUSES

if TYPE_CHECKING:
    from pydantic import BaseModel

FLAG_STATUSES = frozenset({"active", "inactive", "entered-in-error"})
MESSAGE_STATUSES = frozenset(
    {
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    }
)
REQUEST_STATUSES = frozenset(
    {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
)
TASK_STATUSES = OPEN_TASK_STATUSES | {
    "rejected",
    "cancelled",
    "failed",
    "completed",
    "entered-in-error",
}
PRIORITIES = frozenset({"routine", "urgent", "asap", "stat"})
_STATUSES = {
    "Flag": FLAG_STATUSES,
    "Task": TASK_STATUSES,
    "Communication": MESSAGE_STATUSES,
    "ServiceRequest": REQUEST_STATUSES,
}
# Where each says in one line what it is about.
_SAYS = {"Flag": "code", "Communication": "topic", "ServiceRequest": "code"}
_SINGLE_REFERENCES = ("subject", "for", "focus", "author", "requester", "owner", "sender")
_REPEATED_REFERENCES = (
    "about",
    "inResponseTo",
    "performer",
    "reasonReference",
    "recipient",
    "supportingInfo",
)
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}|urn:uuid:[0-9a-f\-]{36}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def built(model: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
    """A resource of ours that both the FHIR R4B model and our own checks accept.

    Raises EHRRejected, whose text names elements and never values.
    """
    # pydantic comes with fhir.resources; both are paid for only when something is written.
    from pydantic import ValidationError

    try:
        resource = model.model_validate(body)
    except ValidationError as refused:
        places = sorted({".".join(str(step) for step in e["loc"]) for e in refused.errors()})
        _refuse(body, [f"not valid FHIR at {place}" for place in places])
    done: dict[str, Any] = json.loads(resource.model_dump_json())
    _refuse(done, [*_faults_of_content(done), *_faults_of_state(done)])
    return done


def handed_back(body: dict[str, Any]) -> dict[str, Any]:
    """A resource of the EHR after our change, once the state we set is in order."""
    _refuse(body, _faults_of_state(body))
    return body


def _refuse(body: Mapping[str, Any], faults: list[str]) -> None:
    if faults:
        raise EHRRejected(
            f"A {body['resourceType']} of ours was not sent: {'; '.join(faults)}. "
            "Please report this to the makers of BoneFlag"
        )


def _faults_of_content(body: Mapping[str, Any]) -> list[str]:
    type_ = body["resourceType"]
    faults = []
    # A message may be made for a server that takes no identifier: its text then holds the key.
    if key_in(body) is None and type_ != "Communication":
        faults.append("it has no alert identifier")
    if not all(_REFERENCE.fullmatch(reference) for reference in _references(body)):
        faults.append("a reference is not a type and an id of at most 64 characters")
    person = "for" if type_ == "Task" else "subject"
    if not str(part(body, person).get("reference", "")).startswith("Patient/"):
        faults.append(f"{person} is no Patient")
    said = part(body, _SAYS[type_]).get("text") if type_ in _SAYS else body.get("description")
    if not is_readable(said):
        faults.append("it says nothing that can be read")
    if type_ in ("Task", "ServiceRequest") and body.get("intent") != "proposal":
        faults.append("intent is not proposal")
    if type_ != "Flag" and body.get("priority") not in PRIORITIES:
        faults.append("priority is no code of RequestPriority")
    if type_ == "Communication" and not objects(body, "recipient"):
        faults.append("nobody is to receive it")
    return faults


def _references(body: Mapping[str, Any]) -> list[str]:
    holders = [part(body, name) for name in _SINGLE_REFERENCES if body.get(name)]
    holders += [entry for name in _REPEATED_REFERENCES for entry in objects(body, name)]
    holders += [part(entry, "valueReference") for entry in objects(body, "input")]
    return [str(holder.get("reference", "")) for holder in holders]


def _faults_of_state(body: Mapping[str, Any]) -> list[str]:
    faults = []
    if body.get("status") not in _STATUSES[body["resourceType"]]:
        faults.append("status is no code of its value set")
    period = part(body, "period")
    start, end = str(period.get("start", "")), str(period.get("end", ""))
    # Dates to the day sort as text; other precisions are the EHR's own doing.
    if len(start) == len(end) == 10 and end < start:
        faults.append("period ends before it starts")
    authored, modified = instant(body.get("authoredOn")), instant(body.get("lastModified"))
    if authored and modified and modified < authored:  # Invariant inv-1 of Task.
        faults.append("lastModified is before authoredOn")
    return faults


def is_readable(text: object) -> bool:
    """Whether a FHIR string says something and holds no control characters."""
    return isinstance(text, str) and bool(text.strip()) and not _CONTROL.search(text)
