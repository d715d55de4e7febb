"""Who is not screened although they have MS, and who cannot be judged."""

from tests.lib.patients import (
    concept,
    condition,
    edss,
    icd,
    loinc,
    ms,
    observation,
    ordered,
    procedure,
    rxnorm,
    snomed,
    woman,
)
from tests.spec.book import Spec, case, holds

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
OUT = {"status": "excluded", "plan": "keep"}
DUE = {"status": "due", "plan": "create"}
OPEN = {"status": "could-not-determine", "plan": "keep"}
HOSPICE = snomed("385763009")
PREGNANCY_STATUS = loinc("82810-3")


def anna(**elements: object) -> tuple:
    return (woman(born="1986-06-01", **elements), ms(), edss(6.5, on="2026-09-01"))


def born(day: str | None) -> tuple:
    return (woman(born=day), ms(), edss(6.5, on="2026-09-01"))


SPECS = (
    Spec(
        "Deceased, inactive, merged, under 18",
        "Anna has an EDSS of 6.5 and would be due.",
        "EXCL-1 EXCL-2 EXCL-3",
        (
            case(
                "deceased", anna(deceasedBoolean=True), **OUT, finds={"EXCL-1": "met"}, example="24"
            ),
            case("deceased, with a date", anna(deceasedDateTime="2026-01-01"), **OUT),
            case("deceased: no", anna(deceasedBoolean=False), **DUE),
            case("inactive", anna(active=False), **OUT, finds={"EXCL-2": "met"}),
            case("active", anna(active=True), **DUE),
            case(
                "merged into another record",
                anna(link=[{"type": "replaced-by", "other": {"reference": "Patient/q"}}]),
                **OUT,
                says=("merged",),
            ),
            case(
                "replaces another record",
                anna(link=[{"type": "replaces", "other": {"reference": "Patient/q"}}]),
                **DUE,
            ),
            case("18 tomorrow", born("2008-11-23"), **OUT, finds={"EXCL-3": "met"}),
            case("18 today", born("2008-11-22"), **DUE),
            case("17", born("2009-06-01"), **OUT, example="24"),
            case(
                "born some time in 2008: 17 or 18",
                born("2008"),
                **OPEN,
                finds={"EXCL-3": "unknown"},
            ),
            case(
                "birth date missing", born(None), **OPEN, finds={"EXCL-3": "unknown"}, example="24"
            ),
            case("the Patient was refused", ANNA, unread=("Patient",), **OPEN),
        ),
    ),
    Spec(
        "Hospice and terminal care",
        "For 12 months. Palliative care alone never excludes; the alert says so.",
        "EXCL-4",
        (
            case(
                "hospice care as a diagnosis, 2026-01-01",
                (*ANNA, condition(HOSPICE, recorded="2026-01-01")),
                **OUT,
                finds={"EXCL-4": "met"},
                example="24",
            ),
            case(
                "hospice care as a procedure", (*ANNA, procedure(HOSPICE, on="2026-01-01")), **OUT
            ),
            case(
                "hospice care as a procedure in progress",
                (*ANNA, procedure(HOSPICE, on="2026-01-01", status="in-progress")),
                **OUT,
            ),
            case(
                "hospice care as a procedure with a status that nobody knows",
                (*ANNA, procedure(HOSPICE, on="2026-01-01", status="ok")),
                **OPEN,
            ),
            case(
                "hospice care, on purpose not done",
                (*ANNA, procedure(HOSPICE, on="2026-01-01", status="not-done")),
                **DUE,
            ),
            case(
                "hospice care as an observation",
                (*ANNA, observation(HOSPICE, on="2026-01-01")),
                **OUT,
            ),
            case(
                "hospice care as an observation, answered no",
                (*ANNA, observation(HOSPICE, on="2026-01-01", valueBoolean=False)),
                **DUE,
            ),
            case(
                "hospice care as an observation, answered with a sentence",
                (*ANNA, observation(HOSPICE, on="2026-01-01", valueString="discussed")),
                **OPEN,
            ),
            case(
                "hospice care as an answer",
                (
                    *ANNA,
                    observation(
                        loinc("45606-1"), on="2026-01-01", valueCodeableConcept=concept(HOSPICE)
                    ),
                ),
                **OUT,
            ),
            case(
                "2025-11-22, 12 months ago",
                (*ANNA, condition(HOSPICE, recorded="2025-11-22")),
                **OUT,
            ),
            case(
                "2025-11-21, a day more", (*ANNA, condition(HOSPICE, recorded="2025-11-21")), **DUE
            ),
            case(
                "some time in 2025",
                (*ANNA, condition(HOSPICE, recorded="2025")),
                **OPEN,
                finds={"EXCL-4": "unknown"},
            ),
            case("without a date", (*ANNA, condition(HOSPICE)), **OPEN),
            case(
                "refuted",
                (*ANNA, condition(HOSPICE, recorded="2026-01-01", verification="refuted")),
                **DUE,
            ),
            case(
                "palliative care (Z51.5)",
                (*ANNA, condition(icd("Z51.5"), recorded="2026-01-01")),
                **DUE,
            ),
            case(
                "palliative care (103735009) as a procedure",
                (*ANNA, procedure(snomed("103735009"), on="2026-01-01")),
                **DUE,
            ),
        ),
    ),
    Spec(
        "Pregnancy",
        "Active, or recorded in the last 9 months: a DXA is postponed.",
        "EXCL-5",
        (
            case(
                "Z34.90, active",
                (*ANNA, condition(icd("Z34.90"), recorded="2025-01-01")),
                **OUT,
                finds={"EXCL-5": "met"},
            ),
            case("77386006 in SNOMED CT", (*ANNA, condition(snomed("77386006"))), **OUT),
            case(
                "O80, resolved, recorded 2026-02-22: 9 months ago",
                (*ANNA, condition(icd("O80"), recorded="2026-02-22", clinical="resolved")),
                **OUT,
            ),
            case(
                "O80, resolved, recorded 2026-02-21: a day more",
                (*ANNA, condition(icd("O80"), recorded="2026-02-21", clinical="resolved")),
                **DUE,
            ),
            case(
                "O80, resolved, some time in 2026",
                (*ANNA, condition(icd("O80"), recorded="2026", clinical="resolved")),
                **OPEN,
            ),
            case(
                "82810-3 answered with pregnant",
                (
                    *ANNA,
                    observation(
                        PREGNANCY_STATUS,
                        on="2026-09-01",
                        valueCodeableConcept=concept(snomed("77386006")),
                    ),
                ),
                **OUT,
            ),
            case(
                "82810-3 answered otherwise",
                (
                    *ANNA,
                    observation(
                        PREGNANCY_STATUS,
                        on="2026-09-01",
                        valueCodeableConcept=concept(snomed("60001007")),
                    ),
                ),
                **DUE,
            ),
            case(
                "82810-3 answered with pregnant in 2024",
                (
                    *ANNA,
                    observation(
                        PREGNANCY_STATUS,
                        on="2024-09-01",
                        valueCodeableConcept=concept(snomed("77386006")),
                    ),
                ),
                **DUE,
            ),
            case(
                "refuted",
                (*ANNA, condition(icd("Z34.90"), recorded="2026-09-01", verification="refuted")),
                **DUE,
            ),
            case(
                "the diagnoses behind it were refused, the MS too",
                ANNA,
                unread=("Condition",),
                **OPEN,
            ),
            case(
                "the observations were refused",
                (woman(born="1956-06-01"), ms()),
                unread=("Observation",),
                **OPEN,
            ),
        ),
    ),
    Spec(
        "A bone agent at an oncology dose",
        "Suppressed, and shown for review.",
        "EXCL-6",
        (
            case(
                "Xgeva (RxNorm 1046402)",
                (*ANNA, ordered(rxnorm("1046402"), on="2026-10-01")),
                **OUT,
                finds={"EXCL-6": "met"},
                says=("for review",),
                example="23",
            ),
            case("Xgeva by name", (*ANNA, ordered("Xgeva 120 mg", on="2026-10-01")), **OUT),
            case(
                "Zometa by name",
                (*ANNA, ordered("Zometa (zoledronic acid) 4 mg", on="2026-10-01")),
                **OUT,
            ),
            case(
                "2025-05-22, 18 months ago",
                (*ANNA, ordered(rxnorm("1046402"), on="2025-05-22")),
                **OUT,
            ),
            case(
                "2025-05-21, a day more",
                (*ANNA, ordered(rxnorm("1046402"), on="2025-05-21")),
                **DUE,
            ),
            case("from tomorrow on", (*ANNA, ordered(rxnorm("1046402"), on="2026-11-23")), **DUE),
            case(
                "cancelled",
                (*ANNA, ordered(rxnorm("1046402"), on="2026-10-01", status="cancelled")),
                **DUE,
            ),
            case(
                "a status that nobody knows",
                (*ANNA, ordered(rxnorm("1046402"), on="2026-10-01", status="unknown")),
                **OPEN,
            ),
            case("without a date", (*ANNA, ordered(rxnorm("1046402"), on=None)), **OPEN),
            case("some time in 2025", (*ANNA, ordered(rxnorm("1046402"), on="2025")), **OPEN),
        ),
    ),
    Spec(
        "Nothing to judge by",
        "No usable record at all of EDSS or mobility, of BMI, of fractures and of medicines.",
        "GAP-02",
        (
            case(
                "a woman of 70 with MS and nothing else",
                (woman(born="1956-06-01"), ms()),
                **OPEN,
                finds={"GAP-02": "met", "MSO-13": "met major"},
            ),
            case(
                "… with an EDSS of “at least 6.5”",
                (
                    woman(born="1956-06-01"),
                    ms(),
                    observation(
                        snomed("273554001"),
                        on="2026-03-01",
                        valueQuantity={"value": 6.5, "comparator": ">="},
                    ),
                ),
                **DUE,
                finds={"GAP-02": "not-met", "MSO-02": "met major"},
            ),
            case(
                "… with any medicine",
                (woman(born="1956-06-01"), ms(), ordered("paracetamol", on="2020-01-01")),
                **DUE,
                finds={"GAP-02": "not-met"},
            ),
            case(
                "… with a cancelled medicine only",
                (
                    woman(born="1956-06-01"),
                    ms(),
                    ordered("paracetamol", on="2020-01-01", status="cancelled"),
                ),
                **OPEN,
            ),
            case(
                "… with an EDSS",
                (woman(born="1956-06-01"), ms(), edss(1.0, on="2020-01-01")),
                **DUE,
            ),
            case(
                "… with an impossible EDSS only",
                (woman(born="1956-06-01"), ms(), edss(65, on="2020-01-01")),
                **OPEN,
            ),
            case(
                "… with a walking stick",
                (woman(born="1956-06-01"), ms(), condition(snomed("105504002"))),
                **DUE,
            ),
            case(
                "… with a finger fracture",
                (woman(born="1956-06-01"), ms(), condition(icd("S62.600A"), onset="2010-01-01")),
                **DUE,
            ),
            case(
                "… with a BMI",
                (
                    woman(born="1956-06-01"),
                    ms(),
                    observation(loinc("39156-5"), on="2020-01-01", value=24, unit="kg/m2"),
                ),
                **DUE,
            ),
            case(
                "… with a weight and no height",
                (
                    woman(born="1956-06-01"),
                    ms(),
                    observation(loinc("29463-7"), on="2026-01-01", value=70, unit="kg"),
                ),
                **DUE,
            ),
            case(
                "… and medicines were refused",
                (woman(born="1956-06-01"), ms()),
                unread=("MedicationRequest",),
                **OPEN,
                finds={"GAP-02": "unknown"},
            ),
        ),
    ),
)

test_exclusions = holds(SPECS)
