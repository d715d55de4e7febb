"""An assessment as the ledger keeps it, made whole again so that it can be put into words.

A newcomer would get two things wrong. What was not kept is not guessed: by which score a scan is to
be read is then said for both cases, and of an age the youngest of its band is known. And a finding
of a criterion that the protocol no longer uses is left out, for nobody could say what it means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from service.measure import AGE_BANDS
from service.screening.assess import Assessment, Status, is_urgent
from service.screening.criterion import Evidence, Finding, Grade, Verdict, Weight
from service.screening.protocol import Protocol
from service.screening.record import ResourceRef
from service.screening.weighing import weigh_findings
from service.store.entries import AssessmentEntry


def assessment_from(
    entry: AssessmentEntry, patient: ResourceRef, protocol: Protocol, on: date
) -> Assessment:
    """What the line found, as of today; who decided what is not part of it."""
    findings = {f.criterion: f for f in _findings(entry, protocol)}
    age = next((first for code, _, first, _ in AGE_BANDS if code == entry.age_band), None)
    return Assessment(
        patient=patient,
        protocol_id=entry.protocol_id,
        protocol_version=entry.protocol_version,
        protocol_digest=entry.protocol_digest,
        on=on,
        status=Status(entry.status),
        findings=tuple(findings.values()),
        weighing=weigh_findings(findings.values(), age, protocol.policies["decision"]),
        due_on=entry.due_on,
        is_urgent=is_urgent(findings.get("low-trauma-fracture"), protocol, on),
        uses_t_score=None,
        notes=tuple(entry.notes),
        unread=frozenset(entry.unread),
    )


def _findings(entry: AssessmentEntry, protocol: Protocol) -> Iterator[Finding]:
    for kept in entry.findings:
        criterion = str(kept.get("criterion"))
        if not protocol.uses(criterion):
            continue
        known = protocol.entry(criterion)
        yield Finding(
            criterion=criterion,
            number=str(kept["number"]),
            title=str(kept.get("title") or known.title),
            role=known.criterion.role,
            verdict=Verdict(kept["verdict"]),
            grade=Grade(kept["grade"]) if kept.get("grade") else None,
            domain=str(kept["domain"]),
            evidence=tuple(_evidence(e) for e in kept["evidence"]),
            missing=frozenset(kept.get("missing", ())),
        )


def _evidence(kept: Mapping[str, Any]) -> Evidence:
    type_, _, id_ = str(kept["source"]).partition("/")
    not_counting = Weight.UNCLEAR if kept["unclear"] else Weight.SEEN
    weight = Weight.COUNTS if kept["counts"] else not_counting
    day = date.fromisoformat(kept["date"]) if kept["date"] else None
    return Evidence(ResourceRef(type_, id_), str(kept["statement"]), day, weight)
