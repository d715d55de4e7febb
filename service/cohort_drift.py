"""The drift report: who came into the cohort and who went, in which way, and what waits.

A newcomer would get two things wrong. It counts people and names nobody: who they are stands in the
ledger alone. And that somebody left says nothing about why, but for what their latest assessment
knows: a person who died is told apart, a person who moved away only where the EHR says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from service.store.cohort_readings import CohortMove, CohortReading
from service.store.entries import AssessmentEntry
from service.store.ledger import Ledger

# Findings that say why somebody is nobody's patient any more, and the words for it.
_ENDINGS = {"deceased": "deceased", "inactive-or-merged": "the record is inactive"}


@dataclass(frozen=True, slots=True)
class Drift:
    """The newest readings, newest first, and the moves since the oldest of them, counted by what
    happened and why; `left_out` is how many people must not be looked at."""

    readings: tuple[CohortReading, ...]
    moves: tuple[tuple[str, str, int], ...]
    members: int
    left_out: int

    @property
    def is_held(self) -> bool:
        """Whether the newest reading waits for somebody to accept it."""
        return bool(self.readings) and self.readings[0].is_held

    @property
    def is_accepted(self) -> bool:
        """Whether the reading that waits was accepted and comes with the next sweep."""
        return self.is_held and self.readings[0].accepted_at is not None

    def as_json(self) -> dict[str, Any]:
        """Counts and sources; no key and no id."""
        return {
            "members": self.members,
            "left_out": self.left_out,
            "is_held": self.is_held,
            "is_accepted": self.is_accepted,
            "readings": [_reading_json(reading) for reading in self.readings],
            "moves": [{"what": w, "why": why, "people": n} for w, why, n in self.moves],
        }


def read_drift(ledger: Ledger, readings: int) -> Drift:
    """The drift over the newest `readings` readings of the cohort."""
    found = tuple(ledger.readings.newest(readings))
    moves = ledger.readings.moves(found[-1].at) if found else []
    return Drift(
        found, _counted(ledger, moves), len(ledger.cohort.members()), len(ledger.cohort.left_out())
    )


def _counted(ledger: Ledger, moves: Iterable[CohortMove]) -> tuple[tuple[str, str, int], ...]:
    moves = list(moves)
    gone = [move.patient_key for move in moves if move.what == "left"]
    latest = ledger.screenings.latest(gone)
    counted = Counter((move.what, _why(move, latest)) for move in moves)
    return tuple((what, why, number) for (what, why), number in sorted(counted.items()))


def _why(move: CohortMove, latest: Mapping[str, AssessmentEntry]) -> str:
    assessment = latest.get(move.patient_key) if move.what == "left" else None
    if assessment is None:
        return move.why
    met = {str(f.get("criterion")) for f in assessment.findings if f.get("verdict") == "met"}
    endings = [words for name, words in _ENDINGS.items() if name in met]
    return f"{move.why} ({', '.join(endings)})" if endings else move.why


def _reading_json(reading: CohortReading) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(reading).items()
    }
