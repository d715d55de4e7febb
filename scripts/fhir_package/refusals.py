"""Why somebody says no to an alert, in HL7's codes, and how long each no stands here.

The kind and the span of each code are not written down here: a Task is rejected with it, and the
code that reads our alerts back says by the protocol what that means. So the list cannot promise
what the service does not do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_package.source import STATUS_SYSTEM, Resource, Source, canonical, headed
from service.ehr.alert_history import alert_history
from service.ehr.decision_reason import DECISION_REASON_SYSTEM, NON_ADHERENCE_SYSTEM
from service.screening.alert import CANONICAL_BASE, AlertKind
from service.screening.decision_span import settled
from service.screening.protocol import Protocol
from service.screening.record import NO_END, Decision, ResourceRef

SPAN_URL = f"{CANONICAL_BASE}/StructureDefinition/decision-span"

# Code and display, as in HL7/cds-hooks input/vocabulary/CodeSystem-non-adherence-reason-codes.json
# (build of 2026-06). Left out: the six categories, and what cannot be said of a scan
# (action-unsuccessful, action-performed-no-adverse-effect, mitigate-risk-negative-outcome,
# likely-negative-health-outcomes, implementation-challenges, recipient-does-not-understand).
REASONS: Mapping[str, str] = {
    "patient-ineligible": "Patient does not meet eligibility for recommended action",
    "indication-order-exists": "Patient has indication/order for intended action",
    "action-completed": "Recommended action was already completed",
    "action-not-priority": (
        "Recommended action is not relevant or a priority in current state of health"
    ),
    "limited-time": "Could not address recommended action due to limited time",
    "wrong-time-workflow": "PC CDS delivered at wrong time in workflow or patient lifecycle",
    "inappropriate-recipient": "PC CDS delivered to inappropriate recipient/role",
    "need-more-info": (
        "Could not address recommended action due to need for more information/pending "
        "results/pending consult"
    ),
    "does-not-align-latest-evidence": (
        "Recommended action does not align with the latest evidence"
    ),
    "expert-contradicts": "Advice from expert contradicts the recommended action",
    "policy-contradicts": "Institutional policy/guideline contradicts the recommended action",
    "recipient-does-not-trust": "Recipient does not agree with or trust the recommended action",
    "risk-benefit-ratio": "Recipient assessment of risk/benefit ratio",
    "patient-contraindication": "Patient has contraindication to recommended action",
    "patient-fears-discomfort": "Patient fears discomfort from complying with recommended action",
    "patient-does-not-want-change": (
        "Patient does not want to change behavior or believes the change is unnecessary"
    ),
    "cultural-religious-reason": (
        "Patient has a cultural or religious reason for not following recommended action"
    ),
    "prefers-alternative": "Patient prefers an alternative approach or treatment",
    "patient-refuses": "Patient refuses/declines (no context given)*",
    "inadequate-support": "Patient has inadequate caregiver/social support",
    "service-not-available": "Treatment or service is not practically available",
    "too-costly-uncovered": "Recommended action is too costly or not covered by insurance",
    "comorbidity-disability": (
        "Patient has co-morbidity or disability that hinders them from completing recommended "
        "action"
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a no with one code means: the status it leads to, and how many months it stands.

    `months` is None where no date ends it: new facts or a new major version do.
    """

    status: str
    months: int | None


def standing_of(code: str, task: Mapping[str, Any], protocol: Protocol) -> Standing:
    """What our own code makes of this Task when it is rejected with a code; the Task is ours."""
    rejected = {
        **task,
        "status": "rejected",
        "statusReason": {"coding": [{"system": NON_ADHERENCE_SYSTEM, "code": code}]},
    }
    patient = ResourceRef("Patient", task["for"]["reference"].removeprefix("Patient/"))
    months = int(protocol.policies["decision"]["snooze_months"])
    history = alert_history(patient, [rejected], snooze_months=months)
    (read,) = history.decisions[AlertKind.SCREENING]
    decision = settled(read, protocol)
    return Standing(decision.kind, _months_of(decision))


def _months_of(decision: Decision) -> int | None:
    made_on, until = decision.made_on, decision.until
    if until == NO_END:
        return None
    return (until.year - made_on.year) * 12 + until.month - made_on.month


def refusals(source: Source, task: Mapping[str, Any]) -> Iterator[Resource]:
    """The ValueSet of reasons with their spans, and the map from each to a status of ours."""
    standings = {code: standing_of(code, task, source.protocol) for code in REASONS}
    yield headed(
        source,
        "ValueSet",
        "decline-reason",
        "Reasons to turn an alert down",
        "What a clinician may give as the reason when an alert is turned down, in "
        "Task.statusReason or as the override reason of a card. Each code says how long BoneFlag "
        "then keeps quiet; a break-through (a new low-trauma fracture, and what else the protocol "
        "names) ends that sooner. One without a span holds until the facts change, or until the "
        "protocol's next major version. Any other code, and none at all, is respected like a "
        "snooze. Without a code the patient's refusal cannot be told from a clinician's no.",
        copyright="The codes are those of the HL7 CodeSystem NonAdherenceReasonCodes, published "
        "by HL7 International / Clinical Decision Support with CDS Hooks (trial use); it follows "
        "AHRQ Publication No. 25-0073.",
        compose={
            "include": [
                {
                    "system": NON_ADHERENCE_SYSTEM,
                    "concept": [
                        {**_span(standings[code].months), "code": code, "display": display}
                        for code, display in REASONS.items()
                    ],
                },
                {"system": DECISION_REASON_SYSTEM},
            ]
        },
    )
    yield headed(
        source,
        "ConceptMap",
        "decline-reason-to-status",
        "Where a reason to turn down leads",
        "The status that a patient has while a no with this reason stands.",
        sourceCanonical=canonical("ValueSet", "decline-reason"),
        targetCanonical=canonical("ValueSet", "status"),
        group=[
            {
                "source": NON_ADHERENCE_SYSTEM,
                "target": STATUS_SYSTEM,
                "element": [
                    {
                        "code": code,
                        "display": display,
                        "target": [{"code": standings[code].status, "equivalence": "wider"}],
                    }
                    for code, display in REASONS.items()
                ],
            }
        ],
    )


def _span(months: int | None) -> dict[str, Any]:
    if months is None:
        return {}
    duration = {
        "value": months,
        "unit": "months",
        "system": "http://unitsofmeasure.org",
        "code": "mo",
    }
    return {"extension": [{"url": SPAN_URL, "valueDuration": duration}]}
