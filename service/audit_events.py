"""The audit as FHIR AuditEvents, by IHE's Basic Audit Log Patterns (BALP 1.1, FHIR R4).

A newcomer would get three things wrong. BALP's profiles are for what succeeded: a failure, and a
write of which nobody knows the outcome yet, is an AuditEvent without a profile. Reading a chart is
one event, whichever searches it took, so it says `read` and `search-type` both. And a write of a
Flag and a Task is two events, because the profiles name one resource each.

Shape: IHE/ITI.BasicAudit, input/fsh (PatientRead, PatientCreate, PatientUpdate). DICOM's codes for
what is no FHIR request: PS3.16, CID 400.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.screening.alert import CANONICAL_BASE
from service.store.acts import AuditRow

Event = dict[str, Any]
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
_SYSTEM = f"{CANONICAL_BASE}/sid"


@dataclass(frozen=True, slots=True)
class Source:
    """Who reports: our site, the machine that exports, and the base URL of the EHR."""

    site: str
    machine: str
    ehr_base_url: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one word of the audit is told: the action and codes, and BALP's profile if it has one."""

    action: str
    profile: str
    subtypes: tuple[str, ...]


_READ = _Kind("R", "PatientRead", ("read", "search-type"))
_UPDATE = _Kind("U", "PatientUpdate", ("update",))
_REST = {
    "read": _READ,
    "explain": _READ,
    "create": _Kind("C", "PatientCreate", ("create",)),
    "update": _UPDATE,
    "close": _UPDATE,
    "withdraw": _UPDATE,
    "retire": _UPDATE,
}
_ACTIVITY = ("110100", "Application Activity")
_EXPORT = ("110106", "Export")
_RECORD = ("110110", "Patient Record")
_OTHER = {
    "list": _EXPORT,
    "export": _EXPORT,
    "show-audit": _RECORD,
    "screen": _RECORD,
    "card": _RECORD,
}
# What is neither done nor failed has no outcome that FHIR could say.
_OUTCOMES = {"done": "0", "nothing changed": "0", "failed": "4"}


def events_of(row: AuditRow, fhir_ids: Mapping[str, str], source: Source) -> Iterator[Event]:
    """The events of one row. `fhir_ids` gives the patients; who was forgotten keeps the key only.

    Raises pydantic's ValidationError where an event is no FHIR: a fault of ours.
    """
    from fhir.resources.R4B.auditevent import AuditEvent  # Importing costs 0.2 s.

    patient = _patient(row.patient_key, fhir_ids) if row.patient_key else None
    for place, what in enumerate(_resources(row, patient)):
        body = _event(row, source, patient, what)
        body["id"] = f"audit-{row.number}" + (f"-{place}" if place else "")
        plain: Event = json.loads(AuditEvent.model_validate(body).model_dump_json())
        yield plain


def _resources(row: AuditRow, patient: Event | None) -> list[Event | None]:
    """What each event of a row is about; the patient where a chart was read."""
    if row.resource:
        return [{"reference": reference} for reference in row.resource.split()]
    return [patient if _REST.get(row.what) is _READ else None]


def _event(
    row: AuditRow, source: Source, patient: Event | None, what: Event | None
) -> dict[str, Any]:
    kind = _REST.get(row.what)
    body: dict[str, Any] = {
        "resourceType": "AuditEvent",
        **(_rest(kind) if kind else _other(row.what)),
        "recorded": row.at.isoformat(timespec="milliseconds"),
        "outcomeDesc": "; ".join(filter(None, (row.outcome, row.reason))),
        "agent": _agents(row, kind, source),
        "source": {
            "site": source.site,
            "observer": {"display": row.software},
            "type": [_coding(f"{_TERMINOLOGY}/security-source-type", "4", "Application Server")],
        },
        "entity": _entities(row, patient, what),
    }
    if row.outcome in _OUTCOMES:
        body["outcome"] = _OUTCOMES[row.outcome]
    if kind and row.outcome == "done" and patient and what:
        body["meta"] = {"profile": [f"{_BALP}.{kind.profile}"]}
    return body


def _rest(kind: _Kind) -> dict[str, Any]:
    restful = "http://hl7.org/fhir/restful-interaction"
    return {
        "type": _coding(f"{_TERMINOLOGY}/audit-event-type", "rest", "RESTful Operation"),
        "subtype": [_coding(restful, code, code) for code in kind.subtypes],
        "action": kind.action,
    }


def _other(what: str) -> dict[str, Any]:
    return {
        "type": _coding(_DICOM, *_OTHER.get(what, _ACTIVITY)),
        "subtype": [_coding(f"{CANONICAL_BASE}/CodeSystem/audit", what, what)],
        "action": "R" if _OTHER.get(what) is _RECORD else "E",
    }


def _agents(row: AuditRow, kind: _Kind | None, source: Source) -> list[dict[str, Any]]:
    """The client and the server, each as source or destination, and whoever asked for it."""
    person = {
        "type": {"coding": [_participation("IRCP", "information recipient")]},
        "who": {"display": row.by_whom},
        "requestor": True,
    }
    client: dict[str, Any] = {
        "who": {
            "identifier": {"system": f"{_SYSTEM}/client", "value": row.client},
            "display": row.software,
        },
        "requestor": False,
        "network": {"address": source.machine, "type": "1"},
    }
    if kind is None:
        client["type"] = {"coding": [_coding(_DICOM, "110150", "Application")]}
        return [client, person]
    origin = _coding(_DICOM, "110153", "Source Role ID")
    destination = _coding(_DICOM, "110152", "Destination Role ID")
    is_reading = kind.action == "R"
    client["type"] = {"coding": [destination if is_reading else origin]}
    server = {
        "type": {"coding": [origin if is_reading else destination]},
        "who": {"display": "EHR"},
        "requestor": False,
        "network": {"address": source.ehr_base_url, "type": "5"},
    }
    if not is_reading:
        person["type"] = {"coding": [_participation("AUT", "author (originator)")]}
    return [client, server, person]


def _entities(row: AuditRow, patient: Event | None, what: Event | None) -> list[dict[str, Any]]:
    """The person, the resource, and the place in the chain, which proves where it comes from."""
    entities: list[dict[str, Any]] = []
    if patient is not None:
        entities.append(_entity(patient, ("1", "Person"), ("1", "Patient")))
    if what is not None:
        data = _entity(what, ("2", "System Object"), ("4", "Domain Resource"))
        if row.detail:
            data["detail"] = [{"type": "what", "valueString": row.detail}]
        entities.append(data)
    place = {"identifier": {"system": f"{_SYSTEM}/audit", "value": str(row.number)}}
    job = _entity(place, ("4", "Other"), ("20", "Job"))
    told = {
        "hash": row.hash,
        "run": "" if row.run_id is None else f"{row.run_id} {row.run_kind}".strip(),
        "protocol": row.protocol_digest,
        "detail": "" if what is not None else row.detail,
    }
    job["detail"] = [{"type": name, "valueString": text} for name, text in told.items() if text]
    return [*entities, job]


def _entity(what: Event, type_: tuple[str, str], role: tuple[str, str]) -> dict[str, Any]:
    return {
        "what": what,
        "type": _coding(f"{_TERMINOLOGY}/audit-entity-type", *type_),
        "role": _coding(f"{_TERMINOLOGY}/object-role", *role),
    }


def _patient(key: str, fhir_ids: Mapping[str, str]) -> Event:
    """The patient in the EHR, or the key that means nothing any more."""
    if key in fhir_ids:
        return {"reference": f"Patient/{fhir_ids[key]}"}
    return {"identifier": {"system": f"{_SYSTEM}/patient-key", "value": key}, "type": "Patient"}


def _participation(code: str, display: str) -> dict[str, str]:
    return _coding(f"{_TERMINOLOGY}/v3-ParticipationType", code, display)


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
