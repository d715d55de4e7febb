"""Of how many records of a systemic glucocorticoid the dose can be told, and why not of the others.

Each record by itself, whatever the others of the same person say: the question is how this EHR
writes them, not how much anybody took.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from service.screening.body import weights
from service.screening.glucocorticoid_use import (
    dispenses_by_ingredient,
    is_relevant,
    last_given,
    read_use,
)
from service.screening.prednisone_equivalents import Equivalents
from service.screening.record import PatientRecord

TOLD = "the dose can be told"


def steroid_records(record: PatientRecord, equivalents: Equivalents, on: date) -> Counter[str]:
    """The records of one person by what can be told: `TOLD`, else the first reason why not.

    Of a record that is clear in part, the part that is not decides.
    """
    factors = equivalents.factors
    uses = [use for use in record.medicines if is_relevant(use, factors)]
    if not uses:
        return Counter()
    weighed = weights(record, on)
    weight_kg = weighed[-1].value if weighed else None
    dispensed, given = dispenses_by_ingredient(uses, factors), last_given(uses)
    found: Counter[str] = Counter()
    for use in uses:
        reading = read_use(use, equivalents, dispensed, given.get(use.ref), weight_kg, on)
        found[reading.unclear[0].reason if reading.unclear else TOLD] += 1
    return found
