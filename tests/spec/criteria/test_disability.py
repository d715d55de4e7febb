"""MSO-01 to MSO-05: disability."""

from typing import Any

from tests.lib.patients import (
    MODIFIED,
    NO_VALUE,
    Resource,
    concept,
    condition,
    edss,
    icd,
    loinc,
    ms,
    observation,
    snomed,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

ANNA = (woman(born="1992-06-01"), ms())
MAJOR = {"finds": {"MSO-02": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-02": "not-met"}}
UNKNOWN = {"finds": {"MSO-02": "unknown"}}
CHAIR = {"finds": {"MSO-04": "met major"}, "status": "due"}
NO_CHAIR = {"finds": {"MSO-04": "not-met"}, "status": "not-at-risk"}
WHEELCHAIR = snomed("105503008")
MODERATE = {"finds": {"MSO-03": "met minor"}, "status": "not-at-risk"}
NOT_MODERATE = {"finds": {"MSO-03": "not-met"}, "status": "not-at-risk"}
MODERATE_UNKNOWN = {"finds": {"MSO-03": "unknown"}, "status": "not-at-risk"}
LIMPS = {"finds": {"MSO-05": "met minor"}, "status": "not-at-risk"}
WALKS = {"finds": {"MSO-05": "not-met"}, "status": "not-at-risk"}
STICK = snomed("105504002")
LOW_VITAMIN_D = observation(loinc("62292-8"), on="2026-05-01", value=19, unit="ng/mL")


def wheelchair(**elements: Any) -> Resource:
    return condition(WHEELCHAIR, **elements)


def relapse(**elements: Any) -> Resource:
    return condition(snomed("192929006"), **elements)


def device(**elements: Any) -> Resource:
    kind = {"coding": [{"system": "http://snomed.info/sct", "code": "58938008"}]}
    return {"resourceType": "Device", "id": "chair", "type": kind} | elements


def use(status: str) -> Resource:
    return {
        "resourceType": "DeviceUseStatement",
        "status": status,
        "device": {"reference": "Device/chair"},
    }


SPECS = (
    Spec(
        "A progressive course",
        "Told by the code of the diagnosis itself; MINOR, so never enough alone.",
        "MSO-01",
        (
            case(
                "G35.A relapsing",
                (woman(born="1986-06-01"), ms("G35.A"), edss(2.0, on="2026-03-01")),
                finds={"MSO-01": "not-met"},
            ),
            case(
                "G35.B0 primary progressive",
                (woman(born="1986-06-01"), ms("G35.B0"), edss(2.0, on="2026-03-01")),
                finds={"MSO-01": "met minor"},
                status="not-at-risk",
            ),
            case(
                "425500002 secondary progressive",
                (*MARA, condition(snomed("425500002"), recorded="2020-01-01")),
                finds={"MSO-01": "met minor"},
                status="not-at-risk",
            ),
            case(
                "G35.C0, only provisional",
                (*MARA, ms("G35.C0", verification="provisional")),
                finds={"MSO-01": "not-met"},
            ),
            case(
                "G35.C0 with a verification status that nobody knows",
                (*MARA, ms("G35.C0", verification="perhaps")),
                finds={"MSO-01": "unknown"},
            ),
            case(
                "progressive, and low vitamin D",
                (
                    *MARA,
                    ms("G35.C0"),
                    observation(loinc("62292-8"), on="2026-05-01", value=19, unit="ng/mL"),
                ),
                finds={"MSO-01": "met minor", "MSO-11": "met minor"},
                status="due",
            ),
        ),
    ),
    Spec(
        "EDSS of 6.0 or more",
        "The latest possible value of the scale counts, also an old one; impossible values do not.",
        "MSO-02",
        (
            case("5.5", (*ANNA, edss(5.5, on="2026-09-01")), **NOT, status="not-at-risk"),
            case("6.0 exactly", (*ANNA, edss(6.0, on="2026-09-01")), **MAJOR),
            case("6.5, a woman of 34", (*ANNA, edss(6.5, on="2026-09-01")), **MAJOR, example="1"),
            *(
                case(
                    f"6.5 with the unit “{unit}”",
                    (
                        *ANNA,
                        observation(snomed("273554001"), on="2026-09-01", value=6.5, unit=unit),
                    ),
                    **MAJOR,
                )
                for unit in ("1", "{EDSS}", "points")
            ),
            case(
                "6.5 with the unit “%”, so something else",
                (*ANNA, observation(snomed("273554001"), on="2026-09-01", value=6.5, unit="%")),
                **UNKNOWN,
            ),
            case("9.5, the end of the scale", (*ANNA, edss(9.5, on="2026-09-01")), **MAJOR),
            case(
                "6.5 as a whole and a component",
                (
                    *ANNA,
                    observation(
                        loinc("85353-1"),
                        on="2026-09-01",
                        component=[{k: v for k, v in edss(6.5, on=None).items() if k != "status"}],
                    ),
                ),
                **MAJOR,
            ),
            case(
                "6.5 from 2024-11-22, 24 months ago",
                (*ANNA, edss(6.5, on="2024-11-22")),
                **MAJOR,
            ),
            case(
                "6.5 from 2024-11-21, a day older: counts and is marked",
                (*ANNA, edss(6.5, on="2024-11-21")),
                **MAJOR,
                says=("older than 24 months",),
            ),
            case(
                "6.5 in 2020, then 5.0 in 2026",
                (*ANNA, edss(6.5, on="2020-01-01"), edss(5.0, on="2026-09-01")),
                **NOT,
            ),
            case(
                "65, the point was forgotten",
                (*ANNA, edss(65, on="2026-09-01")),
                **UNKNOWN,
                reports=("EDSS is not a value of the scale",),
                example="29",
            ),
            *(
                case(
                    f"{sign} {value}: {what}",
                    (
                        *ANNA,
                        observation(
                            snomed("273554001"),
                            on="2026-09-01",
                            valueQuantity={"value": value, "comparator": sign},
                        ),
                    ),
                    **expected,
                )
                for sign, value, what, expected in (
                    (">=", 6.5, "at least 6.5", MAJOR),
                    (">=", 6.0, "at least 6.0", MAJOR),
                    (">", 6.0, "at least 6.5", MAJOR),
                    (">", 5.5, "the next step is 6.0", MAJOR),
                    (">=", 5.5, "above or below the line", UNKNOWN),
                    (">", 5.0, "above or below the line", UNKNOWN),
                    (">", 9.5, "beyond the scale", UNKNOWN),
                    (">=", 6.3, "no step of the scale", UNKNOWN),
                    ("<", 6.0, "an upper bound is no value", UNKNOWN),
                    ("<=", 6.5, "above or below the line", UNKNOWN),
                    ("~", 6.5, "a sign that nobody knows", UNKNOWN),
                )
            ),
            case(
                ">= 6.5 in words",
                (
                    *ANNA,
                    observation(
                        snomed("273554001"),
                        on="2026-09-01",
                        valueQuantity={"value": 6.5, "comparator": ">="},
                    ),
                ),
                **MAJOR,
                says=("EDSS at least 6.5, 2026-09-01",),
            ),
            case(
                "a range of 6.5 to 7.0",
                (
                    *ANNA,
                    observation(
                        snomed("273554001"),
                        on="2026-09-01",
                        valueRange={"low": {"value": 6.5}, "high": {"value": 7.0}},
                    ),
                ),
                **MAJOR,
            ),
            case(
                "6.5, and a reason why there is no value (error)",
                (*ANNA, edss(6.5, on="2026-09-01", dataAbsentReason=NO_VALUE)),
                **UNKNOWN,
                says=("a value, and a reason why there is none",),
            ),
            case(
                "a reason why there is no value, and none",
                (
                    *ANNA,
                    observation(snomed("273554001"), on="2026-09-01", dataAbsentReason=NO_VALUE),
                ),
                **NOT,
            ),
            case(
                "6.5, and a reason against it, after 3.0 in March: the usable value counts",
                (
                    *ANNA,
                    edss(3.0, on="2026-03-01"),
                    edss(6.5, on="2026-09-01", dataAbsentReason=NO_VALUE),
                ),
                **NOT,
            ),
            case(
                "6.5 with a modifierExtension: it may mean something else",
                (*ANNA, edss(6.5, on="2026-09-01", modifierExtension=MODIFIED)),
                **UNKNOWN,
                says=("status not understood",),
                reports=("modifierExtension",),
            ),
            case("0.5", (*ANNA, edss(0.5, on="2026-09-01")), **UNKNOWN, example="29"),
            case("10.5", (*ANNA, edss(10.5, on="2026-09-01")), **UNKNOWN, example="29"),
            case("10, which is death", (*ANNA, edss(10, on="2026-09-01")), **UNKNOWN),
            case("6.25, no half step", (*ANNA, edss(6.25, on="2026-09-01")), **UNKNOWN),
            case(
                "65 today after 3.0 in March: the possible value counts",
                (*ANNA, edss(3.0, on="2026-03-01"), edss(65, on="2026-11-22")),
                **NOT,
                reports=("EDSS is not a value of the scale",),
            ),
            case(
                "65 today after 6.5 in March",
                (*ANNA, edss(6.5, on="2026-03-01"), edss(65, on="2026-11-22")),
                **MAJOR,
            ),
            case(
                "65 today after 3.0 in 2020: nothing possible in the window",
                (*ANNA, edss(3.0, on="2020-03-01"), edss(65, on="2026-11-22")),
                **UNKNOWN,
            ),
            case("6.5 without a date", (*ANNA, edss(6.5, on=None)), **UNKNOWN),
            case(
                "6.5, preliminary", (*ANNA, edss(6.5, on="2026-09-01", status="preliminary")), **NOT
            ),
            case(
                "6.5, entered in error",
                (*ANNA, edss(6.5, on="2026-09-01", status="entered-in-error")),
                **NOT,
            ),
            case("6.5, amended", (*ANNA, edss(6.5, on="2026-09-01", status="amended")), **MAJOR),
            case("6.5 dated tomorrow", (*ANNA, edss(6.5, on="2026-11-23")), **NOT),
            case(
                "6.5 under the LOINC Part LP241977-0, which is no code for it",
                (*MARA, observation(loinc("LP241977-0"), on="2026-09-01", value=6.5)),
                **NOT,
                status="not-at-risk",
                reports=("not an observation code",),
                example="30",
            ),
            case(
                "observations were refused",
                ANNA,
                unread=("Observation",),
                **UNKNOWN,
                status="could-not-determine",
            ),
        ),
    ),
    Spec(
        "A wheelchair, a chair or a bed",
        "Active, or of the last 36 months; also a device in use, or a fall from a wheelchair.",
        "MSO-04",
        (
            case(
                "a man of 41 with the old code G35 and dependence on a wheelchair",
                (
                    {"resourceType": "Patient", "birthDate": "1985-02-01", "gender": "male"},
                    ms("G35"),
                    wheelchair(recorded="2025-06-01"),
                ),
                **CHAIR,
                example="2",
            ),
            case("active since 2015", (*MARA, wheelchair(onset="2015-01-01")), **CHAIR),
            case("Z74.01 bed confinement", (*MARA, condition(icd("Z74.01"))), **CHAIR),
            case(
                "no clinical status, recorded 2023-11-22: 36 months ago",
                (*MARA, wheelchair(recorded="2023-11-22", clinical=None)),
                **CHAIR,
            ),
            case(
                "no clinical status, recorded 2023-11-21: a day more",
                (*MARA, wheelchair(recorded="2023-11-21", clinical=None)),
                **NO_CHAIR,
            ),
            case(
                "no clinical status, recorded some time in 2023",
                (*MARA, wheelchair(recorded="2023", clinical=None)),
                finds={"MSO-04": "unknown"},
            ),
            case(
                "neither clinical status nor date",
                (*MARA, wheelchair(clinical=None)),
                finds={"MSO-04": "unknown"},
            ),
            case(
                "resolved",
                (*MARA, wheelchair(recorded="2026-01-01", clinical="resolved")),
                **NO_CHAIR,
            ),
            case("only suspected", (*MARA, wheelchair(verification="provisional")), **NO_CHAIR),
            case(
                "as the answer to a question about mobility",
                (
                    *MARA,
                    observation(
                        loinc("45606-1"),
                        on="2026-01-01",
                        valueCodeableConcept={
                            "coding": [{"system": WHEELCHAIR.system, "code": WHEELCHAIR.code}]
                        },
                    ),
                ),
                **CHAIR,
            ),
            case(
                "asked, and answered yes",
                (*MARA, observation(WHEELCHAIR, on="2026-01-01", valueBoolean=True)),
                **CHAIR,
            ),
            case(
                "asked, and answered no",
                (*MARA, observation(WHEELCHAIR, on="2026-01-01", valueBoolean=False)),
                **NO_CHAIR,
            ),
            case(
                "asked and answered yes, and a reason why there is no answer",
                (
                    *MARA,
                    observation(
                        WHEELCHAIR, on="2026-01-01", valueBoolean=True, dataAbsentReason=NO_VALUE
                    ),
                ),
                finds={"MSO-04": "unknown"},
                status="not-at-risk",
            ),
            case(
                "as the answer to another question, and a reason why there is no answer",
                (
                    *MARA,
                    observation(
                        loinc("45606-1"),
                        on="2026-01-01",
                        valueCodeableConcept=concept(WHEELCHAIR),
                        dataAbsentReason=NO_VALUE,
                    ),
                ),
                finds={"MSO-04": "unknown"},
                status="not-at-risk",
            ),
            case(
                "a diagnosis with a modifierExtension: it may mean something else",
                (*MARA, wheelchair(recorded="2026-01-01", modifierExtension=MODIFIED)),
                finds={"MSO-04": "unknown"},
                status="not-at-risk",
                reports=("modifierExtension",),
            ),
            *(
                case(
                    f"a diagnosis about {whom} that bears her number",
                    (*MARA, wheelchair(recorded="2026-01-01", subject=subject)),
                    **NO_CHAIR,
                )
                for whom, subject in (
                    ("a group", {"reference": "Group/p"}),
                    ("a device", {"reference": "Device/p"}),
                    ("a ward", {"reference": "Location/p"}),
                    ("a clinician", {"reference": "Practitioner/p"}),
                )
            ),
            case(
                "asked, and answered with a sentence",
                (*MARA, observation(WHEELCHAIR, on="2026-01-01", valueString="outdoors only")),
                finds={"MSO-04": "unknown"},
            ),
            case(
                "a wheelchair assigned to her",
                (*MARA, device(status="active", patient={"reference": "Patient/p"})),
                **CHAIR,
            ),
            case(
                "a wheelchair in use, by a statement",
                (*MARA, device(patient=None), use("active")),
                **CHAIR,
            ),
            case(
                "another aid assigned to her, a walking stick",
                (
                    *MARA,
                    device(
                        patient={"reference": "Patient/p"},
                        type={
                            "coding": [{"system": "http://snomed.info/sct", "code": "105504002"}]
                        },
                    ),
                ),
                **NO_CHAIR,
            ),
            case(
                "a wheelchair that was returned",
                (*MARA, device(patient=None), use("completed")),
                **NO_CHAIR,
            ),
            case(
                "fell from a wheelchair (W05.0XXA) in 2025",
                (*MARA, condition(icd("W05.0XXA"), onset="2025-05-01", clinical="resolved")),
                **CHAIR,
            ),
            case(
                "fell from a wheelchair in 2022",
                (*MARA, condition(icd("W05.0XXA"), onset="2022-05-01")),
                **NO_CHAIR,
            ),
            case(
                "fell from a wheelchair, date not known",
                (*MARA, condition(icd("W05.0XXA"))),
                finds={"MSO-04": "unknown"},
            ),
            case(
                "a walking stick",
                (*MARA, condition(snomed("105504002"), recorded="2026-01-01")),
                **NO_CHAIR,
            ),
            case(
                "devices were refused: shown, and nothing more",
                MARA,
                unread=("Device",),
                finds={"MSO-04": "unknown"},
                status="not-at-risk",
            ),
        ),
    ),
    Spec(
        "EDSS of 4.0 to 5.5",
        "The latest value, if it is not older than 24 months; MINOR, so never enough alone.",
        "MSO-03",
        (
            case("3.5", (*ANNA, edss(3.5, on="2026-09-01")), **NOT_MODERATE),
            case("4.0 exactly", (*ANNA, edss(4.0, on="2026-09-01")), **MODERATE),
            case("4.5", (*ANNA, edss(4.5, on="2026-09-01")), **MODERATE),
            case("5.5 exactly", (*ANNA, edss(5.5, on="2026-09-01")), **MODERATE),
            case(
                "6.0: that is MSO-02",
                (*ANNA, edss(6.0, on="2026-09-01")),
                finds={"MSO-02": "met major", "MSO-03": "not-met"},
                status="due",
            ),
            case(
                "4.5 from 2024-11-23, a day inside 24 months",
                (*ANNA, edss(4.5, on="2024-11-23")),
                **MODERATE,
            ),
            case(
                "4.5 from 2024-11-22, 24 months ago",
                (*ANNA, edss(4.5, on="2024-11-22")),
                **MODERATE,
            ),
            case(
                "4.5 from 2024-11-21, a day older: shown as old, does not count",
                (*ANNA, edss(4.5, on="2024-11-21")),
                **NOT_MODERATE,
                says=("EDSS 4.5, 2024-11-21 (older than 24 months)",),
            ),
            case(
                "4.5 from some day of November 2024, inside or outside",
                (*ANNA, edss(4.5, on="2024-11")),
                **MODERATE_UNKNOWN,
            ),
            case("4.5 from some day of 2026", (*ANNA, edss(4.5, on="2026")), **MODERATE),
            case(
                "4.5 in January, 3.0 in September: the latest counts",
                (*ANNA, edss(4.5, on="2026-01-10"), edss(3.0, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "4.5 in September, 45 in October: the possible value counts",
                (*ANNA, edss(4.5, on="2026-09-01"), edss(45, on="2026-10-01")),
                **MODERATE,
            ),
            case(
                "45, the point was forgotten",
                (*ANNA, edss(45, on="2026-09-01")),
                finds={"MSO-03": "unknown"},
                reports=("EDSS is not a value of the scale",),
            ),
            case(
                "45 today after 3.0 in March: the possible value counts",
                (*ANNA, edss(3.0, on="2026-03-01"), edss(45, on="2026-11-22")),
                **NOT_MODERATE,
            ),
            case(
                "45 today after 3.0 in 2020: nothing possible in the window",
                (*ANNA, edss(3.0, on="2020-03-01"), edss(45, on="2026-11-22")),
                **MODERATE_UNKNOWN,
            ),
            case("4.5 without a date", (*ANNA, edss(4.5, on=None)), finds={"MSO-03": "unknown"}),
            case(
                "4.5, preliminary",
                (
                    *ANNA,
                    edss(2.0, on="2026-01-01"),
                    edss(4.5, on="2026-09-01", status="preliminary"),
                ),
                **NOT_MODERATE,
            ),
            case(
                "4.5, entered in error",
                (
                    *ANNA,
                    edss(2.0, on="2026-01-01"),
                    edss(4.5, on="2026-09-01", status="entered-in-error"),
                ),
                **NOT_MODERATE,
            ),
            case(
                "4.5 dated tomorrow",
                (*ANNA, edss(2.0, on="2026-01-01"), edss(4.5, on="2026-11-23")),
                **NOT_MODERATE,
            ),
            case(
                "4.5 under a LOINC Part, which is no observation code",
                (
                    *ANNA,
                    observation(loinc("LP241977-0"), on="2026-09-01", value=4.5, unit="{score}"),
                    edss(2.0, on="2026-01-01"),
                ),
                **NOT_MODERATE,
                reports=("not an observation code",),
                example="30",
            ),
            case(
                "4.5, and a progressive course: one domain, counted once",
                (woman(born="1992-06-01"), ms("G35.C0"), edss(4.5, on="2026-09-01")),
                finds={"MSO-01": "met minor", "MSO-03": "met minor"},
                status="not-at-risk",
            ),
            case(
                "4.5, and low vitamin D: two domains",
                (*ANNA, edss(4.5, on="2026-09-01"), LOW_VITAMIN_D),
                finds={"MSO-03": "met minor", "MSO-11": "met minor"},
                status="due",
            ),
            case(
                "observations were refused",
                ANNA,
                unread=("Observation",),
                finds={"MSO-03": "unknown"},
                status="could-not-determine",
            ),
        ),
    ),
    Spec(
        "An EDSS that has risen",
        "By 1.0 or more, by 0.5 from 5.5 on; over 90 days or more; both values within 24 months, "
        "and the later one not within 30 days of a relapse that is on file.",
        "MSO-03",
        (
            case(
                "1.5 to 2.0 within a year: half a step",
                (*ANNA, edss(1.5, on="2025-09-01"), edss(2.0, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "1.5 to 2.5 within a year",
                (*ANNA, edss(1.5, on="2025-09-01"), edss(2.5, on="2026-09-01")),
                **MODERATE,
                says=("EDSS 2.5, 2026-09-01: a rise of 1.0 since 2025-09-01",),
            ),
            case(
                "0 to 3.5",
                (*ANNA, edss(0, on="2025-09-01"), edss(3.5, on="2026-09-01")),
                **MODERATE,
            ),
            case(
                "5.5 to 6.0: half a step is enough from 5.5 on",
                (*ANNA, edss(5.5, on="2025-09-01"), edss(6.0, on="2026-09-01")),
                finds={"MSO-02": "met major", "MSO-03": "met minor"},
                status="due",
            ),
            case(
                "5.0 to 5.5, so the latest is moderate, and no rise is told",
                (*ANNA, edss(5.0, on="2025-09-01"), edss(5.5, on="2026-09-01")),
                **MODERATE,
                says=("EDSS 5.5, 2026-09-01",),
            ),
            case(
                "5.0 to 6.0: a whole step below 5.5",
                (*ANNA, edss(5.0, on="2025-09-01"), edss(6.0, on="2026-09-01")),
                finds={"MSO-02": "met major", "MSO-03": "met minor"},
                status="due",
            ),
            case(
                "5.0 to 5.5 to 6.0 within 4 months: from 5.0 it is a whole step over 92 days",
                (
                    *ANNA,
                    edss(5.0, on="2026-06-01"),
                    edss(5.5, on="2026-08-01"),
                    edss(6.0, on="2026-09-01"),
                ),
                finds={"MSO-03": "met minor"},
                status="due",
                says=("a rise of 1.0 since 2026-06-01",),
            ),
            case(
                "6.0 to 6.0: no rise",
                (*ANNA, edss(6.0, on="2025-09-01"), edss(6.0, on="2026-09-01")),
                finds={"MSO-02": "met major", "MSO-03": "not-met"},
                status="due",
            ),
            case(
                "1.5 to 3.0 in 91 days",
                (*ANNA, edss(1.5, on="2026-06-02"), edss(3.0, on="2026-09-01")),
                **MODERATE,
            ),
            case(
                "1.5 to 3.0 in 90 days",
                (*ANNA, edss(1.5, on="2026-06-03"), edss(3.0, on="2026-09-01")),
                **MODERATE,
            ),
            case(
                "1.5 to 3.0 in 89 days",
                (*ANNA, edss(1.5, on="2026-06-04"), edss(3.0, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "1.5 in June (no day), 3.0 on 2026-09-01: 90 days or not",
                (*ANNA, edss(1.5, on="2026-06"), edss(3.0, on="2026-09-01")),
                **MODERATE_UNKNOWN,
            ),
            case(
                "1.5 in June and in March, 3.0 on 2026-09-01: since March it is certain",
                (
                    *ANNA,
                    edss(1.5, on="2026-03-01"),
                    edss(1.0, on="2026-06"),
                    edss(3.0, on="2026-09-01"),
                ),
                **MODERATE,
                says=("a rise of 1.5 since 2026-03-01",),
            ),
            case(
                "1.5 on 2024-11-22, 24 months ago, 3.0 now",
                (*ANNA, edss(1.5, on="2024-11-22"), edss(3.0, on="2026-09-01")),
                **MODERATE,
            ),
            case(
                "1.5 on 2024-11-23, a day inside",
                (*ANNA, edss(1.5, on="2024-11-23"), edss(3.0, on="2026-09-01")),
                **MODERATE,
            ),
            case(
                "1.5 on 2024-11-21, a day outside, 3.0 now: over which time it rose cannot be told",
                (*ANNA, edss(1.5, on="2024-11-21"), edss(3.0, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "1.5 in November 2024 (no day), 3.0 now",
                (*ANNA, edss(1.5, on="2024-11"), edss(3.0, on="2026-09-01")),
                **MODERATE_UNKNOWN,
            ),
            case(
                "both before the window",
                (*ANNA, edss(1.5, on="2023-01-01"), edss(3.0, on="2024-01-01")),
                **NOT_MODERATE,
            ),
            case(
                "2.0, then 3.5, then 2.0 again: recovered",
                (
                    *ANNA,
                    edss(2.0, on="2025-03-01"),
                    edss(3.5, on="2025-12-01"),
                    edss(2.0, on="2026-09-01"),
                ),
                **NOT_MODERATE,
            ),
            case(
                "3.5, then 2.0, then 3.0: risen since the best value",
                (
                    *ANNA,
                    edss(3.5, on="2025-03-01"),
                    edss(2.0, on="2025-12-01"),
                    edss(3.0, on="2026-09-01"),
                ),
                **MODERATE,
                says=("a rise of 1.0 since 2025-12-01",),
            ),
            case(
                "3.0 down to 1.5",
                (*ANNA, edss(3.0, on="2025-09-01"), edss(1.5, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "1.5, then 30 for 3.0: what was mistyped makes no rise",
                (*ANNA, edss(1.5, on="2025-09-01"), edss(30, on="2026-09-01")),
                **NOT_MODERATE,
            ),
            case(
                "1.5, then 3.0 entered in error",
                (
                    *ANNA,
                    edss(1.5, on="2025-09-01"),
                    edss(3.0, on="2026-09-01", status="entered-in-error"),
                ),
                **NOT_MODERATE,
            ),
            *(
                case(
                    f"1.5 to 3.0 on 2026-09-01, {what}",
                    (
                        *ANNA,
                        edss(1.5, on="2025-09-01"),
                        edss(3.0, on="2026-09-01"),
                        relapse(onset=day),
                    ),
                    **expected,
                )
                for what, day, expected in (
                    ("a relapse 31 days before", "2026-08-01", MODERATE),
                    ("a relapse 30 days before", "2026-08-02", NOT_MODERATE),
                    ("a relapse 29 days before", "2026-08-03", NOT_MODERATE),
                    ("a relapse 29 days after", "2026-09-30", NOT_MODERATE),
                    ("a relapse 30 days after", "2026-10-01", NOT_MODERATE),
                    ("a relapse 31 days after", "2026-10-02", MODERATE),
                    ("a relapse in 2026", "2026", MODERATE_UNKNOWN),
                    ("a relapse without a date", None, MODERATE),
                )
            ),
            case(
                "1.5 to 3.0, a relapse 10 days before, only provisional",
                (
                    *ANNA,
                    edss(1.5, on="2025-09-01"),
                    edss(3.0, on="2026-09-01"),
                    relapse(onset="2026-08-22", verification="provisional"),
                ),
                **MODERATE,
            ),
            case(
                "1.5 to 3.0, then 3.5 in a relapse: the rise before it stands",
                (
                    *ANNA,
                    edss(1.5, on="2025-03-01"),
                    edss(3.0, on="2026-03-01"),
                    edss(3.5, on="2026-09-01"),
                    relapse(onset="2026-08-22"),
                ),
                **MODERATE,
                says=(
                    "a rise of 2.0 since 2025-03-01 (measured near a relapse)",
                    "EDSS 3.0, 2026-03-01: a rise of 1.5 since 2025-03-01",
                ),
            ),
            case(
                "4.5 in a relapse: no rise, but the value itself is moderate",
                (
                    *ANNA,
                    edss(2.0, on="2025-09-01"),
                    edss(4.5, on="2026-09-01"),
                    relapse(onset="2026-08-22"),
                ),
                **MODERATE,
            ),
            case(
                "diagnoses were refused, so a relapse cannot be ruled out",
                (*ANNA, edss(1.5, on="2025-09-01"), edss(3.0, on="2026-09-01")),
                unread=("Condition",),
                finds={"MSO-03": "unknown"},
                status="could-not-determine",
            ),
        ),
    ),
    Spec(
        "A walking aid, or a poor gait",
        "Written down in the last 24 months, whether or not the chart still calls it active; MINOR,"
        " so never enough alone.",
        "MSO-05",
        (
            case("a walking stick", (*MARA, condition(STICK, recorded="2026-01-01")), **LIMPS),
            case(
                "needs a walking aid at home, active, recorded in 2015: too long ago",
                (*MARA, condition(snomed("160683008"), recorded="2015-01-01")),
                **WALKS,
                says=("too long ago",),
            ),
            case(
                "needs a walking aid at home, active, begun in 2015, recorded this year",
                (*MARA, condition(snomed("160683008"), onset="2015", recorded="2026-01-01")),
                **LIMPS,
            ),
            *(
                case(
                    f"active, recorded {day}: {what}",
                    (*MARA, condition(STICK, recorded=day)),
                    **expected,
                )
                for day, what, expected in (
                    ("2024-11-23", "a day inside 24 months", LIMPS),
                    ("2024-11-22", "24 months ago", LIMPS),
                    ("2024-11-21", "a day more", WALKS),
                )
            ),
            case(
                "R26.89, the diagnosis of a visit in 2020 that the chart still calls active",
                (
                    *MARA,
                    condition(icd("R26.89"), recorded="2020-01-01", category="encounter-diagnosis"),
                ),
                **WALKS,
            ),
            case(
                "active, without any date",
                (*MARA, condition(STICK)),
                finds={"MSO-05": "unknown"},
                status="not-at-risk",
                says=("no date",),
            ),
            case(
                "R26.2 difficulty in walking",
                (*MARA, condition(icd("R26.2"), recorded="2026-01-01")),
                **LIMPS,
            ),
            case(
                "R26.0, written R260",
                (*MARA, condition(icd("R260"), recorded="2026-01-01")),
                **LIMPS,
            ),
            case(
                "Z74.09 other reduced mobility",
                (*MARA, condition(icd("Z74.09"), recorded="2026-01-01")),
                **LIMPS,
            ),
            case(
                "160692006 mobility very poor",
                (*MARA, condition(snomed("160692006"), recorded="2026-01-01")),
                **LIMPS,
            ),
            case(
                "Z99.89, a device that is not named: too weak",
                (*MARA, condition(icd("Z99.89"))),
                **WALKS,
                says=("too unspecific to count",),
            ),
            case(
                "Z74.01 bed confinement: that is MSO-04",
                (*MARA, condition(icd("Z74.01"))),
                finds={"MSO-04": "met major", "MSO-05": "not-met"},
                status="due",
            ),
            case(
                "Z91.81 history of falling and R26.81 unsteadiness: two weak codes",
                (
                    *MARA,
                    condition(icd("Z91.81"), recorded="2026-05-01"),
                    condition(icd("R26.81"), recorded="2026-05-01"),
                ),
                finds={"MSO-05": "met minor", "MSO-07": "not-met"},
                status="not-at-risk",
                example="31",
            ),
            *(
                case(
                    f"no clinical status, recorded {day}: {what}",
                    (*MARA, condition(STICK, recorded=day, clinical=None)),
                    **expected,
                )
                for day, what, expected in (
                    ("2024-11-23", "a day inside 24 months", LIMPS),
                    ("2024-11-22", "24 months ago", LIMPS),
                    ("2024-11-21", "a day more", WALKS),
                )
            ),
            case(
                "no clinical status, recorded some time in 2024",
                (*MARA, condition(STICK, recorded="2024", clinical=None)),
                finds={"MSO-05": "unknown"},
                status="not-at-risk",
            ),
            case(
                "no clinical status, begun in 2015, recorded this year",
                (*MARA, condition(STICK, onset="2015", recorded="2026-01-01", clinical=None)),
                **LIMPS,
            ),
            case(
                "neither clinical status nor date",
                (*MARA, condition(STICK, clinical=None)),
                finds={"MSO-05": "unknown"},
                status="not-at-risk",
            ),
            *(
                case(
                    f"{state}",
                    (*MARA, condition(STICK, recorded="2026-01-01", clinical=state)),
                    **WALKS,
                )
                for state in ("resolved", "inactive", "remission")
            ),
            case("only suspected", (*MARA, condition(STICK, verification="provisional")), **WALKS),
            case("refuted", (*MARA, condition(STICK, verification="refuted")), **WALKS),
            case(
                "a verification status that nobody knows",
                (*MARA, condition(STICK, verification="perhaps")),
                finds={"MSO-05": "unknown"},
                status="not-at-risk",
            ),
            case(
                "entered in error",
                (*MARA, condition(STICK, verification="entered-in-error")),
                **WALKS,
            ),
            case(
                "dated tomorrow",
                (*MARA, condition(STICK, onset="2026-11-23")),
                **WALKS,
            ),
            case(
                "as text only: conditions are never recognised by text",
                (*MARA, condition({"text": "walks with a stick"})),
                **WALKS,
            ),
            case(
                "asked, and answered yes",
                (*MARA, observation(STICK, on="2026-01-01", valueBoolean=True)),
                **LIMPS,
            ),
            case(
                "asked, and answered with the SNOMED CT code for yes",
                (
                    *MARA,
                    observation(
                        STICK, on="2026-01-01", valueCodeableConcept=concept(snomed("373066001"))
                    ),
                ),
                **LIMPS,
            ),
            case(
                "asked, and answered with the LOINC code for no",
                (
                    *MARA,
                    observation(
                        STICK, on="2026-01-01", valueCodeableConcept=concept(loinc("LA32-8"))
                    ),
                ),
                **WALKS,
            ),
            case(
                "asked, and answered yes and no",
                (
                    *MARA,
                    observation(
                        STICK,
                        on="2026-01-01",
                        valueCodeableConcept=concept(loinc("LA32-8"), loinc("LA33-6")),
                    ),
                ),
                finds={"MSO-05": "unknown"},
                status="not-at-risk",
            ),
            case(
                "as the answer to a question about mobility, 24 months ago",
                (
                    *MARA,
                    observation(
                        loinc("45606-1"),
                        on="2024-11-22",
                        valueCodeableConcept=concept(snomed("160681005")),
                    ),
                ),
                **LIMPS,
            ),
            case(
                "the same, a day more than 24 months ago",
                (
                    *MARA,
                    observation(
                        loinc("45606-1"),
                        on="2024-11-21",
                        valueCodeableConcept=concept(snomed("160681005")),
                    ),
                ),
                **WALKS,
            ),
            case(
                "a stick and a poor gait and EDSS 4.5: one domain, counted once",
                (
                    *ANNA,
                    edss(4.5, on="2026-09-01"),
                    condition(STICK, recorded="2026-01-01"),
                    condition(icd("R26.2"), recorded="2026-01-01"),
                ),
                finds={"MSO-03": "met minor", "MSO-05": "met minor"},
                status="not-at-risk",
            ),
            case(
                "a stick, and low vitamin D: two domains",
                (*MARA, condition(STICK, recorded="2026-01-01"), LOW_VITAMIN_D),
                finds={"MSO-05": "met minor", "MSO-11": "met minor"},
                status="due",
            ),
            case(
                "diagnoses were refused",
                MARA,
                unread=("Condition",),
                finds={"MSO-05": "unknown"},
                status="could-not-determine",
            ),
        ),
    ),
)

test_disability = holds(SPECS)
