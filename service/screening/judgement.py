"""Every finding about one patient on one date, in the order in which one depends on another.

Three passes: the re-screen interval depends on risk factors, some criteria depend on the interval,
and some count only beside another risk factor.
"""

from __future__ import annotations

from datetime import date

from service.screening.bone_density import latest_scan
from service.screening.criteria import disability_moderate
from service.screening.criterion import (
    Finding,
    Grade,
    Parameters,
    Role,
    Verdict,
    Weight,
    evaluate,
)
from service.screening.interval import RiskAtScan, interval_months
from service.screening.protocol import (
    OTHER_RISK_FACTORS,
    OTHERS_UNKNOWN,
    RESCREEN_INTERVAL,
    SHORTEST_INTERVAL,
    Protocol,
    ProtocolEntry,
)
from service.screening.record import PatientRecord

_NOTHING: Parameters = {}


def judge(record: PatientRecord, protocol: Protocol, on: date) -> tuple[dict[str, Finding], int]:
    """Every finding by criterion id, in the protocol's order, and the months to the next scan."""
    findings = dict(protocol.silence)
    first, scans, last = (_to_ask(entries, record) for entries in protocol.rounds)
    for entry in first:
        findings[entry.criterion.id] = evaluate_entry(entry, record, on)
    factors = [f for f in findings.values() if f.role is Role.RISK_FACTOR]
    met = [f for f in factors if f.verdict is Verdict.MET]
    months = shortest = _interval(record, protocol, met, on)
    wanting = record.wanting
    if wanting:
        possible = [f for f in factors if f in met or f.missing & wanting]
        shortest = _interval(record, protocol, possible, on)
    computed: dict[str, float] = {RESCREEN_INTERVAL: months, SHORTEST_INTERVAL: shortest}
    for entry in scans:
        findings[entry.criterion.id] = evaluate_entry(entry, record, on, computed)
    if last:
        verdicts = [f.verdict for f in findings.values() if f.role is Role.RISK_FACTOR]
        computed[OTHER_RISK_FACTORS] = verdicts.count(Verdict.MET)
        computed[OTHERS_UNKNOWN] = verdicts.count(Verdict.UNKNOWN)
    for entry in last:
        findings[entry.criterion.id] = evaluate_entry(entry, record, on, computed)
    return findings, months


def _to_ask(entries: tuple[ProtocolEntry, ...], record: PatientRecord) -> list[ProtocolEntry]:
    """Those that may find something, or whose silence may mean that something was not read."""
    held, unread = record.concepts, record.unread
    return [
        e
        for e in entries
        if e.criterion.looks_for is None
        or not e.criterion.looks_for.isdisjoint(held)
        or not e.needed.isdisjoint(unread)
    ]


def evaluate_entry(
    entry: ProtocolEntry, record: PatientRecord, on: date, computed: Parameters = _NOTHING
) -> Finding:
    """One criterion with the protocol's numbers, and those that were computed for this patient."""
    criterion = entry.criterion
    parameters = {**entry.parameters, **computed} if computed else entry.parameters
    evidence = tuple(criterion.find(record, parameters, on))
    if not evidence and entry.needed.isdisjoint(record.unread):
        return entry.silence  # The same for everybody: `evaluate` would say nothing else.
    return evaluate(
        criterion,
        evidence,
        record,
        number=entry.number,
        title=entry.title,
        grade=entry.grade,
        domain=entry.domain,
    )


def _interval(record: PatientRecord, protocol: Protocol, met: list[Finding], on: date) -> int:
    """Months until the next scan with these risk factors; those without a scan where none is."""
    bone = protocol.entry("central-dxa").parameters
    scan = latest_scan(record, bone, on)
    numbers = protocol.policies["rescreen-interval"]
    if scan is None:
        return int(numbers["unknown_result_months"])
    has_major = any(f.grade is Grade.MAJOR for f in met)
    is_worsening = any(_may_be_worsening(f, record, protocol, on) for f in met)
    risk = RiskAtScan({f.number for f in met}, has_major, is_worsening)
    return interval_months(scan, risk, numbers, bone)


def _may_be_worsening(
    finding: Finding, record: PatientRecord, protocol: Protocol, on: date
) -> bool:
    """Of MSO-03 only the rise shortens an interval; what could not be read may be one."""
    if finding.criterion != disability_moderate.CRITERION.id:
        return False
    parameters = protocol.entry(finding.criterion).parameters
    rises = disability_moderate.rises(record, parameters, on)
    return not finding.is_met or any(e.weight is Weight.COUNTS for e in rises)
