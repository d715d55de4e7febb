"""How long a central DXA stands before the next one is due (specification 3.6).

The table has one row for each band of the lowest result; risk factors that are met shorten a band.
Months are calendar months, and on the anniversary itself the person is due (section 7).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from service.screening.bone_density import LOW_Z, OSTEOPENIA_T, Scan
from service.screening.criterion import Parameters

LOW_T = -1.5

PARAMETERS = frozenset(
    {
        "low_months",
        "low_months_on_glucocorticoid",
        "osteopenia_months",
        "osteopenia_months_with_major",
        "normal_months",
        "normal_months_at_risk",
        "unknown_result_months",
    }
)


@dataclass(frozen=True, slots=True)
class RiskAtScan:
    """What shortens an interval: the numbers of the criteria that are met, and any MAJOR."""

    met: Collection[str]
    has_major: bool


def interval_months(scan: Scan, risk: RiskAtScan, numbers: Parameters) -> int:
    """Calendar months from the scan to the next one; the shortest row that its scores fall in."""
    rows = []
    if scan.lowest_t is not None:
        rows.append(_t_row(scan.lowest_t, risk, numbers))
    if scan.lowest_z is not None:
        is_low = scan.lowest_z <= LOW_Z
        rows.append(_low(risk, numbers) if is_low else _normal(risk, numbers))
    return int(min(rows, default=numbers["unknown_result_months"]))


def _t_row(score: float, risk: RiskAtScan, numbers: Parameters) -> float:
    # T ≤ −2.5 leads to the treatment pathway instead; where T does not apply (before 50 and before
    # menopause) it is at least a low result.
    if score <= LOW_T:
        return _low(risk, numbers)
    if score <= OSTEOPENIA_T:
        key = "osteopenia_months_with_major" if risk.has_major else "osteopenia_months"
        return numbers[key]
    return _normal(risk, numbers)


def _low(risk: RiskAtScan, numbers: Parameters) -> float:
    on_steroid = "MSO-08" in risk.met
    return numbers["low_months_on_glucocorticoid" if on_steroid else "low_months"]


def _normal(risk: RiskAtScan, numbers: Parameters) -> float:
    at_risk = not {"MSO-02", "MSO-04", "MSO-08"}.isdisjoint(risk.met)
    return numbers["normal_months_at_risk" if at_risk else "normal_months"]
