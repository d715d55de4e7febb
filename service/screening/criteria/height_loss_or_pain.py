"""MSO-18: loss of height, or new pain in the back or in a bone that nothing else explains.

A newcomer would get five things wrong. Only standing heights of adult life are compared: what was
measured since somebody has used a wheelchair may be stated or taken lying, so that a loss by it
cannot be judged. The latest height decides, not the lowest; one that cannot be read may be the
latest, or the highest. Pain is new when no such pain was recorded in the time before it, and it
counts only beside another criterion that is met; loss of height counts alone. And neither says
"fracture": the advice is to consider looking for one. Source: specification 2.4, 3.3 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening import diagnoses, measurements
from service.screening.body import Measure, Unreadable, heights, unreadable
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months, age_on
from service.screening.record import Condition, PatientRecord, When
from service.screening.value_sets import DataRequirement

PAIN = "back-or-bone-pain"
CAUSE = "cause-of-back-pain"
HEIGHT = "body-height"
_WHEELCHAIR = ("wheelchair-or-bed", "fall-from-wheelchair")
_DEVICE = "wheelchair-device"
_OVER = frozenset({"resolved", "inactive", "remission"})
_EXACT = 6
_ONE_DAY = timedelta(days=1)


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest standing height against the highest, and pain of the last months."""
    yield from _heights(record, parameters, on)
    pains = list(diagnoses.coded(record, PAIN))
    for condition in pains:
        weight, note = diagnoses.weigh(condition, on)
        if weight is Weight.COUNTS:
            weight, note = _weigh_pain(condition, pains, record, parameters, on)
        yield diagnoses.evidence_of(condition, "pain in the back or in a bone", weight, note)


def _heights(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    least = parameters["loss_cm_at_least"]
    adult = [m for m in heights(record, on) if _is_adult(record, m.day, parameters["adult_age"])]
    values = [m.value for m in adult]
    # Nearly everybody has lost nothing by any reading of these heights.
    may_have_lost = bool(adult) and round(max(values) - min(values), _EXACT) >= least
    since = _in_wheelchair_since(record, on) if may_have_lost else None
    standing = [m for m in adult if since is None or m.day < since]
    if standing:
        latest = _latest(standing)
        weight, words = _loss(latest, standing, least)
        yield Evidence(latest.ref, words, latest.day, weight)
    seated = adult[len(standing) :]
    if seated:
        latest = _latest(seated)
        weight, words = _loss(latest, adult, least)
        weight = Weight.UNCLEAR if weight is Weight.COUNTS else Weight.SEEN
        words += " (a wheelchair is on file by then: perhaps not standing)"
        yield Evidence(latest.ref, words, latest.day, weight)
    unread = unreadable(record, HEIGHT, on, date.min)
    if unread:
        yield from _unread(unread, adult, record, parameters)


def _unread(
    unread: list[Unreadable], adult: list[Measure], record: PatientRecord, parameters: Parameters
) -> Iterator[Evidence]:
    """Heights that cannot be read: any of them may be the highest, or the latest and too low.

    Alone, or beside others of the same day only, none of them can be a loss.
    """
    adults = [m for m in unread if _is_adult(record, m.day, parameters["adult_age"])]
    days = [m.day for m in adult] + [m.day for m in adults]
    for measure in unread:
        others = len(days) if measure.day is None else len(days) - days.count(measure.day) + 1
        may_matter = measure in adults and others > 1
        weight = Weight.UNCLEAR if may_matter else Weight.SEEN
        yield Evidence(measure.ref, f"height ({measure.note})", measure.day, weight)


def _is_adult(record: PatientRecord, day: date | None, adult_age: float) -> bool:
    """Whether a day lies in adult life; one that is not known may."""
    if record.birth is None:
        return False
    return day is None or age_on(record.birth.last, day) >= adult_age


def _latest(measures: list[Measure]) -> Measure:
    """The last one; of several on one day the tallest, for a slip of the pen is no loss."""
    return max(measures, key=lambda m: (m.day, m.value))


def _loss(latest: Measure, among: list[Measure], least: float) -> tuple[Weight, str]:
    """The latest height against the highest before it; the words give both with their days."""
    highest = max(among, key=lambda m: m.value)
    lost = round(highest.value - latest.value, _EXACT)
    words = f"height {latest.value:.1f} cm, {latest.day}"
    if lost > 0:
        words += f", {lost:.1f} cm below the highest ({highest.value:.1f} cm, {highest.day})"
    return Weight.COUNTS if lost >= least else Weight.SEEN, words


def _in_wheelchair_since(record: PatientRecord, on: date) -> date | None:
    """The first day on which a wheelchair, a chair or a bed may have been in use; None for never.

    A record without a date may mean any day. One that is over counts too: its end is not known.
    """
    found: list[When | None] = [
        c.happened
        for c in diagnoses.coded(record, *_WHEELCHAIR)
        if diagnoses.weigh(c, on)[0] is not Weight.SEEN
    ]
    for observation in record.observations:
        answered = not observation.value_concepts.isdisjoint(_WHEELCHAIR)
        if answered or not observation.concepts.isdisjoint(_WHEELCHAIR):
            is_no = not answered and measurements.answer(observation)[0] is Weight.SEEN
            if not is_no and measurements.weigh(observation, on)[0] is not Weight.SEEN:
                found.append(observation.when)
    found += [d.when for d in record.devices if _DEVICE in d.concepts]
    return min((w.first if w is not None else date.min for w in found), default=None)


def _weigh_pain(
    condition: Condition,
    pains: list[Condition],
    record: PatientRecord,
    parameters: Parameters,
    on: date,
) -> tuple[Weight, str]:
    if condition.clinical in _OVER:
        return Weight.SEEN, condition.clinical
    since = add_months(on, -parameters["pain_months"])
    weight, note = diagnoses.recent(condition.happened, since, on)
    if weight is Weight.SEEN:
        return weight, note
    causes = {_weigh_cause(c, on) for c in diagnoses.coded(record, CAUSE)}
    if Weight.COUNTS in causes:
        return Weight.SEEN, "another cause is on file"
    if condition.happened is None or weight is Weight.UNCLEAR:
        return Weight.UNCLEAR, note
    if Weight.UNCLEAR in causes:
        return Weight.UNCLEAR, "another cause may be on file"
    is_new = _is_new(condition.happened, condition, pains, parameters, on)
    if is_new is False:
        return Weight.SEEN, "not new: such pain was on file before"
    if parameters["other_risk_factors_met"] < parameters["other_criteria_needed"]:
        # What nobody can tell might be the other criterion.
        is_open = parameters["other_risk_factors_unknown"] > 0
        weight = Weight.UNCLEAR if is_open else Weight.SEEN
        return weight, "counts only beside another criterion"
    return (Weight.COUNTS, "") if is_new else (Weight.UNCLEAR, "whether it is new is not known")


def _weigh_cause(cause: Condition, on: date) -> Weight:
    return Weight.SEEN if cause.clinical in _OVER else diagnoses.weigh(cause, on)[0]


def _is_new(
    happened: When,
    condition: Condition,
    pains: list[Condition],
    parameters: Parameters,
    on: date,
) -> bool | None:
    """No such pain in the months before it; None where an earlier date is not exact enough."""
    since = add_months(happened.first, -parameters["new_after_months"])
    until = happened.first - _ONE_DAY
    earlier = [
        None if other.happened is None else other.happened.is_within(since, until)
        for other in pains
        if other is not condition and diagnoses.weigh(other, on)[0] is not Weight.SEEN
    ]
    if True in earlier:
        return False
    return None if None in earlier else True


CRITERION = Criterion(
    id="height-loss-or-pain",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Observation", (HEIGHT, "wheelchair-or-bed", "fall-from-wheelchair")),
        DataRequirement("Condition"),
        DataRequirement("Patient"),  # Only heights of adult life count.
    ),
    find=find,
    looks_for=frozenset({HEIGHT, PAIN}),
    parameters=frozenset(
        {
            "loss_cm_at_least",
            "adult_age",
            "pain_months",
            "new_after_months",
            "other_criteria_needed",
            "other_risk_factors_met",
            "other_risk_factors_unknown",
        }
    ),
    helped_by=(DataRequirement("DeviceUseStatement"), DataRequirement("Device")),
)
