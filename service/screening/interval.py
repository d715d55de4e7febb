"""How long a central DXA stands before the next one is due (specification 3.6).

The table has one row for each band of the lowest result; risk factors that are met shorten a band.
Months are calendar months, and on the anniversary itself the person is due (section 7).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from service.screening.bone_density import LOW_T, LOW_Z, OSTEOPENIA_T, Scan
from service.screening.criterion import Parameters

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
    """What shortens an interval: the numbers of the criteria that are met, and any MAJOR.

    `is_worsening` says that disability is worsening, the one arm of MSO-03 that shortens.
    """

    met: Collection[str]
    has_major: bool
    is_worsening: bool = False


def interval_months(scan: Scan, risk: RiskAtScan, numbers: Parameters, bone: Parameters) -> int:
    """Calendar months from the scan to the next one; the shortest row that its scores fall in.

    `numbers` are the policy `rescreen-interval`; `bone` holds the bands of `bone-density` under
    their dotted names. A result of the forearm only, or only a coded conclusion, never stands
    longer than an unknown one.
    """
    rows = []
    if scan.deciding_t is not None:
        rows.append(_t_row(scan.deciding_t, risk, numbers, bone))
    if scan.lowest_z is not None:
        is_low = scan.lowest_z <= bone[LOW_Z]
        rows.append(_low(risk, numbers) if is_low else _normal(risk, numbers))
    if scan.concludes and not scan.has_result:
        rows.append(_low(risk, numbers))
    if scan.is_forearm or not scan.has_result:
        rows.append(numbers["unknown_result_months"])
    return int(min(rows))


def _t_row(score: float, risk: RiskAtScan, numbers: Parameters, bone: Parameters) -> float:
    # T ≤ −2.5 leads to the treatment pathway instead; where T does not apply (before 50 and before
    # menopause) it is at least a low result.
    if score <= bone[LOW_T]:
        return _low(risk, numbers)
    if score <= bone[OSTEOPENIA_T]:
        key = "osteopenia_months_with_major" if risk.has_major else "osteopenia_months"
        return numbers[key]
    return _normal(risk, numbers)


def _low(risk: RiskAtScan, numbers: Parameters) -> float:
    on_steroid = "MSO-08" in risk.met
    return numbers["low_months_on_glucocorticoid" if on_steroid else "low_months"]


def _normal(risk: RiskAtScan, numbers: Parameters) -> float:
    at_risk = risk.is_worsening or not {"MSO-02", "MSO-04", "MSO-08"}.isdisjoint(risk.met)
    return numbers["normal_months_at_risk" if at_risk else "normal_months"]
