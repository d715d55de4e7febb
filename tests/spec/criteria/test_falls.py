"""MSO-07: falls."""

from typing import Any

from tests.lib.patients import (
    NO_VALUE,
    Resource,
    concept,
    condition,
    icd,
    loinc,
    observation,
    snomed,
)
from tests.spec.book import MARA, Spec, case, holds

FALLS = {"finds": {"MSO-07": "met minor"}, "status": "not-at-risk"}
NO_FALLS = {"finds": {"MSO-07": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-07": "unknown"}, "status": "not-at-risk"}
IN_MAY = condition(icd("W01.0XXA"), onset="2026-05-01")
IN_JULY = condition(icd("W19.XXXA"), onset="2026-07-01")
SHAFT = icd("S82.201A")


def fell(on: str | None, code: str = "W19.XXXA", **elements: Any) -> Resource:
    return condition(icd(code), onset=on, **elements)


def asked(on: str | None, **answer: Any) -> Resource:
    return observation(loinc("52552-7"), on=on, **answer)


SPECS = (
    Spec(
        "Two falls",
        "Two or more falls on different days of the last 12 months; MINOR, so never enough alone.",
        "MSO-07",
        (
            case("no fall on file", MARA, **NO_FALLS),
            case("one fall", (*MARA, IN_MAY), **NO_FALLS, says=("too few to count",)),
            case(
                "two falls",
                (*MARA, IN_MAY, IN_JULY),
                **FALLS,
                says=("fall, 2026-05-01", "fall, 2026-07-01"),
            ),
            case("three falls", (*MARA, IN_MAY, IN_JULY, fell("2026-10-01")), **FALLS),
            case("two falls on one day", (*MARA, IN_MAY, fell("2026-05-01")), **NO_FALLS),
            *(
                case(f"{day} and 2026-07-01: {what}", (*MARA, fell(day), IN_JULY), **expected)
                for day, what, expected in (
                    ("2025-11-23", "a day inside 12 months", FALLS),
                    ("2025-11-22", "12 months ago", FALLS),
                    ("2025-11-21", "a day more", NO_FALLS),
                    ("2026-11-22", "one of them today", FALLS),
                    ("2026-11-23", "one of them tomorrow", NO_FALLS),
                )
            ),
            case(
                "by the day of recording, where no onset is given",
                (
                    *MARA,
                    condition(icd("W19.XXXA"), recorded="2026-05-01"),
                    condition(icd("W10.9XXA"), recorded="2026-07-01", category=None),
                ),
                **FALLS,
            ),
            case(
                "two events in SNOMED CT: on stairs, from bed",
                (
                    *MARA,
                    condition(snomed("414190009"), onset="2026-05-01"),
                    condition(snomed("20902002"), onset="2026-07-01"),
                ),
                **FALLS,
            ),
            case(
                "two events as observations without a value",
                (
                    *MARA,
                    observation(snomed("1912002"), on="2026-05-01"),
                    observation(snomed("1912002"), on="2026-07-01"),
                ),
                **FALLS,
            ),
            case(
                "one event, and one as the answer to another question",
                (
                    *MARA,
                    IN_MAY,
                    observation(
                        loinc("45606-1"),
                        on="2026-07-01",
                        valueCodeableConcept=concept(snomed("217082002")),
                    ),
                ),
                **FALLS,
            ),
            case(
                "one event, and one asked for and answered no",
                (
                    *MARA,
                    IN_MAY,
                    observation(snomed("1912002"), on="2026-07-01", valueBoolean=False),
                ),
                **NO_FALLS,
            ),
            case(
                "one event, and one answered with a sentence",
                (
                    *MARA,
                    IN_MAY,
                    observation(snomed("1912002"), on="2026-07-01", valueString="nearly"),
                ),
                **UNKNOWN,
            ),
            case(
                "falls that the chart calls resolved: they happened",
                (
                    *MARA,
                    fell("2026-05-01", clinical="resolved"),
                    fell("2026-07-01", clinical="inactive"),
                ),
                **FALLS,
            ),
            case(
                "a fall, and its later visit (D)",
                (*MARA, IN_MAY, fell("2026-07-01", "W01.0XXD")),
                **NO_FALLS,
                says=("a later visit for the same",),
            ),
            case(
                "a fall, and its late effect (S)",
                (*MARA, IN_MAY, fell("2026-07-01", "W01.0XXS")),
                **NO_FALLS,
                says=("a late effect",),
            ),
            case(
                "two falls without a seventh character",
                (*MARA, fell("2026-05-01", "W01"), fell("2026-07-01", "W06")),
                **FALLS,
            ),
            case(
                "W18.40 tripped twice without falling",
                (*MARA, fell("2026-05-01", "W18.40XA"), fell("2026-07-01", "W18.43XA")),
                **NO_FALLS,
            ),
            case(
                "W18.30 two falls on the same level",
                (*MARA, fell("2026-05-01", "W18.30XA"), fell("2026-07-01", "W18.39XA")),
                **FALLS,
            ),
            case(
                "two falls from a height, W11 and W17: great force, no falls here",
                (*MARA, fell("2026-05-01", "W11.XXXA"), fell("2026-07-01", "W17.89XA")),
                **NO_FALLS,
            ),
            case(
                "a fall from a wheelchair is a fall, and tells of a wheelchair",
                (*MARA, fell("2026-05-01", "W05.0XXA"), IN_JULY),
                finds={"MSO-04": "met major", "MSO-07": "met minor"},
                status="due",
                says=("fall from a wheelchair, 2026-05-01",),
            ),
            case(
                "one fall from a wheelchair (17886000)",
                (*MARA, condition(snomed("17886000"), onset="2026-05-01")),
                finds={"MSO-04": "met major", "MSO-07": "not-met"},
                status="due",
            ),
            case(
                "a fall from a scooter is a fall, and tells of no wheelchair",
                (*MARA, fell("2026-05-01", "W05.2XXA"), IN_JULY),
                finds={"MSO-04": "not-met", "MSO-07": "met minor"},
                status="not-at-risk",
            ),
            *(
                case(f"a fall, and another that is {state}", (*MARA, IN_MAY, other), **expected)
                for state, other, expected in (
                    ("refuted", fell("2026-07-01", verification="refuted"), NO_FALLS),
                    ("provisional", fell("2026-07-01", verification="provisional"), NO_FALLS),
                    (
                        "entered in error",
                        fell("2026-07-01", verification="entered-in-error"),
                        NO_FALLS,
                    ),
                    ("of a status nobody knows", fell("2026-07-01", verification="?"), UNKNOWN),
                    ("without a status", fell("2026-07-01", verification=None), FALLS),
                    ("without a date", fell(None), UNKNOWN),
                    ("of May 2026, no day", fell("2026-05"), UNKNOWN),
                    ("of July 2026, no day", fell("2026-07"), FALLS),
                    ("of November 2025, no day", fell("2025-11"), UNKNOWN),
                    ("of 2026, no day", fell("2026"), UNKNOWN),
                    ("of 2024, no day", fell("2024"), NO_FALLS),
                )
            ),
            case("one fall without a date", (*MARA, fell(None)), **NO_FALLS),
            case(
                "two falls, and a third without a date",
                (*MARA, IN_MAY, IN_JULY, fell(None)),
                **FALLS,
            ),
            case(
                "a fall that was registered twice without a day",
                (*MARA, fell("2026-05"), fell("2026-05")),
                **NO_FALLS,
            ),
            case(
                "a preliminary and a cancelled observation of a fall",
                (
                    *MARA,
                    observation(snomed("1912002"), on="2026-05-01", status="preliminary"),
                    observation(snomed("1912002"), on="2026-07-01", status="cancelled"),
                ),
                **NO_FALLS,
            ),
            case(
                "as text only: never recognised by text",
                (
                    *MARA,
                    condition({"text": "fall"}, onset="2026-05-01"),
                    condition({"text": "fall"}, onset="2026-07-01"),
                ),
                **NO_FALLS,
            ),
            case(
                "two falls, and low vitamin D: two domains",
                (
                    *MARA,
                    IN_MAY,
                    IN_JULY,
                    observation(loinc("62292-8"), on="2026-05-01", value=19, unit="ng/mL"),
                ),
                finds={"MSO-07": "met minor", "MSO-11": "met minor"},
                status="due",
            ),
            case(
                "two falls, and an unsteady gait: two domains",
                (*MARA, IN_MAY, IN_JULY, condition(icd("R26.81"), recorded="2026-01-01")),
                finds={"MSO-05": "met minor", "MSO-07": "met minor"},
                status="due",
            ),
            case(
                "diagnoses were refused",
                MARA,
                unread=("Condition",),
                finds={"MSO-07": "unknown"},
                status="could-not-determine",
            ),
            case(
                "observations were refused, and two falls are on file as diagnoses",
                (*MARA, IN_MAY, IN_JULY),
                unread=("Observation",),
                finds={"MSO-07": "met minor"},
                status="could-not-determine",
            ),
        ),
    ),
    Spec(
        "Repeated falls, and a history of falling",
        "A code for repeated falls counts when it was written down in the last 12 months; a code "
        "for a history, which may mean no more than a risk of falling, never does.",
        "MSO-07",
        (
            case("R29.6", (*MARA, condition(icd("R29.6"), recorded="2026-05-01")), **FALLS),
            case("279992002", (*MARA, condition(snomed("279992002"), onset="2026-05-01")), **FALLS),
            case("404911003", (*MARA, condition(snomed("404911003"), onset="2026-05-01")), **FALLS),
            case(
                "R29.6, resolved since",
                (*MARA, condition(icd("R29.6"), recorded="2026-05-01", clinical="resolved")),
                **FALLS,
            ),
            *(
                case(
                    f"R29.6, active, recorded {day}: {what}",
                    (*MARA, condition(icd("R29.6"), recorded=day)),
                    **expected,
                )
                for day, what, expected in (
                    ("2025-11-23", "a day inside 12 months", FALLS),
                    ("2025-11-22", "12 months ago", FALLS),
                    ("2025-11-21", "a day more", NO_FALLS),
                    ("2025", "inside or outside", UNKNOWN),
                )
            ),
            case(
                "R29.6, begun in 2020, recorded this year",
                (*MARA, condition(icd("R29.6"), onset="2020", recorded="2026-05-01")),
                **FALLS,
            ),
            case("R29.6 without any date", (*MARA, condition(icd("R29.6"))), **UNKNOWN),
            case(
                "R29.6, provisional",
                (*MARA, condition(icd("R29.6"), recorded="2026-05-01", verification="provisional")),
                **NO_FALLS,
            ),
            case(
                "R29.6, a status nobody knows",
                (*MARA, condition(icd("R29.6"), recorded="2026-05-01", verification="?")),
                **UNKNOWN,
            ),
            case(
                "279992002 as an observation answered yes",
                (*MARA, observation(snomed("279992002"), on="2026-05-01", valueBoolean=True)),
                **FALLS,
            ),
            case(
                "Z91.81 alone",
                (*MARA, condition(icd("Z91.81"), recorded="2026-05-01")),
                **NO_FALLS,
                says=("never counts",),
            ),
            case(
                "Z91.81, and one dated fall",
                (*MARA, condition(icd("Z91.81"), recorded="2026-07-01"), IN_MAY),
                **NO_FALLS,
            ),
            case(
                "Z91.81, and a fall without a date",
                (*MARA, condition(icd("Z91.81"), recorded="2026-07-01"), fell(None)),
                **NO_FALLS,
            ),
            case(
                "Z91.81 and R26.81, two weak codes",
                (
                    *MARA,
                    condition(icd("Z91.81"), recorded="2026-05-01"),
                    condition(icd("R26.81"), recorded="2026-05-01"),
                ),
                finds={"MSO-05": "met minor", "MSO-07": "not-met"},
                status="not-at-risk",
                example="31",
            ),
            case(
                "59454-9, the item of the Morse scale, answered yes",
                (
                    *MARA,
                    observation(
                        loinc("59454-9"),
                        on="2026-05-01",
                        valueCodeableConcept=concept(loinc("LA33-6")),
                    ),
                ),
                **NO_FALLS,
            ),
            case(
                "73830-2, an assessment was done, with the value 3",
                (*MARA, observation(loinc("73830-2"), on="2026-05-01", valueInteger=3)),
                **NO_FALLS,
            ),
            case(
                "57254-5, an assessment was done: yes",
                (*MARA, observation(loinc("57254-5"), on="2026-05-01", valueBoolean=True)),
                **NO_FALLS,
            ),
        ),
    ),
    Spec(
        "The question “falls in the past year”",
        "LOINC 52552-7, in the last 12 months: 2 or more is enough; yes is one fall, however often "
        "it was said. Only the latest answer that can be read is used.",
        "MSO-07",
        (
            case("0", (*MARA, asked("2026-05-01", valueInteger=0)), **NO_FALLS),
            case("1", (*MARA, asked("2026-05-01", valueInteger=1)), **NO_FALLS),
            case("2", (*MARA, asked("2026-05-01", valueInteger=2)), **FALLS),
            case("3 as a quantity", (*MARA, asked("2026-05-01", value=3)), **FALLS),
            *(
                case(
                    f"2 with the unit “{unit}”",
                    (*MARA, asked("2026-05-01", value=2, unit=unit)),
                    **FALLS,
                )
                for unit in ("1", "{falls}", "{#}", "falls")
            ),
            case(
                "2 with the unit “mg”",
                (*MARA, asked("2026-05-01", value=2, unit="mg")),
                **UNKNOWN,
                says=("answer not understood",),
            ),
            case("2 as text", (*MARA, asked("2026-05-01", valueString="2")), **FALLS),
            case(
                "“several” as text", (*MARA, asked("2026-05-01", valueString="several")), **UNKNOWN
            ),
            case("1.5", (*MARA, asked("2026-05-01", value=1.5)), **UNKNOWN),
            case("-2", (*MARA, asked("2026-05-01", value=-2)), **UNKNOWN),
            *(
                case(
                    f"{sign} {number}",
                    (
                        *MARA,
                        asked("2026-05-01", valueQuantity={"value": number, "comparator": sign}),
                    ),
                    **expected,
                )
                for sign, number, expected in (
                    (">=", 1, NO_FALLS),
                    (">=", 2, FALLS),
                    (">", 1, FALLS),
                    (">", 0, NO_FALLS),
                    (">=", 0, UNKNOWN),
                    ("<", 3, UNKNOWN),
                    ("<", 2, NO_FALLS),
                    ("<=", 1, NO_FALLS),
                    ("<", 1, NO_FALLS),
                    ("<", 0, UNKNOWN),
                    ("<=", 5, UNKNOWN),
                    ("~", 2, UNKNOWN),
                )
            ),
            *(
                case(
                    f"a range: {what}",
                    (
                        *MARA,
                        asked(
                            "2026-05-01",
                            valueRange={
                                end: {"value": value}
                                for end, value in (("low", low), ("high", high))
                                if value is not None
                            },
                        ),
                    ),
                    **expected,
                )
                for what, low, high, expected in (
                    ("2 to 4", 2, 4, FALLS),
                    ("from 3 on", 3, None, FALLS),
                    ("1 to 1", 1, 1, NO_FALLS),
                    ("0 to 1", 0, 1, NO_FALLS),
                    ("up to 1", None, 1, NO_FALLS),
                    ("0 to 4", 0, 4, UNKNOWN),
                    ("without any end", None, None, UNKNOWN),
                )
            ),
            case(
                "< 2, and one fall that is on file: perhaps the same, perhaps another",
                (
                    *MARA,
                    IN_MAY,
                    asked("2026-07-01", valueQuantity={"value": 2, "comparator": "<"}),
                ),
                **UNKNOWN,
                says=("at most 1",),
            ),
            case(
                "3, and a reason why there is no answer",
                (*MARA, asked("2026-05-01", valueInteger=3, dataAbsentReason=NO_VALUE)),
                **UNKNOWN,
            ),
            case(
                "a reason why there is no answer, and none",
                (*MARA, asked("2026-05-01", dataAbsentReason=NO_VALUE)),
                **NO_FALLS,
            ),
            case("yes", (*MARA, asked("2026-05-01", valueBoolean=True)), **NO_FALLS),
            case("no", (*MARA, asked("2026-05-01", valueBoolean=False)), **NO_FALLS),
            case(
                "yes as a LOINC answer",
                (*MARA, asked("2026-05-01", valueCodeableConcept=concept(loinc("LA33-6")))),
                **NO_FALLS,
                says=("a fall in the year before, by questionnaire",),
            ),
            case(
                "no as a SNOMED CT answer",
                (*MARA, asked("2026-05-01", valueCodeableConcept=concept(snomed("373067005")))),
                **NO_FALLS,
            ),
            case(
                "an answer code that nobody knows",
                (*MARA, asked("2026-05-01", valueCodeableConcept=concept(loinc("LA0-0")))),
                **UNKNOWN,
            ),
            case(
                "yes, and a fall on another day",
                (*MARA, asked("2026-07-01", valueBoolean=True), IN_MAY),
                **FALLS,
            ),
            case(
                "yes as a SNOMED CT answer, and a fall on another day",
                (
                    *MARA,
                    asked("2026-07-01", valueCodeableConcept=concept(snomed("373066001"))),
                    IN_MAY,
                ),
                **FALLS,
            ),
            case(
                "yes, asked on the day of the fall",
                (*MARA, asked("2026-05-01", valueBoolean=True), IN_MAY),
                **NO_FALLS,
            ),
            case(
                "no, and a fall on another day",
                (*MARA, asked("2026-07-01", valueBoolean=False), IN_MAY),
                **NO_FALLS,
            ),
            case(
                "yes in May and yes in July: the same year, one fall",
                (
                    *MARA,
                    asked("2026-05-01", valueBoolean=True),
                    asked("2026-07-01", valueBoolean=True),
                ),
                **NO_FALLS,
                says=("a later answer counts",),
            ),
            case(
                "yes, and Z91.81",
                (
                    *MARA,
                    asked("2026-05-01", valueBoolean=True),
                    condition(icd("Z91.81"), recorded="2026-07-01"),
                ),
                **NO_FALLS,
            ),
            case(
                "3 in January, 0 in July: the latest answer counts",
                (*MARA, asked("2026-01-10", valueInteger=3), asked("2026-07-01", valueInteger=0)),
                **NO_FALLS,
            ),
            case(
                "3 in January, “many” in July",
                (
                    *MARA,
                    asked("2026-01-10", valueInteger=3),
                    asked("2026-07-01", valueString="many"),
                ),
                **FALLS,
            ),
            case(
                "0 in January, “many” in July",
                (
                    *MARA,
                    asked("2026-01-10", valueInteger=0),
                    asked("2026-07-01", valueString="many"),
                ),
                **UNKNOWN,
            ),
            case(
                "“many” in January, 0 in July",
                (
                    *MARA,
                    asked("2026-01-10", valueString="many"),
                    asked("2026-07-01", valueInteger=0),
                ),
                **NO_FALLS,
            ),
            *(
                case(f"2, asked {day}: {what}", (*MARA, asked(day, valueInteger=2)), **expected)
                for day, what, expected in (
                    ("2025-11-23", "a day inside 12 months", FALLS),
                    ("2025-11-22", "12 months ago", FALLS),
                    ("2025-11-21", "a day more", NO_FALLS),
                    ("2026-11-23", "tomorrow", NO_FALLS),
                    ("2025", "inside or outside", UNKNOWN),
                )
            ),
            case("2, without a date", (*MARA, asked(None, valueInteger=2)), **UNKNOWN),
            case(
                "2, without a date, and 0 in July: which is later cannot be told",
                (*MARA, asked(None, valueInteger=2), asked("2026-07-01", valueInteger=0)),
                **UNKNOWN,
            ),
            case(
                "2, preliminary",
                (*MARA, asked("2026-05-01", valueInteger=2, status="preliminary")),
                **NO_FALLS,
            ),
            case(
                "2, entered in error, after 0",
                (
                    *MARA,
                    asked("2026-05-01", valueInteger=0),
                    asked("2026-07-01", valueInteger=2, status="entered-in-error"),
                ),
                **NO_FALLS,
            ),
            case(
                "2, of a status nobody knows",
                (*MARA, asked("2026-05-01", valueInteger=2, status="?")),
                **UNKNOWN,
            ),
            case(
                "not answered, with the reason why",
                (
                    *MARA,
                    asked("2026-05-01", dataAbsentReason={"text": "asked but declined"}),
                ),
                **NO_FALLS,
            ),
            case(
                "a question without any answer",
                (*MARA, asked("2026-05-01")),
                **UNKNOWN,
                says=("without an answer",),
            ),
            case(
                "2, as a part of a questionnaire",
                (
                    *MARA,
                    observation(
                        loinc("73830-2"),
                        on="2026-05-01",
                        component=[{"code": concept(loinc("52552-7")), "valueInteger": 2}],
                    ),
                ),
                **FALLS,
            ),
        ),
    ),
    Spec(
        "A fall with an injury",
        "One fall is enough with a fracture or a head injury of the same day.",
        "MSO-07",
        (
            case(
                "a fall, and a fracture of the lower leg that day",
                (*MARA, IN_MAY, condition(SHAFT, onset="2026-05-01")),
                **FALLS,
                says=("fracture on the day of a fall, 2026-05-01",),
            ),
            case(
                "a fall, and a wrist fracture that day: both criteria, two domains",
                (*MARA, IN_JULY, condition(icd("S52.501A"), onset="2026-07-01")),
                finds={"MSO-06": "met major", "MSO-07": "met minor"},
                status="due",
            ),
            case(
                "a fall, and a broken finger that day",
                (*MARA, IN_MAY, condition(icd("S62.600A"), onset="2026-05-01")),
                **FALLS,
            ),
            case(
                "a fall and a fracture under one record",
                (*MARA, condition(concept(icd("W01.0XXA"), SHAFT), onset="2026-05-01")),
                **FALLS,
            ),
            case(
                "a fall, and a fracture the day after",
                (*MARA, IN_MAY, condition(SHAFT, onset="2026-05-02")),
                **NO_FALLS,
            ),
            case(
                "a fracture without a fall",
                (*MARA, condition(SHAFT, onset="2026-05-01")),
                **NO_FALLS,
            ),
            case(
                "a fall, and a later visit for an older fracture that day",
                (*MARA, IN_MAY, condition(icd("S82.201D"), onset="2026-05-01")),
                **NO_FALLS,
            ),
            case(
                "a later visit for a fall, and a fracture that day",
                (*MARA, fell("2026-05-01", "W01.0XXD"), condition(SHAFT, onset="2026-05-01")),
                **NO_FALLS,
            ),
            case(
                "a fall, and a healed fracture as history recorded that day",
                (*MARA, IN_MAY, condition(icd("Z87.81"), recorded="2026-05-01")),
                **NO_FALLS,
            ),
            *(
                case(
                    f"a fall, and {code.code} that day: {what}",
                    (*MARA, IN_MAY, condition(code, onset="2026-05-01")),
                    **expected,
                )
                for code, what, expected in (
                    (icd("S06.0X0A"), "concussion", FALLS),
                    (icd("S09.90XA"), "head injury, not specified", FALLS),
                    (icd("S02.0XXA"), "a fracture of the skull", FALLS),
                    (snomed("82271004"), "head injury", FALLS),
                    (snomed("110030002"), "concussion", FALLS),
                    (icd("S00.83XA"), "a bruise of the head", NO_FALLS),
                    (icd("S01.01XA"), "a wound of the scalp", NO_FALLS),
                    (icd("S80.01XA"), "a bruise of the knee", NO_FALLS),
                )
            ),
            case(
                "a fall from a ladder, and a fracture that day: great force",
                (*MARA, fell("2026-05-01", "W11.XXXA"), condition(SHAFT, onset="2026-05-01")),
                **NO_FALLS,
            ),
            case(
                "a fall as an observation, and a fracture that day",
                (
                    *MARA,
                    observation(snomed("1912002"), on="2026-05-01"),
                    condition(SHAFT, onset="2026-05-01"),
                ),
                **FALLS,
            ),
            case(
                "a fall asked for on the day of a fracture: the fall has no day of its own",
                (
                    *MARA,
                    asked("2026-05-01", valueBoolean=True),
                    condition(SHAFT, onset="2026-05-01"),
                ),
                **NO_FALLS,
            ),
            *(
                case(
                    f"a fall and a fracture on {day}: {what}",
                    (*MARA, fell(day), condition(SHAFT, onset=day)),
                    **expected,
                )
                for day, what, expected in (
                    ("2025-11-23", "a day inside 12 months", FALLS),
                    ("2025-11-22", "12 months ago", FALLS),
                    ("2025-11-21", "a day more", NO_FALLS),
                    ("2026-05", "perhaps not the same day", UNKNOWN),
                )
            ),
            case(
                "a fall, and a fracture of that month",
                (*MARA, IN_MAY, condition(SHAFT, onset="2026-05")),
                **UNKNOWN,
            ),
            case(
                "a fall, and a fracture without a date",
                (*MARA, IN_MAY, condition(SHAFT)),
                **UNKNOWN,
            ),
            case(
                "a fall without a date, and a fracture",
                (*MARA, fell(None), condition(SHAFT, onset="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "a fall, and a fracture that day of a status nobody knows",
                (*MARA, IN_MAY, condition(SHAFT, onset="2026-05-01", verification="?")),
                **UNKNOWN,
            ),
            case(
                "a fall, and a fracture that day, only suspected",
                (*MARA, IN_MAY, condition(SHAFT, onset="2026-05-01", verification="provisional")),
                **NO_FALLS,
            ),
            case(
                "two falls, the fracture on the day of the second",
                (*MARA, IN_MAY, IN_JULY, condition(SHAFT, onset="2026-07-01")),
                **FALLS,
                says=("fracture on the day of a fall, 2026-07-01",),
            ),
        ),
    ),
)

test_falls = holds(SPECS)
