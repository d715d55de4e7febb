"""Misbehaviour that no product owns and that any may show: added to a preset by name.

`busy` answers every third request with 429 and a Retry-After, in seconds and as an HTTP date in
turn; `absurd` answers the tenth with the timestamp in milliseconds that a reference server has sent
(smart-on-fhir/bulk-data-server).
`racy` lets two conditional creates within half a second both succeed (integration notes 1.5: HAPI,
Azure, LinuxForHealth). `eventual` shows to searches after a while what was written; reads see it at
once (integration notes 1.3, HealthLake). The rest is explained by its sentence.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from service.demo_ehr.codes import JSON
from service.demo_ehr.presets.asking import (
    answers_for_the_first_patient_only,
    fails_on_invalid_resources,
)
from service.demo_ehr.presets.exchange import Reply, Request, issue, refusal
from service.demo_ehr.presets.preset import Fault, Hospital
from service.demo_ehr.presets.writing import ignores_if_none_exist

RACE_SECONDS = 0.5
LAG_SECONDS = 2.0
BUSY_EVERY = 3
ABSURD_AT = 10
ABSURD_RETRY_AFTER = "1795356104176"


def _is_busy(hospital: Hospital, request: Request) -> Reply | None:
    if request.path == "metadata":
        return None
    number = _number_of(hospital)
    if number % BUSY_EVERY:
        return None
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    asked = ("1", soon)[number // BUSY_EVERY % 2]
    return refusal(429, issue("error", "throttled"), Retry_After=asked)


def _is_absurd(hospital: Hospital, request: Request) -> Reply | None:
    if request.path == "metadata" or _number_of(hospital) != ABSURD_AT:
        return None
    return refusal(429, issue("error", "throttled"), Retry_After=ABSURD_RETRY_AFTER)


def _number_of(hospital: Hospital) -> int:
    with hospital.lock:
        hospital.requests += 1
        return hospital.requests


def _races(hospital: Hospital, request: Request) -> Reply | None:
    condition = request.headers.get("if-none-exist")
    if condition and request.interaction == "create":
        key = f"{request.type}?{condition}"
        with hospital.lock:
            before = hospital.conditions.get(key)
            hospital.conditions[key] = hospital.now()
        if before is not None and hospital.now() - before < RACE_SECONDS:
            del request.headers["if-none-exist"]
    return None


def _shows_later(hospital: Hospital, _: Request, found: list[JSON]) -> list[JSON]:
    shown = []
    for resource in found:
        key = f"{resource['resourceType']}/{resource['id']}"
        written_at, before = hospital.written.get(key, (0.0, None))
        if hospital.now() - written_at >= LAG_SECONDS:
            shown.append(resource)
        elif before is not None:
            shown.append(before)
    return shown


def _remembers_what_was(hospital: Hospital, request: Request) -> Reply | None:
    if request.interaction == "update":
        found = hospital.forward(Request("GET", request.path, [], {}))
        before = found.json() if found.status == 200 else None
        hospital.written[request.path] = (hospital.now(), before)
    return None


def _says_odd_things(_: Hospital, request: Request, found: list[JSON]) -> list[JSON]:
    """A remark, a resource that was not asked for, and every match twice."""
    request.remarks.append(issue("warning", "processing", "odd", "Something else was found"))
    request.included.append({"resourceType": "Practitioner", "id": "somebody"})
    return found + found


def _leaves_some_out(_: Hospital, request: Request, found: list[JSON]) -> list[JSON]:
    """The last match is withheld, and a warning says so without saying which."""
    if not found:
        return found
    request.remarks.append(issue("warning", "incomplete", "4119", "Additional data may be present"))
    return found[:-1]


_FAILED = refusal(500, issue("fatal", "required"))

FAULTS = {
    fault.name: fault
    for fault in (
        Fault("racy", "conditional creates race", quirks=(_races,)),
        Fault(
            "no-conditional",
            "the condition of a create is ignored",
            quirks=(ignores_if_none_exist,),
            forgets_conditions=True,
        ),
        Fault("strict", "unknown parameters are refused", unknown="refuse"),
        Fault("lenient", "unknown parameters are ignored", unknown="ignore"),
        Fault(
            "eventual",
            "searches lag behind writes",
            quirks=(_remembers_what_was,),
            shapes=(_shows_later,),
        ),
        Fault(
            "first-patient",
            "of several patients in a search the first is answered, without a word",
            quirks=(answers_for_the_first_patient_only,),
        ),
        Fault("busy", "every third request is answered 429", quirks=(_is_busy,)),
        Fault(
            "absurd", "the tenth request is to wait until far in the future", quirks=(_is_absurd,)
        ),
        Fault("expiring-pages", "the first next link of a search has expired", expires_pages=True),
        Fault("looping", "the last page of a search leads back to the first", loops=True),
        Fault(
            "odd",
            "remarks and strangers among the matches, and each match twice",
            shapes=(_says_odd_things,),
        ),
        Fault("partial", "the last match is withheld with a warning", shapes=(_leaves_some_out,)),
        Fault(
            "invalid",
            "a search fails as a whole where one resource cannot be shown",
            quirks=(fails_on_invalid_resources(_FAILED),),
        ),
    )
}
