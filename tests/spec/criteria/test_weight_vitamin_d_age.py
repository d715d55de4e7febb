"""MSO-10, MSO-11 and MSO-13: weight, vitamin D, age."""

from tests.lib.patients import (
    NO_VALUE,
    bmi,
    condition,
    edss,
    height,
    icd,
    loinc,
    man,
    ms,
    observation,
    person,
    snomed,
    vitamin_d,
    weight,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

CLARA = (woman(born="1981-06-01"), ms("G35.D"), edss(2.0, on="2026-03-01"))
MAJOR = {"finds": {"MSO-10": "met major"}, "status": "due"}
MINOR = {"finds": {"MSO-10": "met minor"}, "status": "not-at-risk"}
NOT = {"finds": {"MSO-10": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-10": "unknown"}, "status": "not-at-risk"}

LOW = {"finds": {"MSO-11": "met minor"}, "status": "not-at-risk"}
NOT_LOW = {"finds": {"MSO-11": "not-met"}, "status": "not-at-risk"}
NOT_KNOWN = {"finds": {"MSO-11": "unknown"}, "status": "not-at-risk"}


def aged(birth: str | None, gender: str | None) -> tuple:
    return (person(birth, gender), ms(), edss(2.0, on="2026-03-01"))


OLD = {"finds": {"MSO-13": "met major"}, "status": "due"}
MIDDLE = {"finds": {"MSO-13": "met minor"}, "status": "not-at-risk"}
YOUNG = {"finds": {"MSO-13": "not-met"}, "status": "not-at-risk"}

SPECS = (
    Spec(
        "Body mass index",
        "Below 18.5 is MAJOR, 18.5 to 20.0 MINOR. Clara is 45. The unit decides, never the code.",
        "MSO-10",
        (
            case("17.9", (*CLARA, bmi(17.9, on="2026-05-01")), **MAJOR, example="3"),
            case("18.4", (*CLARA, bmi(18.4, on="2026-05-01")), **MAJOR),
            case("18.5 exactly", (*CLARA, bmi(18.5, on="2026-05-01")), **MINOR, example="4"),
            case("20.0 exactly", (*CLARA, bmi(20.0, on="2026-05-01")), **MINOR),
            case("20.1", (*CLARA, bmi(20.1, on="2026-05-01")), **NOT),
            case(
                "17.9 on 2024-11-22, 24 months ago", (*CLARA, bmi(17.9, on="2024-11-22")), **MAJOR
            ),
            case("17.9 on 2024-11-21, a day more", (*CLARA, bmi(17.9, on="2024-11-21")), **NOT),
            case(
                "17.9 last year, 21.0 since",
                (*CLARA, bmi(17.9, on="2025-05-01"), bmi(21.0, on="2026-05-01")),
                **NOT,
            ),
            case("17.9 without a unit", (*CLARA, bmi(17.9, on="2026-05-01", unit=None)), **UNKNOWN),
            case(
                "24.0 in June, then 17 without a unit: the newest cannot be read",
                (*CLARA, bmi(24.0, on="2026-06-01"), bmi(17, on="2026-09-01", unit=None)),
                **UNKNOWN,
            ),
            case(
                "17 without a unit in June, then 24.0: the newest can be read",
                (*CLARA, bmi(17, on="2026-06-01", unit=None), bmi(24.0, on="2026-09-01")),
                **NOT,
            ),
            case(
                "17 without a unit, then 60 kg and no height",
                (*CLARA, bmi(17, on="2026-06-01", unit=None), weight(60, on="2026-09-01")),
                **UNKNOWN,
            ),
            case("17.9 without a date", (*CLARA, bmi(17.9, on=None)), **UNKNOWN),
            case(
                "17.9, and a reason why there is no value",
                (*CLARA, bmi(17.9, on="2026-05-01", dataAbsentReason=NO_VALUE)),
                **UNKNOWN,
            ),
            case("9.9, not possible", (*CLARA, bmi(9.9, on="2026-05-01")), **UNKNOWN),
            case("10.0", (*CLARA, bmi(10.0, on="2026-05-01")), **MAJOR),
            case("80.1, not possible", (*CLARA, bmi(80.1, on="2026-05-01")), **UNKNOWN),
            case(
                "17.9, cancelled", (*CLARA, bmi(17.9, on="2026-05-01", status="cancelled")), **NOT
            ),
            case(
                "observations were refused",
                CLARA,
                unread=("Observation",),
                finds={"MSO-10": "unknown"},
            ),
        ),
    ),
    Spec(
        "Weight where there is no index",
        "The index is computed from weight and standing height; weight alone counts only without"
        " any height.",
        "MSO-10",
        (
            case(
                "50 kg and 165 cm: 18.4",
                (*CLARA, weight(50, on="2026-05-01"), height(165, on="2020-01-01")),
                **MAJOR,
            ),
            case(
                "110 lb and 65 in: 18.3",
                (
                    *CLARA,
                    weight(110, unit="[lb_av]", on="2026-05-01"),
                    height(65, unit="[in_i]", on="2020-01-01"),
                ),
                **MAJOR,
            ),
            case(
                "60 kg and 165 cm: 22.0",
                (*CLARA, weight(60, on="2026-05-01"), height(165, on="2020-01-01")),
                **NOT,
            ),
            case("56.9 kg, no height", (*CLARA, weight(56.9, on="2026-05-01")), **MINOR),
            case("57.0 kg, no height", (*CLARA, weight(57.0, on="2026-05-01")), **NOT),
            case(
                "56 kg and 150 cm: 24.9",
                (*CLARA, weight(56, on="2026-05-01"), height(150, on="2020-01-01")),
                **NOT,
            ),
            case(
                "56 kg and a height of 95 cm, not possible",
                (*CLARA, weight(56, on="2026-05-01"), height(95, on="2020-01-01")),
                **MINOR,
            ),
            case(
                "56 kg by the patient's own word (3142-7)",
                (*CLARA, observation(loinc("3142-7"), on="2026-05-01", value=56, unit="kg")),
                **NOT,
            ),
            case("55 without a unit", (*CLARA, weight(55, unit=None, on="2026-05-01")), **UNKNOWN),
            case(
                "70 kg, then 55 without a unit: the newest cannot be read",
                (*CLARA, weight(70, on="2026-01-01"), weight(55, unit=None, on="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "BMI 24.0, and a single weight of 55 without a unit: the index decides",
                (*CLARA, bmi(24.0, on="2026-05-01"), weight(55, unit=None, on="2026-05-01")),
                **NOT,
            ),
            case(
                "BMI 24.0, and 70 kg before a 55 without a unit: it may be a loss",
                (
                    *CLARA,
                    bmi(24.0, on="2026-05-01"),
                    weight(70, on="2026-01-01"),
                    weight(55, unit=None, on="2026-05-01"),
                ),
                **UNKNOWN,
            ),
            case(
                "BMI 24.0, and 70, then 55 without a unit more than 12 months ago",
                (
                    *CLARA,
                    bmi(24.0, on="2026-05-01"),
                    weight(70, on="2025-01-01", unit=None),
                    weight(55, on="2025-05-01", unit=None),
                ),
                **NOT,
            ),
            case(
                "BMI 24.0, and two weights without unit and date",
                (
                    *CLARA,
                    bmi(24.0, on="2026-05-01"),
                    weight(70, on=None, unit=None),
                    weight(55, on=None, unit=None),
                ),
                **UNKNOWN,
            ),
            case(
                "70 kg, then 63.0 kg within a year: 10 %",
                (*CLARA, weight(70, on="2025-12-01"), weight(63.0, on="2026-06-01")),
                **MINOR,
            ),
            case(
                "70 kg, then 63.1 kg: 9.9 %",
                (*CLARA, weight(70, on="2025-12-01"), weight(63.1, on="2026-06-01")),
                **NOT,
            ),
            case(
                "70 kg more than 12 months ago, then 63 kg",
                (*CLARA, weight(70, on="2025-11-21"), weight(63.0, on="2026-06-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Codes for low weight",
        "Z68.1 means 19.9 or less, so that it is MINOR. R63.4 does not say how much was lost.",
        "MSO-10",
        (
            case("Z68.1", (*CLARA, condition(icd("Z68.1"), recorded="2026-01-01")), **MINOR),
            case(
                "R63.6 underweight",
                (*CLARA, condition(icd("R63.6"), recorded="2026-01-01")),
                **MINOR,
            ),
            case(
                "Z68.1 recorded 2024-11-22, 24 months ago",
                (*CLARA, condition(icd("Z68.1"), recorded="2024-11-22")),
                **MINOR,
            ),
            case(
                "Z68.1 recorded 2024-11-21, a day more",
                (*CLARA, condition(icd("Z68.1"), recorded="2024-11-21")),
                **NOT,
            ),
            case("Z68.1 without a date", (*CLARA, condition(icd("Z68.1"))), **UNKNOWN),
            case(
                "Z68.1, resolved",
                (*CLARA, condition(icd("Z68.1"), recorded="2026-01-01", clinical="resolved")),
                **NOT,
            ),
            case(
                "R63.4 abnormal weight loss: shown",
                (*CLARA, condition(icd("R63.4"), recorded="2026-01-01")),
                **NOT,
                says=("how much is not said",),
            ),
        ),
    ),
    Spec(
        "Vitamin D",
        "Below 50 nmol/L, which is 20 ng/mL. The unit decides. MINOR, so never enough alone.",
        "MSO-11",
        (
            case("19 ng/mL", (*MARA, vitamin_d(19, "ng/mL", on="2026-05-01")), **LOW),
            case("19.9 ng/mL", (*MARA, vitamin_d(19.9, "ng/mL", on="2026-05-01")), **LOW),
            case("20 ng/mL exactly", (*MARA, vitamin_d(20, "ng/mL", on="2026-05-01")), **NOT_LOW),
            case("20.1 ng/mL", (*MARA, vitamin_d(20.1, "ng/mL", on="2026-05-01")), **NOT_LOW),
            case("49.9 nmol/L", (*MARA, vitamin_d(49.9, "nmol/L", on="2026-05-01")), **LOW),
            case("50 nmol/L exactly", (*MARA, vitamin_d(50, "nmol/L", on="2026-05-01")), **NOT_LOW),
            case(
                "52 nmol/L under 14635-7",
                (*MARA, vitamin_d(52, "nmol/L", on="2026-05-01", code="14635-7")),
                **NOT_LOW,
                example="7",
            ),
            case(
                "19 ug/L, the same as ng/mL", (*MARA, vitamin_d(19, "ug/L", on="2026-05-01")), **LOW
            ),
            case(
                "25 without a unit",
                (*MARA, vitamin_d(25, None, on="2026-05-01")),
                **NOT_KNOWN,
                example="8",
            ),
            case(
                "25 IU/L, a unit that does not fit",
                (*MARA, vitamin_d(25, "[iU]/L", on="2026-05-01")),
                **NOT_KNOWN,
            ),
            case("minus 5 ng/mL", (*MARA, vitamin_d(-5, "ng/mL", on="2026-05-01")), **NOT_KNOWN),
            case(
                "19 ng/mL on 2024-11-22, 24 months ago",
                (*MARA, vitamin_d(19, "ng/mL", on="2024-11-22")),
                **LOW,
            ),
            case(
                "19 ng/mL on 2024-11-21, a day more",
                (*MARA, vitamin_d(19, "ng/mL", on="2024-11-21")),
                **NOT_LOW,
            ),
            case(
                "19 ng/mL in 2025, 31 ng/mL since",
                (
                    *MARA,
                    vitamin_d(19, "ng/mL", on="2025-05-01"),
                    vitamin_d(31, "ng/mL", on="2026-05-01"),
                ),
                **NOT_LOW,
            ),
            case(
                "31 ng/mL in 2025, 25 without a unit since",
                (
                    *MARA,
                    vitamin_d(31, "ng/mL", on="2025-05-01"),
                    vitamin_d(25, None, on="2026-05-01"),
                ),
                **NOT_KNOWN,
            ),
            case(
                "19 ng/mL in 2025, 25 without a unit since: the readable one counts",
                (
                    *MARA,
                    vitamin_d(19, "ng/mL", on="2025-05-01"),
                    vitamin_d(25, None, on="2026-05-01"),
                ),
                **LOW,
            ),
            case(
                "preliminary 19 ng/mL",
                (*MARA, vitamin_d(19, "ng/mL", on="2026-05-01", status="preliminary")),
                **NOT_LOW,
            ),
            case(
                "19 ng/mL, and a reason why there is no value",
                (*MARA, vitamin_d(19, "ng/mL", on="2026-05-01", dataAbsentReason=NO_VALUE)),
                **NOT_KNOWN,
            ),
            case(
                "10 to 15 ng/mL: a range says no more than “at least 10”",
                (
                    *MARA,
                    observation(
                        loinc("62292-8"),
                        on="2026-05-01",
                        valueRange={
                            "low": {"value": 10, "unit": "ng/mL"},
                            "high": {"value": 15, "unit": "ng/mL"},
                        },
                    ),
                ),
                **NOT_KNOWN,
            ),
            case(
                "up to 15 ng/mL, as a range from nothing",
                (
                    *MARA,
                    observation(
                        loinc("62292-8"),
                        on="2026-05-01",
                        valueRange={
                            "low": {"value": 0, "unit": "ng/mL"},
                            "high": {"value": 15, "unit": "ng/mL"},
                        },
                    ),
                ),
                **LOW,
            ),
            case("19 ng/mL without a date", (*MARA, vitamin_d(19, "ng/mL", on=None)), **NOT_KNOWN),
            case(
                "a reason instead of a value",
                (
                    *MARA,
                    observation(
                        loinc("62292-8"), on="2026-05-01", dataAbsentReason={"text": "sample lost"}
                    ),
                ),
                **NOT_LOW,
            ),
            *(
                case(
                    f"{sign}{value} nmol/L",
                    (
                        *MARA,
                        observation(
                            loinc("14635-7"),
                            on="2026-05-01",
                            valueQuantity={"value": value, "code": "nmol/L", "comparator": sign},
                        ),
                    ),
                    **expected,
                )
                for sign, value, expected in (
                    ("<", 50, LOW),
                    ("<", 51, NOT_KNOWN),
                    ("<=", 49, LOW),
                    ("<=", 50, NOT_KNOWN),
                    (">", 50, NOT_LOW),
                    (">", 49, NOT_KNOWN),
                    (">=", 50, NOT_LOW),
                )
            ),
        ),
    ),
    Spec(
        "Vitamin D deficiency as a diagnosis",
        "Active, with no later level that is not low.",
        "MSO-11",
        (
            case("E55.9 active", (*MARA, condition(icd("E55.9"), recorded="2026-01-01")), **LOW),
            case(
                "34713006 active",
                (*MARA, condition(snomed("34713006"), recorded="2026-01-01")),
                **LOW,
            ),
            case(
                "E55.9 of January, 31 ng/mL in May",
                (
                    *MARA,
                    condition(icd("E55.9"), recorded="2026-01-01"),
                    vitamin_d(31, "ng/mL", on="2026-05-01"),
                ),
                **NOT_LOW,
            ),
            case(
                "31 ng/mL in January, E55.9 of May",
                (
                    *MARA,
                    condition(icd("E55.9"), recorded="2026-05-01"),
                    vitamin_d(31, "ng/mL", on="2026-01-01"),
                ),
                **LOW,
            ),
            case(
                "E55.9 resolved",
                (*MARA, condition(icd("E55.9"), recorded="2026-01-01", clinical="resolved")),
                **NOT_LOW,
            ),
            case(
                "E55.9 with a clinical status that nobody knows",
                (*MARA, condition(icd("E55.9"), recorded="2026-01-01", clinical="perhaps")),
                **NOT_KNOWN,
            ),
            case(
                "E55.9 of this year without a clinical status",
                (*MARA, condition(icd("E55.9"), recorded="2026-01-01", clinical=None)),
                **LOW,
            ),
            case(
                "E55.9 of 2020 without a clinical status",
                (*MARA, condition(icd("E55.9"), recorded="2020-01-01", clinical=None)),
                **NOT_LOW,
            ),
            case(
                "E55.9 unconfirmed",
                (*MARA, condition(icd("E55.9"), recorded="2026-01-01", verification="unconfirmed")),
                **NOT_LOW,
            ),
        ),
    ),
    Spec(
        "Age",
        "Women from 65 and men from 70 MAJOR, everybody from 50 MINOR; other genders by the lower"
        " line.",
        "MSO-13",
        (
            case("a woman, 50 tomorrow", aged("1976-11-23", "female"), **YOUNG),
            case("a woman, 50 today", aged("1976-11-22", "female"), **MIDDLE),
            case("a woman, 65 tomorrow", aged("1961-11-23", "female"), **MIDDLE),
            case("a woman, 65 today", aged("1961-11-22", "female"), **OLD),
            case("a man, 50 today", aged("1976-11-22", "male"), **MIDDLE),
            case("a man, 65 today", aged("1961-11-22", "male"), **MIDDLE),
            case("a man, 70 tomorrow", aged("1956-11-23", "male"), **MIDDLE),
            case("a man, 70 today", aged("1956-11-22", "male"), **OLD),
            case("gender other, 67", aged("1959-06-01", "other"), **OLD, example="26"),
            case("gender other, 64", aged("1962-06-01", "other"), **MIDDLE),
            case("gender not stated, 65", aged("1961-06-01", None), **OLD),
            case(
                "a woman born in 1961: 65 only when the year is over",
                aged("1961", "female"),
                **MIDDLE,
            ),
            case("a woman born in 1960", aged("1960", "female"), **OLD),
            case(
                "birth date missing",
                aged(None, "female"),
                finds={"MSO-13": "unknown"},
                status="could-not-determine",
                plan="keep",
                example="24",
            ),
            case(
                "born tomorrow, which cannot be",
                aged("2026-11-23", "female"),
                finds={"MSO-13": "unknown"},
                status="could-not-determine",
                reports=("birth date",),
            ),
            case(
                "born 1800-01-01, which cannot be",
                aged("1800-01-01", "female"),
                finds={"MSO-13": "unknown"},
                status="could-not-determine",
                reports=("birth date",),
            ),
            case(
                "born on 2000-13-45",
                aged("2000-13-45", "female"),
                finds={"MSO-13": "unknown"},
                status="could-not-determine",
                reports=("birth date",),
            ),
        ),
    ),
    Spec(
        "Known menopause",
        "Counts MINOR where age alone does not, and never in a man.",
        "MSO-13",
        (
            case(
                "a woman of 40 with Z78.0",
                (*MARA, condition(icd("Z78.0"), recorded="2026-01-01")),
                **MIDDLE,
            ),
            case(
                "a woman of 40 with Z78.0 refuted",
                (*MARA, condition(icd("Z78.0"), recorded="2026-01-01", verification="refuted")),
                **YOUNG,
            ),
            case(
                "a man of 40 with Z78.0",
                (
                    man(born="1986-06-01"),
                    ms(),
                    edss(2.0, on="2026-03-01"),
                    condition(icd("Z78.0"), recorded="2026-01-01"),
                ),
                **YOUNG,
            ),
        ),
    ),
    Spec(
        "When an alert is due",
        "One MAJOR, or two MINOR from different domains.",
        "DECISION",
        (
            case("no criterion", MARA, status="not-at-risk", plan="keep"),
            case(
                "one MINOR", (*MARA, vitamin_d(19, "ng/mL", on="2026-05-01")), status="not-at-risk"
            ),
            case(
                "two MINOR, vitamin D and weight",
                (*MARA, vitamin_d(19, "ng/mL", on="2026-05-01"), bmi(19.0, on="2026-05-01")),
                status="due",
                plan="create",
            ),
            case(
                "two MINOR of one domain: a low index and underweight coded",
                (*MARA, bmi(19.0, on="2026-05-01"), condition(icd("R63.6"), recorded="2026-05-01")),
                status="not-at-risk",
            ),
            case("one MAJOR", (*MARA, bmi(18.0, on="2026-05-01")), status="due"),
            case(
                "one MINOR, one unknown",
                (*MARA, bmi(19.0, on="2026-05-01"), vitamin_d(19, None, on="2026-05-01")),
                status="not-at-risk",
            ),
        ),
    ),
)

test_weight_vitamin_d_and_age = holds(SPECS)
