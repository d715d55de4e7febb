"""MSO-06: fractures after little force."""

from typing import Any

from tests.lib.patients import Resource, concept, condition, edss, icd, ms, snomed, woman
from tests.spec.book import Spec, case, holds

EVA = (woman(born="1971-06-01"), ms(), edss(2.0, on="2026-03-01"))
BORN_1986 = (woman(born="1986-11-22"), ms(), edss(2.0, on="2026-03-01"))
DUE = {"finds": {"MSO-06": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-06": "not-met"}}
UNKNOWN = {"finds": {"MSO-06": "unknown"}}


def coded(code: str, onset: str | None = None, **elements: Any) -> Resource:
    return condition(icd(code), onset=onset, category="encounter-diagnosis", **elements)


SPECS = (
    Spec(
        "A fracture at a typical site, from age 40 on",
        "Eva is 55. Hip, vertebra, wrist, upper arm and pelvis, without a sign of great force.",
        "MSO-06",
        (
            case(
                "S52.501A wrist at 55 with W01 the same day, S52.501D five weeks later",
                (
                    *EVA,
                    coded("S52.501A", "2026-08-01"),
                    coded("W01.0XXA", "2026-08-01"),
                    coded("S52.501D", "2026-09-05"),
                ),
                **DUE,
                says=("the same fracture",),
                example="12",
            ),
            case("S72.001A hip", (*EVA, coded("S72.001A", "2025-02-01")), **DUE),
            case("S22.080A thoracic vertebra", (*EVA, coded("S22.080A", "2025-02-01")), **DUE),
            case("S42.201A upper arm", (*EVA, coded("S42.201A", "2025-02-01")), **DUE),
            case("S32.501A pubis", (*EVA, coded("S32.501A", "2025-02-01")), **DUE),
            case(
                "263225007 hip in SNOMED CT",
                (*EVA, condition(snomed("263225007"), onset="2025-02-01")),
                **DUE,
            ),
            case(
                "S72.001A in 2024 and, more than 180 days later, S72.001A again: two fractures",
                (*EVA, coded("S72.001A", "2024-01-01"), coded("S72.001A", "2025-02-01")),
                **DUE,
            ),
            case(
                "S72.001A in 2024 and S72.001D more than 180 days later: one fracture",
                (*EVA, coded("S72.001A", "2024-01-01"), coded("S72.001D", "2025-02-01")),
                **DUE,
                says=("the same fracture",),
            ),
            case("S62.600A finger", (*EVA, coded("S62.600A", "2025-02-01")), **NOT),
            case("S02.0XXA skull", (*EVA, coded("S02.0XXA", "2025-02-01")), **NOT),
            case(
                "S72.001A on the day before 40",
                (*BORN_1986, coded("S72.001A", "2026-11-21")),
                **NOT,
                says=("before age 40",),
            ),
            case(
                "S72.001A at the age of 39, which ends the day before she was 40",
                (*EVA, coded("S72.001A", onsetAge={"value": 39, "code": "a"})),
                **NOT,
            ),
            case(
                "S72.001A at the age of 40",
                (*EVA, coded("S72.001A", onsetAge={"value": 40, "code": "a"})),
                **DUE,
            ),
            case(
                "S72.001A at 39, and S72.001D on the 40th birthday: the same fracture",
                (
                    *BORN_1986,
                    coded("S72.001A", "2026-10-11"),
                    coded("S72.001D", "2026-11-22"),
                ),
                **NOT,
                says=("the same fracture",),
            ),
            case(
                "S72.001A on the 40th birthday",
                (*BORN_1986, coded("S72.001A", "2026-11-22")),
                **DUE,
            ),
            case(
                "S72.001A some time in 2026, the year of 40",
                (*BORN_1986, coded("S72.001A", "2026")),
                **UNKNOWN,
            ),
            case("S72.001A without a date", (*EVA, coded("S72.001A")), **UNKNOWN),
            case(
                "S72.001A, birth date not known",
                (woman(born=None), ms(), coded("S72.001A", "2025-02-01")),
                **UNKNOWN,
                status="could-not-determine",
            ),
            case("S72.001S, a late effect", (*EVA, coded("S72.001S", "2025-02-01")), **UNKNOWN),
            case(
                "S72.001A, only suspected",
                (*EVA, coded("S72.001A", "2025-02-01", verification="differential")),
                **NOT,
            ),
            case("S72.001A dated tomorrow", (*EVA, coded("S72.001A", "2026-11-23")), **NOT),
            case("diagnoses were refused", EVA, unread=("Condition",), **UNKNOWN),
        ),
    ),
    Spec(
        "Great force takes a fracture out",
        "W11 to W17, V and X/Y codes in the same encounter, or the same day where none is named.",
        "MSO-06",
        (
            case(
                "S72.001A with W13 (fall from a building), same day",
                (*EVA, coded("S72.001A", "2025-02-01"), coded("W13.9XXA", "2025-02-01")),
                **NOT,
                says=("for review",),
                example="13",
            ),
            case(
                "S72.001A with V43.52XA (car), same encounter",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01", encounter="7"),
                    coded("V43.52XA", "2025-02-02", encounter="7"),
                ),
                **NOT,
            ),
            case(
                "S72.001A, and a fall from a ladder (W11) in another encounter",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01", encounter="7"),
                    coded("W11.XXXA", "2025-02-01", encounter="8"),
                ),
                **DUE,
            ),
            case(
                "S72.001A without a date, and a fall from a ladder without a date",
                (*EVA, coded("S72.001A"), coded("W11.XXXA")),
                **UNKNOWN,
            ),
            case(
                "S72.001A with W13, and its follow-up S72.001D: the same fracture",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01"),
                    coded("S72.001D", "2025-09-05"),
                ),
                **NOT,
                says=("the same fracture",),
            ),
            case(
                "S72.001A with W13, and on the problem list a week later",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01"),
                    condition(snomed("263225007"), onset="2025-02-08"),
                ),
                **NOT,
                says=("the same fracture",),
            ),
            case(
                "S72.001A with W13, and another S72.001A more than 180 days later",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01"),
                    coded("S72.001A", "2025-09-05"),
                ),
                **DUE,
            ),
            case(
                "S72.001A with W13 whose status nobody knows, and its follow-up S72.001D",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01", verification="perhaps"),
                    coded("S72.001D", "2025-03-05"),
                ),
                **UNKNOWN,
            ),
            case(
                "S72.001A that was refuted, and S72.001D: the follow-up of another fracture",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01", verification="refuted"),
                    coded("S72.001D", "2025-03-05"),
                ),
                **DUE,
            ),
            case(
                "one entry that is coded as both, S72.001A and W13.9XXA",
                (*EVA, condition(concept(icd("S72.001A"), icd("W13.9XXA")), onset="2025-02-01")),
                **NOT,
            ),
            case(
                "S72.001A, and a fall from a ladder a year before",
                (*EVA, coded("S72.001A", "2025-02-01"), coded("W11.XXXA", "2024-02-01")),
                **DUE,
            ),
            case(
                "S72.001A with a slip on the level (W01)",
                (*EVA, coded("S72.001A", "2025-02-01"), coded("W01.0XXA", "2025-02-01")),
                **DUE,
            ),
            case(
                "S72.001A with W13 whose status nobody knows",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01", verification="perhaps"),
                ),
                **UNKNOWN,
            ),
            case(
                "S72.001A with W13 that was refuted",
                (
                    *EVA,
                    coded("S72.001A", "2025-02-01"),
                    coded("W13.9XXA", "2025-02-01", verification="refuted"),
                ),
                **DUE,
            ),
        ),
    ),
    Spec(
        "A fracture through a tumour is not a fragility fracture",
        "M84.5 never counts; M84.4 and M48.5 do not with a metastasis of bone on file.",
        "MSO-06",
        (
            case(
                "M84.50XA with C79.51",
                (*EVA, coded("M84.50XA", "2025-02-01"), coded("C79.51", "2025-01-01")),
                **NOT,
                status="not-at-risk",
                example="14",
            ),
            case("M48.54XA collapsed vertebra", (*EVA, coded("M48.54XA", "2025-02-01")), **DUE),
            case(
                "M48.54XA with C79.51",
                (*EVA, coded("M48.54XA", "2025-02-01"), coded("C79.51", "2025-01-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Osteoporotic-fracture codes count at any adult age, and mean known osteoporosis",
        "So they lead to the treatment gap and not to a screening alert.",
        "MSO-06",
        (
            case(
                "M80.08XA at 30",
                (woman(born="1996-01-01"), ms(), coded("M80.08XA", "2026-02-01")),
                finds={"MSO-06": "met major", "DONE-2": "met"},
                status="result-needs-action",
                plan="keep",
                gap="create",
            ),
            case(
                "Z87.310, healed osteoporosis fracture",
                (*EVA, condition(icd("Z87.310"), recorded="2020-01-01")),
                finds={"MSO-06": "met major", "DONE-2": "met"},
                status="result-needs-action",
            ),
            case(
                "M80.08XA at 12",
                (woman(born="1996-01-01"), ms(), coded("M80.08XA", "2008-02-01")),
                **NOT,
            ),
        ),
    ),
)

test_fractures = holds(SPECS)
