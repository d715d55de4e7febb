"""A person's no in the eyes of a judge of its own: what it means, and until when it surely stands.

The spans are written down here once more, from the specification (3.5) and the integration notes
(3.5), not from the protocol: a shared mistake would not cancel out. Where it may or may not stand,
the judge says that it does not, for it is asked only whether an alert was opened against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from service.screening.alert import AlertKind
from service.screening.dates import add_months
from tests.lib.any_chart import AnyChart, is_severe
from tests.lib.wire import Resource

NON_ADHERENCE = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OURS = "https://boneflag.example/fhir/CodeSystem/decision-reason"
WITHOUT_A_CODE = 12
SHORTEST_AFTER_DONE_ELSEWHERE = 3
DONE_ELSEWHERE = "action-completed"
WRONG_DIAGNOSIS = "wrong-diagnosis"
BY_HOSPITAL = "withdrawn-by-hospital"
# Months, or None where no date ends it.
SPANS: dict[str, int | None] = {
    "": WITHOUT_A_CODE,
    "cds-not-applicable": 12,
    "patient-refuses": 12,
    "limited-time": 3,
    "indication-order-exists": 6,
    DONE_ELSEWHERE: 24,
    "inappropriate-recipient": 1,
    "patient-contraindication": None,
    WRONG_DIAGNOSIS: None,
    BY_HOSPITAL: None,
}
CODES = sorted(SPANS.keys() - {"", BY_HOSPITAL})
_NOTHING_BREAKS = (WRONG_DIAGNOSIS, BY_HOSPITAL)


@dataclass
class No:
    """A person's no to one alert, as the person meant it.

    `resource` is the type and id of what it was said on, or what stands for it where it was said
    elsewhere. `fractures` are those that were on file then, `version` is the lowest of the protocol
    since; `until` is the first day on which it no longer stands, None where no date ends it.

    `is_hidden`: the alert was withdrawn since, and only the ledger knows what was said to it.
    """

    patient: str
    kind: AlertKind
    resource: tuple[str, str]
    made_on: date
    until: date | None
    fractures: frozenset[int]
    version: str
    code: str = ""
    status: str = ""
    is_taken_back: bool = False
    is_hidden: bool = False

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was said to BoneFlag itself."""
        return self.resource[0] not in ("Flag", "Task")

    def is_about(self, patient: str, kind: AlertKind) -> bool:
        """A wrong diagnosis is about every alert."""
        return self.patient == patient and (self.kind is kind or self.code == WRONG_DIAGNOSIS)

    def stands(self, chart: AnyChart, on: date, version: str) -> bool:
        """Neither lapsed, nor taken back, nor broken through (specification 3.5).

        A new major version of the protocol breaks it too; nothing breaks a wrong diagnosis or what
        the hospital took back.
        """
        if self.is_taken_back or (self.until is not None and on >= self.until):
            return False
        if self.code in _NOTHING_BREAKS:
            return True
        if version.split(".")[0] != self.version.split(".")[0]:
            return False
        if self.kind is not AlertKind.SCREENING:
            return True
        new_fracture = {n for n, _ in chart.fractures} - self.fractures
        became_severe = is_severe(chart, on) and not _was_severe(chart, self.made_on)
        return not (new_fracture or became_severe)


def end_of(code: str, made_on: date, given: date | None, done_on: date | None) -> date | None:
    """Until when a no stands by its reason, unless the person gave a day."""
    if given is not None and given > made_on and code != WRONG_DIAGNOSIS:
        return given
    months = SPANS[code]
    if months is None:
        return None
    if code == DONE_ELSEWHERE and done_on is not None:
        least = add_months(made_on, SHORTEST_AFTER_DONE_ELSEWHERE)
        return max(add_months(min(done_on, made_on), months), least)
    return add_months(made_on, months)


def because(code: str) -> Resource:
    """A coded reason, as a clinician's screen writes it."""
    return {
        "coding": [{"system": OURS if code == WRONG_DIAGNOSIS else NON_ADHERENCE, "code": code}]
    }


def code_on(resource: Resource) -> str:
    """The reason that stands on a Task, "" for none."""
    reason: dict[str, Any] = resource.get("statusReason") or {}
    return str(next((c["code"] for c in reason.get("coding", ()) if c["code"] in SPANS), ""))


def end_on(resource: Resource, made_on: date) -> date | None:
    """Until when the no stands that a Flag or Task shows."""
    given = resource.get("restriction", {}).get("period", {}).get("end")
    done = resource.get("executionPeriod", {}).get("end")
    return end_of(
        code_on(resource),
        made_on,
        date.fromisoformat(given) if given and resource["status"] == "on-hold" else None,
        date.fromisoformat(done) if done else None,
    )


def _was_severe(chart: AnyChart, on: date) -> bool:
    """Facts of the same day may have come after the no: the judge gives the alert the benefit."""
    before = AnyChart(chart.id, chart.born, [e for e in chart.edss if e[1] < on])
    return is_severe(chart, on) and is_severe(before, on)
