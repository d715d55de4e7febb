"""The numbers that turn systemic glucocorticoids into milligrams prednisone-equivalent.

They stand in the protocol as a policy, because every criterion about glucocorticoids shares them: a
factor that two criteria gave differently would make one patient have two exposures. Source:
specification 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

POLICY = "prednisone-equivalents"
HYDROCORTISONE = "glucocorticoid-hydrocortisone"
CORTISONE = "glucocorticoid-cortisone"
DEXAMETHASONE = "glucocorticoid-dexamethasone"
INGREDIENTS = (
    "glucocorticoid-prednisone",
    "glucocorticoid-prednisolone",
    "glucocorticoid-methylprednisolone",
    DEXAMETHASONE,
    HYDROCORTISONE,
    "glucocorticoid-betamethasone",
    "glucocorticoid-triamcinolone",
    CORTISONE,
    "glucocorticoid-deflazacort",
)
NUMBERS = frozenset(
    {
        *INGREDIENTS,
        "short_course_days",
        "short_course_mg",
        "short_course_gap_days",
        "renewal_months",
        "replacement_hydrocortisone_mg",
        "open_order_mg_below",
    }
)
"""What the policy must give: a factor for each value set of an ingredient, and six more."""

_NAMES = tuple(sorted(NUMBERS))
_NAMED = tuple(f"{POLICY}.{name}" for name in _NAMES)
PARAMETERS = frozenset(_NAMED)
"""The same as criteria name them."""


@dataclass(frozen=True, slots=True)
class Equivalents:
    """The policy's numbers.

    `factors` gives for each ingredient value set the mg of prednisone that 1 mg of it is worth. A
    course of dexamethasone of fewer than `short_course_days` days that stays below
    `short_course_mg` prednisone-equivalent in all does not count (peri-operative and antiemetic
    doses, 2.6 trap 6); its days are at most `short_course_gap_days` apart, and so far from its
    order may a pulse be given (`dose_series`). An order is not followed longer than
    `renewal_months` after it was last written, renewed or dispensed (section 7). In adrenal
    insufficiency a day with at most `replacement_mg` prednisone-equivalent from hydrocortisone, or
    from cortisone, is replacement and no exposure (trap 5). `pulse_mg` a day is a pulse: an open
    order of it is not followed to the day of judgement.
    """

    factors: Mapping[str, float] = field(hash=False)
    short_course_days: float
    short_course_mg: float
    short_course_gap_days: float
    renewal_months: float
    replacement_mg: float
    pulse_mg: float


def equivalents_of(policy: Mapping[str, float]) -> Equivalents:
    """From the policy's own numbers; KeyError where one is missing."""
    return Equivalents(
        {ingredient: policy[ingredient] for ingredient in INGREDIENTS},
        policy["short_course_days"],
        policy["short_course_mg"],
        policy["short_course_gap_days"],
        policy["renewal_months"],
        policy["replacement_hydrocortisone_mg"] * policy[HYDROCORTISONE],
        policy["open_order_mg_below"],
    )


def equivalents_in(parameters: Mapping[str, float]) -> Equivalents:
    """From the parameters of a criterion that names `PARAMETERS`."""
    return _equivalents(tuple(parameters[name] for name in _NAMED))


@lru_cache(maxsize=16)
def _equivalents(values: tuple[float, ...]) -> Equivalents:
    """Made once for a protocol; it holds nothing of a patient."""
    return equivalents_of(dict(zip(_NAMES, values, strict=True)))
