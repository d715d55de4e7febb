"""MSO-12: hypogonadism and early menopause.

A newcomer would get four things wrong. In women nothing here counts beside an oestrogen that acts
in the whole body: a patch or a gel does, a vaginal cream does not, and where the orders for
medicines could not be read nothing can be said (section 7). Both ovaries removed counts only before
the age of the protocol, and a chart often holds just the day on which that was written down.
Amenorrhoea is explained by pregnancy, by contraception and by the natural age of menopause. And a
code that belongs to the other sex is a mistake in the chart; where sex is other or unknown
everything on file counts.

Pituitary failure (E23.0) also names the lack of one other hormone alone: in men, where the
specification asks for testicular hypofunction, it is shown only. Source: specification 3.3, 2.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months, age_on
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.hormones import DEPRIVATION, contraception, deprivation, replacement
from service.screening.record import Condition, PatientRecord, When
from service.screening.value_sets import DataRequirement

_OF_WOMEN = {
    "premature-menopause": "early menopause or ovarian failure",
    "ovaries-absent": "both ovaries removed",
    "amenorrhoea": "amenorrhoea",
    "hypopituitarism": "pituitary failure",
}
_OF_MEN = {
    "testicular-hypofunction": "testicular hypofunction",
    "hypopituitarism": "pituitary failure",
}
_OVER = frozenset({"resolved", "inactive", "remission"})
_Judged = tuple[Weight, str]


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Diagnoses and states, in women without an oestrogen; in men deprivation of androgens too."""
    found = list(_diagnosed(record, parameters, on))
    if record.sex != "female":
        found += deprivation(record, parameters, on)
    if record.sex == "male" or not any(e.weight is Weight.COUNTS for e in found):
        yield from found
        return
    replaced = list(replacement(record, parameters, on))
    weight, note = _beside(replaced, record, "hormone therapy")
    for evidence in found:
        if evidence.weight is Weight.COUNTS and weight is not Weight.COUNTS:
            statement = f"{evidence.statement} ({note})"
            evidence = replace(evidence, weight=weight, statement=statement)
        yield evidence
    # What stands against the finding is shown, and is itself no risk factor.
    yield from (replace(e, weight=Weight.SEEN) for e in replaced)


def _diagnosed(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    for concept, what in (_OF_WOMEN | _OF_MEN).items():
        for condition in coded(record, concept):
            weight, note = weigh(condition, on)
            if weight is Weight.COUNTS:
                weight, note = _judge(concept, condition, record, parameters, on)
            yield evidence_of(condition, what, weight, note)


def _judge(
    concept: str, condition: Condition, record: PatientRecord, parameters: Parameters, on: date
) -> _Judged:
    """The weight of a believed diagnosis by sex, clinical status, age and its other causes."""
    if record.sex == "male" and concept == "hypopituitarism":
        return Weight.SEEN, "does not say which hormone is lacking: for review"
    if concept not in {"male": _OF_MEN, "female": _OF_WOMEN}.get(record.sex, _OF_WOMEN | _OF_MEN):
        return Weight.SEEN, "does not fit the sex on file"
    if concept == "ovaries-absent":
        return _removed_early(condition, record, parameters["age_below"], on)
    if concept == "premature-menopause":
        return Weight.COUNTS, ""
    if condition.clinical in _OVER:
        return Weight.SEEN, condition.clinical
    if condition.clinical == "unclear":
        return Weight.UNCLEAR, "clinical status not understood"
    if concept == "amenorrhoea":
        return _unexplained(condition, record, parameters, on)
    return Weight.COUNTS, ""


def _removed_early(
    condition: Condition, record: PatientRecord, age_below: float, on: date
) -> _Judged:
    """By the onset; without one, what was written down before the age had happened before it."""
    early = _is_before_age(record, condition.onset or condition.recorded or When.day(on), age_below)
    if condition.onset is None and not early:
        return Weight.UNCLEAR, "the age at which is not known"
    return _by_age(early, age_below)


def _by_age(early: bool | None, age_below: float) -> _Judged:
    if early is None:
        return Weight.UNCLEAR, f"before or after age {age_below:.0f} is not known"
    return (Weight.COUNTS, "") if early else (Weight.SEEN, f"not before age {age_below:.0f}")


def _is_before_age(record: PatientRecord, when: When, age_below: float) -> bool | None:
    if record.birth is None:
        return None
    if age_on(record.birth.first, when.last) < age_below:
        return True
    return False if age_on(record.birth.last, when.first) >= age_below else None


def _unexplained(
    condition: Condition, record: PatientRecord, parameters: Parameters, on: date
) -> _Judged:
    """Amenorrhoea that goes on, long enough, and with nothing on file that explains it."""
    began = condition.happened
    if condition.clinical != "active" or began is None:
        return Weight.UNCLEAR, "since when and until when is not known"
    months = parameters["amenorrhoea_months_at_least"]
    line = add_months(on, -months)
    if began.first > line:
        return Weight.SEEN, f"for less than {months:.0f} months"
    if began.last > line:
        return Weight.UNCLEAR, "date not exact enough"
    if not (early := _is_before_age(record, began, parameters["age_below"])):
        return _by_age(early, parameters["age_below"])
    if any(_is_pregnancy(c, line, on) for c in coded(record, "pregnancy")):
        return Weight.SEEN, "pregnancy is on file"
    return _beside(list(contraception(record, parameters, on)), record, "contraception")


def _is_pregnancy(condition: Condition, since: date, on: date) -> bool:
    when = condition.recorded or condition.onset
    return condition.is_believed and (
        condition.clinical == "active" or recent(when, since, on)[0] is not Weight.SEEN
    )


def _beside(others: list[Evidence], record: PatientRecord, what: str) -> _Judged:
    """What a finding is worth beside evidence of something that takes it away."""
    weights = {e.weight for e in others}
    if Weight.COUNTS in weights:
        return Weight.SEEN, f"{what} is on file"
    if Weight.UNCLEAR in weights or "MedicationRequest" in record.unread:
        return Weight.UNCLEAR, f"whether there is {what} is not known"
    return Weight.COUNTS, ""


CRITERION = Criterion(
    id="hypogonadism",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("MedicationRequest"),
        DataRequirement("MedicationDispense"),
        DataRequirement("MedicationAdministration"),
        DataRequirement("MedicationStatement"),
    ),
    find=find,
    looks_for=frozenset({*_OF_WOMEN, *_OF_MEN, DEPRIVATION}),
    parameters=frozenset(
        {
            "age_below",
            "amenorrhoea_months_at_least",
            "hormone_months",
            "renewal_months",
            "contraception_months",
            "androgen_deprivation_months",
        }
    ),
)
