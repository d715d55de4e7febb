"""MSO-15: medicines that act on bone or make people fall.

A newcomer would get four things wrong. Each group is judged by itself: one antidepressant and one
sleeping medicine are not two issues of either. Issues are dispenses, and orders without one; an
order that lasts is no second issue, so days are asked as well. Medicines of all groups but one are
together one MINOR; what takes the sex hormones away is MAJOR. And the progestogen counts only as a
depot injection, which its name alone does not say.

Gabapentin and pregabalin induce no enzyme and are in no group. No medicine is named in a sentence
(specification 3.7). Source: specification 2.8, 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from service.screening.criterion import Criterion, Evidence, Grade, Parameters, Role, Weight
from service.screening.medicine_groups import (
    SHARED_NUMBERS,
    Group,
    by_course,
    by_days,
    by_issues,
    by_name,
)
from service.screening.medicine_use import weigh_last
from service.screening.record import MedicationUse, PatientRecord
from service.screening.value_sets import DataRequirement

AROMATASE = "aromatase-inhibitor"
DEPRIVATION = "androgen-deprivation"
DEPOT = "depot-medroxyprogesterone"
PROGESTOGEN = "medroxyprogesterone"

NOT_SAID_INJECTED = "it does not say whether it was injected"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Every group for which there is a record, in the order of the table."""
    ours = {m.ref: m for m in record.medicines if not m.concepts.isdisjoint(_VALUE_SETS)}
    if not ours:
        return
    for group in GROUPS:
        uses = [m for m in ours.values() if _is_of(group, m)]
        if uses:
            yield from group.judge(group, uses, parameters, on)


def _is_of(group: Group, use: MedicationUse) -> bool:
    return (
        use.counts is not False
        and not use.concepts.isdisjoint(group.value_sets)
        and group.accepts(use)
    )


def _in_any_form(_use: MedicationUse) -> bool:
    """Sprays and implants of these act in the whole body: there are no local forms."""
    return True


def _is_not_local(use: MedicationUse) -> bool:
    return use.route != "local"


def _is_not_flush(use: MedicationUse) -> bool:
    """What only keeps a line open is in no dose that reaches bone."""
    return use.route != "local" and "flush" not in use.name.lower()


def _is_not_swallowed(use: MedicationUse) -> bool:
    return use.is_injected is not False


def _why_not_depot(use: MedicationUse) -> str:
    is_told = DEPOT in use.concepts or use.is_injected is not None
    return "" if is_told else NOT_SAID_INJECTED


def _hormones(
    group: Group, uses: Sequence[MedicationUse], parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """MAJOR where the last record lies in the window; a few days for fertility do not count."""
    for use in uses:
        weight, words, day = weigh_last(use, parameters["hormones_months"], on)
        if use.is_open_ended and weight is Weight.SEEN and day is not None and day <= on:
            weight, words = Weight.UNCLEAR, f", active without an end and not renewed since {day}"
        if weight is not Weight.SEEN and _is_short(use, parameters["hormones_short_days"]):
            weight, words = Weight.SEEN, f"{words} (a course of a few days)"
        statement = f"{group.words}{by_name(use)}{words}"
        yield Evidence(use.ref, statement, day, weight, Grade.MAJOR)


def _is_short(use: MedicationUse, days: float) -> bool:
    """Whether an aromatase inhibitor is given for at most so many days, and says so."""
    last = use.end.last if use.end is not None else use.supplied_until
    if AROMATASE not in use.concepts or use.start is None or last is None:
        return False
    return (last - use.start.first).days + 1 <= days


GROUPS = (
    Group(
        "hormones",
        "medicine that suppresses sex hormones",
        frozenset({AROMATASE, DEPRIVATION}),
        _hormones,
        _in_any_form,
        ("hormones_months", "hormones_short_days"),
    ),
    Group(
        "enzyme_inducer",
        "enzyme-inducing medicine",
        frozenset({"enzyme-inducer"}),
        by_days,
        _is_not_local,
        ("enzyme_inducer_window_days", "enzyme_inducer_days_at_least"),
    ),
    Group(
        "heparin",
        "anticoagulant injection that acts on bone",
        frozenset({"heparin"}),
        by_days,
        _is_not_flush,
        ("heparin_window_days", "heparin_days_at_least"),
    ),
    Group(
        "acid",
        "acid-suppressing medicine",
        frozenset({"proton-pump-inhibitor"}),
        by_course,
        _is_not_local,
        ("acid_months_at_least",),
    ),
    Group(
        "progestogen",
        "depot progestogen",
        frozenset({PROGESTOGEN, DEPOT}),
        by_course,
        _is_not_swallowed,
        ("progestogen_months_at_least", "progestogen_lasting_days"),
        _why_not_depot,
    ),
    Group(
        "antidepressant",
        "antidepressant",
        frozenset({"antidepressant"}),
        by_issues,
        _is_not_local,
    ),
    Group(
        "hypnotic",
        "sleeping or anxiety medicine",
        frozenset({"hypnotic-or-anxiolytic"}),
        by_issues,
        _is_not_local,
    ),
)
_VALUE_SETS = frozenset().union(*(group.value_sets for group in GROUPS))
CRITERION = Criterion(
    id="bone-active-medicines",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("MedicationRequest"),
        DataRequirement("MedicationDispense"),
        DataRequirement("MedicationAdministration"),
        DataRequirement("MedicationStatement"),
    ),
    find=find,
    looks_for=_VALUE_SETS,
    parameters=SHARED_NUMBERS.union(*(group.numbers for group in GROUPS)),
)
