"""MSO-01, MSO-02 and MSO-04: disability."""

from typing import Any

from tests.lib.patients import Resource, condition, edss, icd, loinc, ms, observation, snomed, woman
from tests.spec.book import MARA, Spec, case, holds

ANNA = (woman(born="1992-06-01"), ms())
MAJOR = {"finds": {"MSO-02": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-02": "not-met"}}
UNKNOWN = {"finds": {"MSO-02": "unknown"}}
CHAIR = {"finds": {"MSO-04": "met major"}, "status": "due"}
NO_CHAIR = {"finds": {"MSO-04": "not-met"}, "status": "not-at-risk"}
WHEELCHAIR = snomed("105503008")


def wheelchair(**elements: Any) -> Resource:
    return condition(WHEELCHAIR, **elements)


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
)

test_disability = holds(SPECS)
