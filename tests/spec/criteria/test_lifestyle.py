"""MSO-14: smoking, alcohol, a parent's hip fracture."""

from typing import Any

from tests.lib.patients import (
    HL7,
    NO_VALUE,
    Code,
    Resource,
    concept,
    condition,
    edss,
    icd,
    loinc,
    man,
    ms,
    observation,
    person,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

NILS = (man(born="1986-06-01"), ms(), edss(2.0, on="2026-03-01"))
ROBIN = (person("1986-06-01", "other"), ms(), edss(2.0, on="2026-03-01"))

MET = {"finds": {"MSO-14": "met minor"}, "status": "not-at-risk"}
NOT = {"finds": {"MSO-14": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-14": "unknown"}, "status": "not-at-risk"}

EVERY_DAY, SOME_DAYS, LIGHT, HEAVY = (
    "449868002",
    "428041000124106",
    "428061000124105",
    "428071000124103",
)
SMOKER, EX_SMOKER, NEVER, NOT_KNOWN = "77176002", "8517006", "266919005", "266927001"


def smoking(answer: str, *, on: str | None, **elements: Any) -> Resource:
    """Smoking status (72166-2) answered with a SNOMED CT code."""
    said = concept(snomed(answer))
    return observation(loinc("72166-2"), on=on, valueCodeableConcept=said, **elements)


def alcohol(value: float, unit: str | None, *, on: str, **elements: Any) -> Resource:
    """Alcoholic drinks per day (74013-4)."""
    return observation(loinc("74013-4"), on=on, value=value, unit=unit, **elements)


def relative(role: Code | Resource, *codes: Code, status: str | None = "completed") -> Resource:
    """A FamilyMemberHistory: who it is about, and what they had."""
    return {
        "resourceType": "FamilyMemberHistory",
        "status": status,
        "relationship": concept(role) if isinstance(role, Code) else role,
        "condition": [{"code": concept(code)} for code in codes],
    }


def role(code: str) -> Code:
    return Code(f"{HL7}/v3-RoleCode", code)


HIP = icd("S72.001A")

SPECS = (
    Spec(
        "Smoking",
        "The latest answer to the smoking status (72166-2) of the last 24 months. MINOR, so never"
        " enough alone.",
        "MSO-14",
        (
            case("nothing on file", MARA, **NOT),
            *(
                case(what, (*MARA, smoking(code, on="2026-05-01")), **MET)
                for what, code in (
                    ("every day", EVERY_DAY),
                    ("some days", SOME_DAYS),
                    ("light smoker", LIGHT),
                    ("heavy smoker", HEAVY),
                    ("77176002 'Smoker, current status unknown' means current", SMOKER),
                )
            ),
            case(
                "a smoker, and a reason why there is no answer",
                (*MARA, smoking(SMOKER, on="2026-05-01", dataAbsentReason=NO_VALUE)),
                **UNKNOWN,
            ),
            case("former smoker", (*MARA, smoking(EX_SMOKER, on="2026-05-01")), **NOT),
            case("never smoked", (*MARA, smoking(NEVER, on="2026-05-01")), **NOT),
            case(
                "266927001 unknown if ever smoked",
                (*MARA, smoking(NOT_KNOWN, on="2026-05-01")),
                **UNKNOWN,
                says=("not known whether ever smoked",),
            ),
            case("on 2024-11-22, 24 months ago", (*MARA, smoking(SMOKER, on="2024-11-22")), **MET),
            case(
                "on 2024-11-21, a day more",
                (*MARA, smoking(SMOKER, on="2024-11-21")),
                **NOT,
                says=("too long ago",),
            ),
            case("on 2024-11-23, a day less", (*MARA, smoking(SMOKER, on="2024-11-23")), **MET),
            case("in 2024, a month not given", (*MARA, smoking(SMOKER, on="2024")), **UNKNOWN),
            case("on 2027-01-01, in the future", (*MARA, smoking(SMOKER, on="2027-01-01")), **NOT),
            case("without a date", (*MARA, smoking(SMOKER, on=None)), **UNKNOWN),
            case(
                "smoked in 2025, gave up since",
                (*MARA, smoking(SMOKER, on="2025-05-01"), smoking(EX_SMOKER, on="2026-05-01")),
                **NOT,
            ),
            case(
                "gave up in 2025, smokes again",
                (*MARA, smoking(EX_SMOKER, on="2025-05-01"), smoking(SMOKER, on="2026-05-01")),
                **MET,
            ),
            case(
                "both answers on one day",
                (*MARA, smoking(EX_SMOKER, on="2026-05-01"), smoking(SMOKER, on="2026-05-01")),
                **MET,
            ),
            case(
                "never smoked in 2025, not known since",
                (*MARA, smoking(NEVER, on="2025-05-01"), smoking(NOT_KNOWN, on="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "not known in 2025, never smoked since",
                (*MARA, smoking(NOT_KNOWN, on="2025-05-01"), smoking(NEVER, on="2026-05-01")),
                **NOT,
            ),
            case(
                "an answer that is no code of ours",
                (*MARA, smoking("160603005", on="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "two answers in one that contradict each other",
                (
                    *MARA,
                    observation(
                        loinc("72166-2"),
                        on="2026-05-01",
                        valueCodeableConcept=concept(snomed(SMOKER), snomed(NEVER)),
                    ),
                ),
                **UNKNOWN,
            ),
            case(
                "answered in words",
                (
                    *MARA,
                    observation(loinc("72166-2"), on="2026-05-01", valueString="smoker"),
                ),
                **UNKNOWN,
            ),
            case(
                "entered in error",
                (*MARA, smoking(SMOKER, on="2026-05-01", status="entered-in-error")),
                **NOT,
            ),
            case(
                "preliminary",
                (*MARA, smoking(SMOKER, on="2026-05-01", status="preliminary")),
                **NOT,
            ),
            case(
                "a status that nobody knows",
                (*MARA, smoking(SMOKER, on="2026-05-01", status="perhaps")),
                **UNKNOWN,
            ),
            case(
                "a reason instead of a value",
                (
                    *MARA,
                    observation(
                        loinc("72166-2"), on="2026-05-01", dataAbsentReason={"text": "declined"}
                    ),
                ),
                **NOT,
            ),
            case(
                "observations were refused", MARA, unread=("Observation",), finds=UNKNOWN["finds"]
            ),
            case(
                "a smoker with vitamin D 19 ng/mL: two MINOR from two domains",
                (
                    *MARA,
                    smoking(SMOKER, on="2026-05-01"),
                    vitamin_d(19, "ng/mL", on="2026-05-01"),
                ),
                status="due",
            ),
            case(
                "a smoker who drinks and whose mother broke her hip: still one MINOR",
                (
                    *MARA,
                    smoking(SMOKER, on="2026-05-01"),
                    alcohol(3, "{drinks}/d", on="2026-05-01"),
                    relative(role("MTH"), HIP),
                ),
                **MET,
            ),
        ),
    ),
    Spec(
        "Alcohol",
        "More than 2 drinks a day, or more than 14 units a week in women (and where sex is other or"
        " not stated) and 21 in men. The unit decides. Latest of the last 24 months.",
        "MSO-14",
        (
            case("1.9 drinks a day", (*MARA, alcohol(1.9, "{drinks}/d", on="2026-05-01")), **NOT),
            case("2 exactly", (*MARA, alcohol(2, "{drinks}/d", on="2026-05-01")), **NOT),
            case("2.1", (*MARA, alcohol(2.1, "{drinks}/d", on="2026-05-01")), **MET),
            case("3 in '/d'", (*MARA, alcohol(3, "/d", on="2026-05-01")), **MET),
            case(
                "14 drinks a week, 2 a day",
                (*MARA, alcohol(14, "{drinks}/wk", on="2026-05-01")),
                **NOT,
            ),
            case(
                "14.1 drinks a week",
                (*MARA, alcohol(14.1, "{drinks}/wk", on="2026-05-01")),
                **MET,
            ),
            case(
                "a woman, 13.9 units a week",
                (*MARA, alcohol(13.9, "{units}/wk", on="2026-05-01")),
                **NOT,
            ),
            case("a woman, 14 units", (*MARA, alcohol(14, "{units}/wk", on="2026-05-01")), **NOT),
            case(
                "a woman, 14.1 units",
                (*MARA, alcohol(14.1, "{units}/wk", on="2026-05-01")),
                **MET,
            ),
            case(
                "a woman, 2.1 units a day: 14.7 a week",
                (*MARA, alcohol(2.1, "{units}/d", on="2026-05-01")),
                **MET,
            ),
            case(
                "gender other, 14.1 units",
                (*ROBIN, alcohol(14.1, "{units}/wk", on="2026-05-01")),
                **MET,
            ),
            case(
                "a man, 20.9 units",
                (*NILS, alcohol(20.9, "{units}/wk", on="2026-05-01")),
                **NOT,
            ),
            case("a man, 21 units", (*NILS, alcohol(21, "{units}/wk", on="2026-05-01")), **NOT),
            case("a man, 21.1 units", (*NILS, alcohol(21.1, "{units}/wk", on="2026-05-01")), **MET),
            case("3 without a unit", (*MARA, alcohol(3, None, on="2026-05-01")), **UNKNOWN),
            case("30 g a day: not read", (*MARA, alcohol(30, "g/d", on="2026-05-01")), **UNKNOWN),
            case("minus 3", (*MARA, alcohol(-3, "{drinks}/d", on="2026-05-01")), **UNKNOWN),
            case(
                "a range",
                (
                    *MARA,
                    observation(
                        loinc("74013-4"), on="2026-05-01", valueRange={"low": {"value": 5}}
                    ),
                ),
                **UNKNOWN,
            ),
            *(
                case(
                    f"{sign}{value} drinks a day",
                    (
                        *MARA,
                        observation(
                            loinc("74013-4"),
                            on="2026-05-01",
                            valueQuantity={
                                "value": value,
                                "code": "{drinks}/d",
                                "comparator": sign,
                            },
                        ),
                    ),
                    **expected,
                )
                for sign, value, expected in (
                    (">", 2, MET),
                    (">", 1.9, UNKNOWN),
                    (">=", 2.1, MET),
                    (">=", 2, UNKNOWN),
                    ("<", 2, NOT),
                    ("<", 2.1, UNKNOWN),
                    ("<=", 2, NOT),
                    ("<=", 2.1, UNKNOWN),
                    ("ad", 3, UNKNOWN),
                )
            ),
            case(
                "3 a day on 2024-11-22, 24 months ago",
                (*MARA, alcohol(3, "{drinks}/d", on="2024-11-22")),
                **MET,
            ),
            case(
                "3 a day on 2024-11-21, a day more",
                (*MARA, alcohol(3, "{drinks}/d", on="2024-11-21")),
                **NOT,
            ),
            case(
                "3 a day in 2025, 1 since",
                (
                    *MARA,
                    alcohol(3, "{drinks}/d", on="2025-05-01"),
                    alcohol(1, "{drinks}/d", on="2026-05-01"),
                ),
                **NOT,
            ),
            case(
                "3 a day in 2025, 1 without a unit since: the readable one counts",
                (
                    *MARA,
                    alcohol(3, "{drinks}/d", on="2025-05-01"),
                    alcohol(1, None, on="2026-05-01"),
                ),
                **MET,
            ),
            case(
                "2 on a drinking day (11287-0): at most 2 a day",
                (*MARA, observation(loinc("11287-0"), on="2026-05-01", value=2, unit="/d")),
                **NOT,
            ),
            case(
                "3 on a drinking day: how many days is not said",
                (*MARA, observation(loinc("11287-0"), on="2026-05-01", value=3, unit="/d")),
                **UNKNOWN,
                says=("how many days is not said",),
            ),
        ),
    ),
    Spec(
        "Hip fracture of a parent",
        "Of a mother or father by birth, at any time. Who it was is told by the code of the"
        " relationship, never by words.",
        "MSO-14",
        (
            *(
                case(f"{code}, S72.001A", (*MARA, relative(role(code), HIP)), **MET)
                for code in ("MTH", "FTH", "PRN", "NMTH", "NFTH", "NPRN")
            ),
            *(
                case(f"{code}, S72.001A", (*MARA, relative(role(code), HIP)), **NOT)
                for code in ("STPMTH", "STPFTH", "ADOPTM", "ADOPTF", "MTHFOST", "SIS", "GRMTH")
            ),
            *(
                case(f"mother, {code.code}", (*MARA, relative(role("MTH"), code)), **MET)
                for code in (
                    icd("S72.1"),
                    icd("S72.21XA"),
                    snomed("5913000"),
                    snomed("263225007"),
                    snomed("700097003"),
                )
            ),
            case(
                "mother by SNOMED CT (72705000)",
                (*MARA, relative(snomed("72705000"), HIP)),
                **MET,
            ),
            case(
                "father, S72.3, shaft of the femur: not the hip",
                (*MARA, relative(role("FTH"), icd("S72.301A"))),
                **NOT,
            ),
            case(
                "mother, osteoporosis (M81.0): no fracture",
                (*MARA, relative(role("MTH"), icd("M81.0"))),
                **NOT,
            ),
            case(
                "Z82.62 family history of osteoporosis: no fracture",
                (*MARA, condition(icd("Z82.62"), recorded="2020-01-01")),
                **NOT,
            ),
            case(
                "'mother' in words only",
                (*MARA, relative({"text": "mother"}, HIP)),
                **UNKNOWN,
                says=("which one is not known",),
            ),
            case(
                "a relationship of the hospital's own list",
                (*MARA, relative(Code("urn:oid:1.2.3", "1"), HIP)),
                **UNKNOWN,
            ),
            case("some member of the family", (*MARA, relative(role("FAMMEMB"), HIP)), **UNKNOWN),
            case(
                "entered in error",
                (*MARA, relative(role("MTH"), HIP, status="entered-in-error")),
                **NOT,
            ),
            case("partial", (*MARA, relative(role("MTH"), HIP, status="partial")), **MET),
            case(
                "health-unknown, and a fracture all the same",
                (*MARA, relative(role("MTH"), HIP, status="health-unknown")),
                **UNKNOWN,
            ),
            case(
                "a status that nobody knows",
                (*MARA, relative(role("MTH"), HIP, status="perhaps")),
                **UNKNOWN,
            ),
            case(
                "health-unknown, nothing else: an empty answer",
                (*MARA, relative(role("MTH"), status="health-unknown")),
                **NOT,
            ),
            case(
                "the mother has died",
                (*MARA, relative(role("MTH"), HIP) | {"deceasedBoolean": True}),
                **MET,
            ),
            *(
                case(
                    f"{code} as a finding about Mara",
                    (*MARA, condition(snomed(code), recorded="2010-01-01")),
                    **MET,
                )
                for code in ("391096007", "416072008", "445121000124105", "445501000124107")
            ),
            case(
                "391096007 refuted",
                (
                    *MARA,
                    condition(snomed("391096007"), recorded="2010-01-01", verification="refuted"),
                ),
                **NOT,
            ),
            case(
                "391096007 under a relative",
                (*MARA, relative({"text": "mother"}, snomed("391096007"))),
                **MET,
            ),
            case(
                "391096007 as a question, answered yes",
                (*MARA, observation(snomed("391096007"), on="2020-01-01", valueBoolean=True)),
                **MET,
            ),
            case(
                "391096007 as a question, answered no",
                (*MARA, observation(snomed("391096007"), on="2020-01-01", valueBoolean=False)),
                **NOT,
            ),
            case(
                "391096007 as the answer to another question",
                (
                    *MARA,
                    observation(
                        loinc("10157-6"),
                        on="2020-01-01",
                        valueCodeableConcept=concept(snomed("391096007")),
                    ),
                ),
                **MET,
            ),
            case(
                "a hip fracture of Mara's own is none of a parent (it is MSO-06)",
                (*MARA, condition(HIP, onset="2026-01-01")),
                finds={"MSO-14": "not-met"},
            ),
            case(
                "the family history was refused: only that part is unknown",
                MARA,
                unread=("FamilyMemberHistory",),
                **UNKNOWN,
            ),
            case(
                "the family history was refused, and she smokes",
                (*MARA, smoking(SMOKER, on="2026-05-01")),
                unread=("FamilyMemberHistory",),
                **MET,
            ),
            case(
                "the family history was refused, and another criterion is MAJOR: due all the same",
                (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-03-01")),
                unread=("FamilyMemberHistory",),
                finds={"MSO-14": "unknown"},
                status="due",
            ),
        ),
    ),
)

test_lifestyle = holds(SPECS)
