"""Corticotropin (ACTH): days of a pulse that have no dose.

It has no agreed prednisone factor, so its days count as pulse days and add nothing to any sum
(specification, 2.6 trap 8). A newcomer would get two things wrong. Its dose is in units, which no
instruction turns into milligrams, and that leaves nothing unclear: no dose is asked. And the
product for MS is called a gel and is injected, so its form says nothing about where it acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.screening.dose_series import series_by_ingredient, unsettled
from service.screening.exposure import DayDose
from service.screening.glucocorticoid_use import UnclearUse, last_given, read_event
from service.screening.record import MedicationUse

CONCEPT = "corticotropin"


def corticotropin_days(
    medicines: Iterable[MedicationUse], renewal_months: float, since: date, on: date
) -> tuple[tuple[DayDose, ...], tuple[UnclearUse, ...]]:
    """The days from `since` to `on`, both included, with a dose of 0 mg; and what is unclear.

    Order, dispense and administration of a day are one day.
    """
    found = (use for use in medicines if CONCEPT in use.concepts and use.counts is not False)
    uses = list({use.ref: use for use in found}.values())
    if not uses:
        return (), ()
    given = last_given(uses)
    readings = [read_event(use, given.get(use.ref), renewal_months, on) for use in uses]
    series = series_by_ingredient(readings, since, on, on)
    days = sorted(day for days in series.values() for day in days.items())
    pulse_days = tuple(DayDose(day, 0.0, sources) for day, (_, _, sources) in days)
    return pulse_days, unsettled(readings, series, since, on)
