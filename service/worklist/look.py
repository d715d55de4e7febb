"""One assessment of the ledger as the reasons of the worklist ask about it.

A newcomer would get one thing wrong: the ledger keeps findings as plain JSON, and older versions of
the protocol wrote some of it. What is not there was not found; nothing here fails for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.screening.criteria.exclusions import CRITERIA as EXCLUSIONS
from service.screening.criteria.multiple_sclerosis import MS
from service.screening.protocol import Protocol
from service.store.entries import AssessmentEntry

_EXCLUSIONS = frozenset(criterion.id for criterion in EXCLUSIONS)
FRACTURE = "low-trauma-fracture"

Finding = Mapping[str, Any]
Evidence = Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One assessment, and whether an alert of ours is open."""

    entry: AssessmentEntry
    has_open_alert: bool
    findings: Mapping[str, Finding] = field(init=False)

    def __post_init__(self) -> None:
        findings = {f["criterion"]: f for f in self.entry.findings if "criterion" in f}
        object.__setattr__(self, "findings", findings)

    @property
    def status(self) -> str:
        """Where the person stands."""
        return self.entry.status

    @property
    def is_watched(self) -> bool:
        """MS is confirmed, and nothing excludes the person."""
        return self.is_met(MS) and not self.excluded_by()

    def excluded_by(self) -> frozenset[str]:
        """The exclusions that hold."""
        return frozenset(name for name in _EXCLUSIONS if self.is_met(name))

    def is_met(self, criterion: str) -> bool:
        """Whether evidence counted."""
        return self.findings.get(criterion, {}).get("verdict") == "met"

    def evidence(self, criterion: str) -> list[Evidence]:
        """What one criterion found, oldest first."""
        return list(self.findings.get(criterion, {}).get("evidence", ()))

    def counting(self, criterion: str) -> list[Evidence]:
        """The evidence that counted."""
        return [e for e in self.evidence(criterion) if e["counts"]]

    def unclear(self, criterion: str) -> list[Evidence]:
        """What could not be judged, where nothing counted."""
        if self.is_met(criterion):
            return []
        return [e for e in self.evidence(criterion) if e["unclear"]]

    def newest_fracture(self) -> date | None:
        """The day of the newest low-trauma fracture that counts and has one."""
        days = (e["date"] for e in self.counting(FRACTURE))
        return max((date.fromisoformat(text) for text in days if text is not None), default=None)

    def risk_factors(self) -> frozenset[str]:
        """The numbers of the risk factors that are met, as MSO-06."""
        met = (f for f in self.findings.values() if f.get("grade") and f["verdict"] == "met")
        return frozenset(str(f["number"]) for f in met if "number" in f)


def urgent_months(protocol: Protocol) -> float | None:
    """For how many months a fracture is new; None where the protocol has no fractures."""
    if not protocol.uses(FRACTURE):
        return None
    months: float = protocol.entry(FRACTURE).parameters["urgent_months"]
    return months


def facts(evidence: Iterable[Evidence]) -> list[str]:
    """Evidence in words with its sources, each once."""
    return list(dict.fromkeys(f"{e['statement']} [{e['source']}]" for e in evidence))
