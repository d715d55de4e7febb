"""An assessment and its plans as the JSON of `boneflag explain --json`.

The form is a contract (README, "Explain one patient"): other programs read it. Add to it, never
change what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.screening.alert import Action, AlertPlan
from service.screening.assess import Assessment
from service.screening.criterion import Evidence, Finding, Weight
from service.screening.outlook import Change, what_would_change
from service.screening.record import ResourceRef


@dataclass(frozen=True, slots=True, repr=False)
class Outlook:
    """The statuses to come if nothing changes, and the glucocorticoids over time as JSON."""

    changes: tuple[Change, ...] = ()
    exposure: dict[str, Any] | None = None


def explanation(
    assessment: Assessment,
    plan: AlertPlan,
    gap_plan: AlertPlan | None,
    resources: Sequence[Mapping[str, Any]],
    outlook: Outlook,
) -> dict[str, Any]:
    """One JSON-able object; dates are ISO, `resources` what carrying out the plans would write."""
    return {
        "patient": str(assessment.patient),
        "on": assessment.on.isoformat(),
        "protocol": {
            "id": assessment.protocol_id,
            "version": assessment.protocol_version,
            "digest": assessment.protocol_digest,
        },
        "status": str(assessment.status),
        "due_on": assessment.due_on.isoformat() if assessment.due_on else None,
        "findings": [_finding(finding) for finding in assessment.findings],
        "plan": _plan(plan),
        "gap_plan": _plan(gap_plan) if gap_plan is not None else None,
        "unread": sorted(assessment.unread),
        "reported": [{"source": p.source, "problem": p.problem} for p in assessment.reported],
        "resources": list(resources),
        "decision": _decision(assessment),
        "outlook": {
            "changes": [
                {"on": c.on.isoformat(), "status": str(c.status), "because": list(c.because)}
                for c in outlook.changes
            ],
            "would_change": list(what_would_change(assessment)),
        },
        "exposure": outlook.exposure,
    }


def _decision(assessment: Assessment) -> dict[str, Any]:
    """The decision with its truth values: what is met against what is needed."""
    weighing = assessment.weighing
    return {
        "is_reached": weighing.is_reached,
        "majors": weighing.majors,
        "majors_needed": weighing.majors_needed,
        "domains": sorted(weighing.domains),
        "domains_needed": weighing.domains_needed,
    }


def findings_json(assessment: Assessment) -> list[dict[str, Any]]:
    """Every finding as the ledger keeps it: the contract's form, and what was missing."""
    return [
        {**_finding(f), "title": f.title, "missing": sorted(f.missing)} for f in assessment.findings
    ]


def reported_json(assessment: Assessment) -> list[dict[str, str]]:
    """What in the chart could not be used, as the ledger keeps it: each once, in one order."""
    once = sorted({(p.source, p.problem) for p in assessment.reported})
    return [{"source": source, "problem": problem} for source, problem in once]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "number": finding.number,
        "criterion": finding.criterion,
        "verdict": str(finding.verdict),
        "grade": str(finding.grade) if finding.grade else None,
        "domain": finding.domain,
        "evidence": [_evidence(e) for e in finding.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "source": str(evidence.source),
        "statement": evidence.statement,
        "date": evidence.date.isoformat() if evidence.date else None,
        "counts": evidence.weight is Weight.COUNTS,
        "unclear": evidence.weight is Weight.UNCLEAR,
    }


def _plan(plan: AlertPlan) -> dict[str, str | None]:
    closed_by = closed_by_of(plan)
    return {
        "action": str(plan.action),
        "reason": plan.reason,
        "closed_by": str(closed_by) if closed_by else None,
    }


def closed_by_of(plan: AlertPlan) -> ResourceRef | None:
    """What closes the alert, or closed the one that is left as it is; None where nothing does."""
    if plan.action is Action.KEEP and plan.posted is not None:
        return plan.posted.closed_by
    return plan.closed_by
