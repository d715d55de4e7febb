"""The programme as a FHIR Measure: which people are counted, and how they are divided.

Plain tables, read by two: the Measure that is generated from them (fhir_profiles) and the
MeasureReport that `boneflag report --fhir` fills. A newcomer would get three things wrong.
The populations of `PROGRAMME` divide everybody who was judged: each status stands in exactly one of
them (a test holds that), because small numbers are hidden on the ground that the parts add up. The
three populations of HL7 are sums of those. And `done` over `denominator` is a completion rate for
reading who is overlooked; it is no quality measure of a clinician, and MS is not an accepted reason
for a scan in CMS249 (specification 3.7).
"""

from __future__ import annotations

from dataclasses import dataclass

from service.screening.alert import CANONICAL_BASE
from service.screening.assess import Status

MEASURE_NAME = "ms-bone-health"
MEASURE_URL = f"{CANONICAL_BASE}/Measure/{MEASURE_NAME}"
"""The canonical is this, a bar, and the protocol's version."""
MEASURE_TITLE = "Bone health review in people with multiple sclerosis"
SCORING = "proportion"
"""Measure.scoring, a code of HL7's measure-scoring: `numerator` over `denominator`."""

HL7_POPULATIONS = "http://terminology.hl7.org/CodeSystem/measure-population"
PROGRAMME_POPULATIONS = f"{CANONICAL_BASE}/CodeSystem/programme-population"
"""Our own populations: codes, displays and definitions are those of `PROGRAMME`."""
GROUPS = f"{CANONICAL_BASE}/CodeSystem/programme-group"
STRATIFIER_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/programme-stratifier"
"""The codes of `STRATIFIERS`."""
AGE_BAND_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/age-band"
SEX_AND_AGE_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/sex-and-age"
SEX_SYSTEM = "http://hl7.org/fhir/administrative-gender"
CRITERION_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/criterion"
"""Codes are the numbers of criteria in the protocol: MSO-02, and so on."""


@dataclass(frozen=True, slots=True)
class Population:
    """Some of the people who were judged: those who stand in one of `statuses`."""

    code: str
    system: str
    display: str
    description: str
    statuses: frozenset[Status]


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part of a division."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Stratifier:
    """A way to divide the populations.

    `strata` is empty where the protocol names them: the numbers of its risk factors. Only then may
    one person stand in several strata, and in none.
    """

    code: str
    display: str
    description: str
    strata_system: str
    strata: tuple[Stratum, ...]


def _own(code: str, display: str, description: str, *statuses: Status) -> Population:
    return Population(code, PROGRAMME_POPULATIONS, display, description, frozenset(statuses))


PROGRAMME: tuple[Population, ...] = (
    _own(
        "due",
        "Due",
        "The decision rule of the protocol is reached and nothing stands against it.",
        Status.DUE,
    ),
    _own(
        "waiting",
        "Waiting for a scan",
        "Due, and a central DXA was ordered within the last six months.",
        Status.ORDERED_WAITING,
    ),
    _own(
        "done",
        "Done",
        "A central DXA inside its interval, or known osteoporosis on therapy in its window.",
        Status.SATISFIED,
        Status.DUE_SOON,
    ),
    _own(
        "declined-or-snoozed",
        "Declined or snoozed",
        "The person refused, or a clinician put the review aside, and that still holds.",
        Status.DECLINED,
        Status.SNOOZED,
    ),
    _own(
        "result-needs-action",
        "Result needs action",
        "Osteoporosis is known and no therapy is visible: the treatment gap, not screening.",
        Status.RESULT_NEEDS_ACTION,
    ),
    _own(
        "not-at-risk",
        "Not at risk by the protocol",
        "Read completely; the decision rule is not reached and no DXA interval is running.",
        Status.NOT_AT_RISK,
    ),
    _own(
        "could-not-determine",
        "Could not be determined",
        "What is needed could not be read, or is missing, or the record could not be judged.",
        Status.COULD_NOT_DETERMINE,
        Status.ERROR,
    ),
    _own(
        "excluded",
        "Excluded",
        "Under 18, deceased, inactive, terminal care, pregnancy, or an oncology-dose bone agent.",
        Status.EXCLUDED,
    ),
    _own(
        "not-confirmed",
        "Multiple sclerosis not confirmed",
        "The source of the cohort names them, and the chart does not confirm the diagnosis.",
        Status.NOT_IN_COHORT,
    ),
)
"""Everybody who was judged, each in exactly one of these, in the order of reading."""


def _of_hl7(code: str, display: str, description: str, *parts: str) -> Population:
    statuses = [p.statuses for p in PROGRAMME if p.code in parts]
    return Population(code, HL7_POPULATIONS, display, description, frozenset().union(*statuses))


INITIAL_POPULATION = _of_hl7(
    "initial-population",
    "Initial Population",
    "Everybody with confirmed multiple sclerosis who was judged.",
    *(p.code for p in PROGRAMME if p.code != "not-confirmed"),
)
DENOMINATOR = _of_hl7(
    "denominator",
    "Denominator",
    "Those whose bones ought to be, or have been, looked at: due, waiting, done, declined or"
    " snoozed.",
    "due",
    "waiting",
    "done",
    "declined-or-snoozed",
)
NUMERATOR = _of_hl7(
    "numerator",
    "Numerator",
    "Of the denominator, those who are done.",
    "done",
)
POPULATIONS: tuple[Population, ...] = (INITIAL_POPULATION, DENOMINATOR, NUMERATOR, *PROGRAMME)
"""The populations of the Measure's one group, in the order of the MeasureReport."""

GROUP = Stratum("programme", "The programme: who stands where")
"""Code (of `GROUPS`) and display of the Measure's one group."""

AGE_BANDS: tuple[tuple[str, str, int, int], ...] = (
    # 40: a low-trauma fracture counts from here (MSO-06). 50: T-scores, and the lower line of the
    # age baseline (MSO-13). 65: its upper line in women. 75: NICE CG146 for all men.
    ("under-18", "Under 18", 0, 17),
    ("18-39", "18 to 39", 18, 39),
    ("40-49", "40 to 49", 40, 49),
    ("50-64", "50 to 64", 50, 64),
    ("65-74", "65 to 74", 65, 74),
    ("75-plus", "75 and over", 75, 122),
)
"""Code, display, first and last completed year of age, both included."""

UNKNOWN = "unknown"
SEXES: tuple[Stratum, ...] = (
    Stratum("female", "Female"),
    Stratum("male", "Male"),
    Stratum("other", "Other"),
    Stratum(UNKNOWN, "Unknown"),
)
"""FHIR administrative-gender, the codes of Patient.gender."""

SEX_AND_AGE: tuple[Stratum, ...] = (
    # Men, and women before menopause, are those who are overlooked (specification 3.4). 50 stands
    # for menopause, as in the protocol, since few charts say more.
    Stratum("female-under-50", "Women under 50"),
    Stratum("female-50-plus", "Women of 50 and over"),
    Stratum("male-under-50", "Men under 50"),
    Stratum("male-50-plus", "Men of 50 and over"),
    Stratum(UNKNOWN, "Another sex, or sex or age unknown"),
)

STRATIFIERS: tuple[Stratifier, ...] = (
    Stratifier("sex", "Sex", "Patient.gender as the chart has it.", SEX_SYSTEM, SEXES),
    Stratifier(
        "age-band",
        "Age band",
        "Completed years on the day of judgement; a partial birth date counts as the youngest.",
        AGE_BAND_SYSTEM,
        (
            *(Stratum(code, display) for code, display, _, _ in AGE_BANDS),
            Stratum(UNKNOWN, "Unknown"),
        ),
    ),
    Stratifier(
        "sex-and-age",
        "Sex and age",
        "The groups that are overlooked: men, and women before menopause (taken as under 50).",
        SEX_AND_AGE_SYSTEM,
        SEX_AND_AGE,
    ),
    Stratifier(
        "criterion-met",
        "Criterion that is met",
        "The risk factors that are met; a person may have several, or none.",
        CRITERION_SYSTEM,
        (),
    ),
    Stratifier(
        "criterion-unknown",
        "Criterion that is unknown",
        "The risk factors of which the chart did not let us judge.",
        CRITERION_SYSTEM,
        (),
    ),
)


def population_of(status: str) -> Population:
    """The part of the programme that a status stands in; KeyError for no status of ours."""
    return _PROGRAMME_OF[status]


_PROGRAMME_OF = {str(status): part for part in PROGRAMME for status in part.statuses}


def age_band(years: int | None) -> str:
    """The code of the band of completed years; `unknown` where the age is, or cannot be."""
    for code, _, first, last in AGE_BANDS:
        if years is not None and first <= years <= last:
            return code
    return UNKNOWN


def sex_and_age(sex: str, band: str) -> str:
    """The stratum of `SEX_AND_AGE`; `unknown` where either part is, or the sex is another."""
    if sex not in ("female", "male") or band == UNKNOWN:
        return UNKNOWN
    first_year = next(first for code, _, first, _ in AGE_BANDS if code == band)
    return f"{sex}-50-plus" if first_year >= 50 else f"{sex}-under-50"
