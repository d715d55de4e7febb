"""What the code of an injury says about the visit: the event itself, or what came after it.

The seventh character of ICD-10-CM: A to C is the injury under treatment, D to R a later visit for
the same one, S a late effect. Falls (W00 to W19) and other causes carry it too. Whoever counted
every record would make two falls of one (specification 2.3).
"""

from __future__ import annotations

from typing import Literal

from service.screening.record import Condition
from service.screening.value_sets import ICD10CM

Visit = Literal["active", "follow-up", "late effect"]


def visit_of(condition: Condition) -> Visit:
    """What the seventh character says; "active" where a code has none."""
    for coding in condition.codings:
        if coding.system == ICD10CM and len(coding.code) == 7:
            letter = coding.code[6]
            if letter == "S":
                return "late effect"
            if "D" <= letter <= "R":
                return "follow-up"
    return "active"
