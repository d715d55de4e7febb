"""MSO-08: a systemic glucocorticoid for long. MSO-09: pulses, and a high cumulative dose."""

from typing import Any

from tests.lib.patients import (
    Code,
    concept,
    condition,
    dispensed,
    given,
    icd,
    ordered,
    rxnorm,
    vitamin_d,
    weight,
)
from tests.spec.book import MARA, Spec, case, holds

DUE = {"finds": {"MSO-08": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-08": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-08": "unknown"}, "status": "not-at-risk"}
TABLET = "prednisone 5 mg oral tablet"
PULSE = "methylprednisolone 1000 mg injection"
ACTH = "corticotropin injection gel 80 units/ml"
MINOR = {"finds": {"MSO-09": "met minor"}, "status": "not-at-risk"}
FEW = {"finds": {"MSO-09": "not-met"}, "status": "not-at-risk"}
UNTOLD = {"finds": {"MSO-09": "unknown"}, "status": "not-at-risk"}


def prednisone(mg: float, since: str, until: str) -> dict:
    return ordered(TABLET, on=since, mg_daily=mg, since=since, until=until, status="completed")


def hydrocortisone(mg: float) -> dict:
    """This dose by mouth every day from 2026-03-01 to 2026-06-03, which is 95 days."""
    return ordered(
        "hydrocortisone 10 mg oral tablet",
        on="2026-03-01",
        mg_daily=mg,
        since="2026-03-01",
        until="2026-06-03",
    )


def infused(mg: float, *days: str) -> list[dict]:
    """Methylprednisolone given into a vein, this dose on each of these days."""
    return [given(PULSE, on=day, mg=mg, route="intravenous") for day in days]


def pulses_ordered(since: str, until: str) -> dict:
    """An order of 1,000 mg of methylprednisolone a day from this day to that."""
    return ordered(PULSE, on=since, mg_daily=1000, since=since, until=until, status="completed")


def acth(*days: str) -> list[dict]:
    return [given(ACTH, on=day, route="subcutaneous") for day in days]


def five_grams(medicine: str, route: str | None = "intravenous") -> list[dict]:
    """1,000 mg on each of 5 days, 2026-02-01 to 2026-02-05, under this name, by this route."""
    return [given(medicine, on=day, mg=1000, route=route) for day in FIVE_DAYS]


def ninety_five_days(medicine: str, route: str | None = "oral") -> dict:
    """5 mg every day from 2026-03-01 to 2026-06-03 under this name, by this route."""
    return ordered(
        medicine,
        on="2026-03-01",
        mg_daily=5,
        since="2026-03-01",
        until="2026-06-03",
        route=route,
    )


def instructed(medicine: Code | str, on: str, *instructions: dict, **elements: Any) -> dict:
    """An order with these dosage instructions as they stand."""
    return ordered(medicine, on=on, **elements) | {"dosageInstruction": list(instructions)}


def daily(value: float, unit: str, **repeat: Any) -> dict:
    """An instruction: this dose once a day."""
    return {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **repeat}},
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
    }


ORAL = {"route": concept(text="oral")}
FEBRUARY = ("2026-02-01", "2026-02-02", "2026-02-03")
MAY = ("2026-05-01", "2026-05-02", "2026-05-03")
JULY = ("2026-07-01", "2026-07-02", "2026-07-03")
FIVE_DAYS = ("2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04", "2026-02-05")

SPECS = (
    Spec(
        "At least 90 days in a year, at least 2.5 mg prednisone-equivalent on average",
        "The year is the 365 days that end on the day of judgement, both ends included.",
        "MSO-08",
        (
            case(
                "2.5 mg daily for 95 days",
                (*MARA, prednisone(2.5, "2026-03-01", "2026-06-03")),
                **DUE,
                example="9",
            ),
            case(
                "2.5 mg daily for 90 days",
                (*MARA, prednisone(2.5, "2026-03-01", "2026-05-29")),
                **DUE,
            ),
            case(
                "2.5 mg daily for 89 days",
                (*MARA, prednisone(2.5, "2026-03-01", "2026-05-28")),
                **NOT,
                example="9",
            ),
            case(
                "2.4 mg daily for 95 days",
                (*MARA, prednisone(2.4, "2026-03-01", "2026-06-03")),
                **NOT,
            ),
            case(
                "5 mg for 45 days and, months later, for 45 days again",
                (
                    *MARA,
                    prednisone(5, "2026-01-01", "2026-02-14"),
                    prednisone(5, "2026-06-01", "2026-07-15"),
                ),
                **DUE,
            ),
            case(
                "90 days of which the first lies 365 days back (2025-11-22)",
                (*MARA, prednisone(5, "2025-11-22", "2026-02-19")),
                **NOT,
            ),
            case(
                "90 days of which the first is the first of the year (2025-11-23)",
                (*MARA, prednisone(5, "2025-11-23", "2026-02-20")),
                **DUE,
            ),
            case(
                "90 days of which the last is tomorrow",
                (*MARA, prednisone(5, "2026-08-26", "2026-11-23")),
                **NOT,
            ),
            case(
                "90 days of which the last is today",
                (*MARA, prednisone(5, "2026-08-25", "2026-11-22")),
                **DUE,
            ),
            case(
                "methylprednisolone 2 mg daily for 95 days: worth 2.5 mg",
                (
                    *MARA,
                    ordered(
                        "methylprednisolone 2 mg tablet",
                        on="2026-03-01",
                        mg_daily=2,
                        since="2026-03-01",
                        until="2026-06-03",
                    ),
                ),
                **DUE,
            ),
            case(
                "an order of 5 mg without an end, written 2026-08-01: until today",
                (*MARA, ordered(TABLET, on="2026-08-01", mg_daily=5)),
                **DUE,
            ),
            case(
                "an order of 5 mg without an end, written 2025-11-01 and never renewed",
                (*MARA, ordered(TABLET, on="2025-11-01", mg_daily=5)),
                **UNKNOWN,
            ),
            case(
                "1 g methylprednisolone on three days, twice in a year: no sustained exposure",
                (
                    *MARA,
                    [
                        given(PULSE, on=f"2026-0{m}-0{d}", mg=1000, route="intravenous")
                        for m in (2, 7)
                        for d in (1, 2, 3)
                    ],
                ),
                **NOT,
                example="5",
            ),
        ),
    ),
    Spec(
        "What does not count, and what cannot be judged",
        "Local forms never count. A systemic dose that cannot be told is unknown, never zero.",
        "MSO-08",
        (
            case(
                "budesonide inhaler for a year",
                (
                    *MARA,
                    ordered(
                        "budesonide 0.2 mg inhaler",
                        on="2026-01-01",
                        mg_daily=0.4,
                        route="inhalation",
                    ),
                ),
                **NOT,
                example="10",
            ),
            case(
                "triamcinolone mouth paste",
                (*MARA, ordered("triamcinolone 0.1 % oral paste", on="2026-06-01", mg_daily=5)),
                **NOT,
                example="10",
            ),
            case(
                "prednisolone eye drops",
                (
                    *MARA,
                    ordered(
                        "prednisolone 10 mg/ml eye drops",
                        on="2026-06-01",
                        mg_daily=5,
                        route="ophthalmic",
                    ),
                ),
                **NOT,
                example="10",
            ),
            case(
                "prednisone without any dose", (*MARA, ordered(TABLET, on="2026-06-01")), **UNKNOWN
            ),
            case(
                "only planned (intent plan)",
                (*MARA, ordered(TABLET, on="2026-03-01", mg_daily=5, intent="plan")),
                **NOT,
            ),
            case(
                "cancelled",
                (*MARA, ordered(TABLET, on="2026-03-01", mg_daily=5, status="cancelled")),
                **NOT,
            ),
            case(
                "do not give",
                (*MARA, ordered(TABLET, on="2026-03-01", mg_daily=5, doNotPerform=True)),
                **NOT,
            ),
            case(
                "a status that nobody knows",
                (*MARA, ordered(TABLET, on="2026-03-01", mg_daily=5, status="unknown")),
                **UNKNOWN,
            ),
            case(
                "readable for 95 days, with an unreadable one beside it",
                (
                    *MARA,
                    prednisone(5, "2026-03-01", "2026-06-03"),
                    ordered("dexamethasone", on="2026-06-01", route="oral"),
                ),
                **DUE,
            ),
            case(
                "0.1 mg per kg daily for 95 days, and no weight",
                (
                    *MARA,
                    ordered(TABLET, on="2026-03-01", since="2026-03-01", until="2026-06-03")
                    | {
                        "dosageInstruction": [
                            {
                                "timing": {
                                    "repeat": {
                                        "frequency": 1,
                                        "period": 1,
                                        "periodUnit": "d",
                                        "boundsPeriod": {
                                            "start": "2026-03-01",
                                            "end": "2026-06-03",
                                        },
                                    }
                                },
                                "doseAndRate": [{"doseQuantity": {"value": 0.1, "unit": "mg/kg"}}],
                            }
                        ]
                    },
                ),
                **UNKNOWN,
            ),
            case(
                "0.1 mg per kg daily for 95 days, at 60 kg",
                (
                    *MARA,
                    weight(60, on="2026-03-01"),
                    ordered(TABLET, on="2026-03-01")
                    | {
                        "dosageInstruction": [
                            {
                                "timing": {
                                    "repeat": {
                                        "frequency": 1,
                                        "period": 1,
                                        "periodUnit": "d",
                                        "boundsPeriod": {
                                            "start": "2026-03-01",
                                            "end": "2026-06-03",
                                        },
                                    }
                                },
                                "doseAndRate": [{"doseQuantity": {"value": 0.1, "unit": "mg/kg"}}],
                            }
                        ]
                    },
                ),
                **DUE,
            ),
            case(
                "medicines were refused",
                MARA,
                unread=("MedicationRequest",),
                finds={"MSO-08": "unknown"},
                status="could-not-determine",
                plan="keep",
                example="27",
            ),
            case(
                "only the dispenses were refused: shown, and nothing more",
                MARA,
                unread=("MedicationDispense",),
                **UNKNOWN,
            ),
            case(
                "ordered and dispensed, 60 days each for the same days: counted once",
                (
                    *MARA,
                    prednisone(5, "2026-03-01", "2026-04-29"),
                    dispensed(TABLET, on="2026-03-01", days=60),
                ),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Replacement in adrenal insufficiency",
        "At most 30 mg of hydrocortisone a day, or as much cortisone, is no exposure with the"
        " diagnosis on file.",
        "MSO-08",
        (
            case(
                "30 mg hydrocortisone daily for 95 days, and E27.1 on file",
                (*MARA, hydrocortisone(30), condition(icd("E27.1"), recorded="2020-05-01")),
                **NOT,
            ),
            case(
                "20 mg hydrocortisone daily for 95 days, and E27.40 on file",
                (*MARA, hydrocortisone(20), condition(icd("E27.40"), recorded="2020-05-01")),
                **NOT,
            ),
            case(
                "31 mg hydrocortisone daily for 95 days, and E27.1 on file",
                (*MARA, hydrocortisone(31), condition(icd("E27.1"), recorded="2020-05-01")),
                **DUE,
            ),
            case(
                "30 mg hydrocortisone daily for 95 days, without that diagnosis",
                (*MARA, hydrocortisone(30)),
                **DUE,
            ),
            case(
                "30 mg hydrocortisone daily for 95 days, and E27.1 refuted",
                (
                    *MARA,
                    hydrocortisone(30),
                    condition(icd("E27.1"), recorded="2020-05-01", verification="refuted"),
                ),
                **DUE,
            ),
            case(
                "30 mg hydrocortisone daily for 95 days, and E27.1 resolved",
                (
                    *MARA,
                    hydrocortisone(30),
                    condition(icd("E27.1"), recorded="2020-05-01", clinical="resolved"),
                ),
                **DUE,
            ),
            case(
                "5 mg prednisone daily for 95 days, and E27.1 on file: not replacement here",
                (
                    *MARA,
                    prednisone(5, "2026-03-01", "2026-06-03"),
                    condition(icd("E27.1"), recorded="2020-05-01"),
                ),
                **DUE,
            ),
        ),
    ),
    Spec(
        "Z79.52, long-term systemic steroid",
        "Counts alone for 12 months from the day on which it was recorded.",
        "MSO-08",
        (
            case(
                "recorded 2025-11-22, 12 months ago",
                (*MARA, condition(icd("Z79.52"), recorded="2025-11-22")),
                **DUE,
            ),
            case(
                "recorded 2025-11-21, a day more",
                (*MARA, condition(icd("Z79.52"), recorded="2025-11-21")),
                **NOT,
            ),
            case(
                "recorded some time in 2025",
                (*MARA, condition(icd("Z79.52"), recorded="2025")),
                **UNKNOWN,
            ),
            case("without a date", (*MARA, condition(icd("Z79.52"))), **UNKNOWN),
            case(
                "since 2020, but the recording is dated tomorrow",
                (*MARA, condition(icd("Z79.52"), onset="2020-01-01", recorded="2026-11-23")),
                **NOT,
            ),
            case(
                "refuted",
                (*MARA, condition(icd("Z79.52"), recorded="2026-06-01", verification="refuted")),
                **NOT,
            ),
            case(
                "Z79.51, which is inhaled",
                (*MARA, condition(icd("Z79.51"), recorded="2026-06-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Relapse courses, and whether they make 5,000 mg prednisone-equivalent in a year",
        "Methylprednisolone counts 1.25-fold. MSO-09 is MINOR and never enough alone; its evidence"
        " is disputed.",
        "MSO-09",
        (
            case(
                "1 g methylprednisolone into a vein on 3 days: 3,750 mg",
                (*MARA, infused(1000, *FEBRUARY)),
                **FEW,
            ),
            case(
                "1 g methylprednisolone into a vein on 3 days, twice: 7,500 mg",
                (*MARA, infused(1000, *FEBRUARY), infused(1000, *JULY)),
                **MINOR,
                example="5",
            ),
            case(
                "1 g methylprednisolone into a vein on 5 days: 6,250 mg",
                (*MARA, infused(1000, *FIVE_DAYS)),
                **MINOR,
            ),
            case(
                "500 mg methylprednisolone by mouth on 5 days: 3,125 mg",
                (
                    *MARA,
                    ordered(
                        "methylprednisolone 100 mg tablet",
                        on="2026-02-01",
                        mg_daily=500,
                        since="2026-02-01",
                        until="2026-02-05",
                    ),
                ),
                **FEW,
            ),
            case(
                "500 mg methylprednisolone by mouth on 5 days, twice: 6,250 mg",
                (
                    *MARA,
                    [
                        ordered(
                            "methylprednisolone 100 mg tablet",
                            on=first,
                            mg_daily=500,
                            since=first,
                            until=last,
                        )
                        for first, last in (
                            ("2026-02-01", "2026-02-05"),
                            ("2026-07-01", "2026-07-05"),
                        )
                    ],
                ),
                **MINOR,
            ),
            case(
                "1,250 mg prednisone by mouth on 3 days: 3,750 mg",
                (*MARA, prednisone(1250, "2026-02-01", "2026-02-03")),
                **FEW,
            ),
            case(
                "1,250 mg prednisone by mouth on 3 days, twice: 7,500 mg",
                (
                    *MARA,
                    prednisone(1250, "2026-02-01", "2026-02-03"),
                    prednisone(1250, "2026-07-01", "2026-07-03"),
                ),
                **MINOR,
            ),
            case(
                "4,999 mg prednisone in the year",
                (*MARA, prednisone(4999, "2026-02-01", "2026-02-01")),
                **FEW,
            ),
            case(
                "5,000 mg prednisone in the year",
                (*MARA, prednisone(5000, "2026-02-01", "2026-02-01")),
                **MINOR,
            ),
            case(
                "5,001 mg prednisone in the year",
                (*MARA, prednisone(5001, "2026-02-01", "2026-02-01")),
                **MINOR,
            ),
            case(
                "4 g methylprednisolone in the year: exactly 5,000 mg",
                (*MARA, infused(1000, *FEBRUARY, "2026-02-04")),
                **MINOR,
            ),
            case(
                "two courses of 3 g and vitamin D 19 ng/mL: two MINOR, two domains",
                (
                    *MARA,
                    infused(1000, *FEBRUARY),
                    infused(1000, *JULY),
                    vitamin_d(19, "ng/mL", on="2026-03-01"),
                ),
                finds={"MSO-09": "met minor", "MSO-11": "met minor"},
                status="due",
                plan="create",
                example="6",
            ),
            case(
                "two courses of 3 g and vitamin D 52 nmol/L",
                (
                    *MARA,
                    infused(1000, *FEBRUARY),
                    infused(1000, *JULY),
                    vitamin_d(52, "nmol/L", on="2026-03-01"),
                ),
                finds={"MSO-09": "met minor", "MSO-11": "not-met"},
                status="not-at-risk",
                example="7",
            ),
            case(
                "60 mg prednisone daily for 90 days: MSO-08 and MSO-09 share their domain",
                (*MARA, prednisone(60, "2026-03-01", "2026-05-29")),
                finds={"MSO-08": "met major", "MSO-09": "met minor"},
                status="due",
            ),
        ),
    ),
    Spec(
        "At least 3 pulse courses in a year",
        "A pulse day has at least 250 mg prednisone-equivalent; days at most 7 days apart are one"
        " course.",
        "MSO-09",
        (
            case(
                "2 courses: 250 mg prednisone on one day each",
                (
                    *MARA,
                    prednisone(250, "2026-02-01", "2026-02-01"),
                    prednisone(250, "2026-05-01", "2026-05-01"),
                ),
                **FEW,
            ),
            case(
                "3 courses: 250 mg prednisone on one day each",
                (
                    *MARA,
                    prednisone(250, "2026-02-01", "2026-02-01"),
                    prednisone(250, "2026-05-01", "2026-05-01"),
                    prednisone(250, "2026-07-01", "2026-07-01"),
                ),
                **MINOR,
            ),
            case(
                "4 courses: 250 mg prednisone on one day each",
                (
                    *MARA,
                    prednisone(250, "2026-02-01", "2026-02-01"),
                    prednisone(250, "2026-05-01", "2026-05-01"),
                    prednisone(250, "2026-07-01", "2026-07-01"),
                    prednisone(250, "2026-09-01", "2026-09-01"),
                ),
                **MINOR,
            ),
            case(
                "3 courses of which one has only 249 mg",
                (
                    *MARA,
                    prednisone(250, "2026-02-01", "2026-02-01"),
                    prednisone(249, "2026-05-01", "2026-05-01"),
                    prednisone(250, "2026-07-01", "2026-07-01"),
                ),
                **FEW,
            ),
            case(
                "3 courses: 200 mg methylprednisolone on one day each, worth 250 mg",
                (*MARA, infused(200, "2026-02-01", "2026-05-01", "2026-07-01")),
                **MINOR,
            ),
            case(
                "125 mg methylprednisolone twice on each of 3 days: 312.5 mg a day",
                (
                    *MARA,
                    infused(125, "2026-02-01", "2026-05-01", "2026-07-01"),
                    infused(125, "2026-02-01", "2026-05-01", "2026-07-01"),
                ),
                **MINOR,
            ),
            case(
                "the second pulse day 7 days after the first: one course, two in all",
                (*MARA, infused(500, "2026-02-01", "2026-02-08", "2026-07-01")),
                **FEW,
            ),
            case(
                "the second pulse day 8 days after the first: two courses, three in all",
                (*MARA, infused(500, "2026-02-01", "2026-02-09", "2026-07-01")),
                **MINOR,
            ),
            case(
                "three courses, the first 365 days back (2025-11-22)",
                (*MARA, infused(500, "2025-11-22", "2026-02-01", "2026-07-01")),
                **FEW,
            ),
            case(
                "three courses, the first on the first day of the year (2025-11-23)",
                (*MARA, infused(500, "2025-11-23", "2026-02-01", "2026-07-01")),
                **MINOR,
            ),
            case(
                "three courses, the first a day inside the year (2025-11-24)",
                (*MARA, infused(500, "2025-11-24", "2026-02-01", "2026-07-01")),
                **MINOR,
            ),
            case(
                "three courses, the last today (2026-11-22)",
                (*MARA, infused(500, "2026-02-01", "2026-07-01", "2026-11-22")),
                **MINOR,
            ),
            case(
                "three courses, the last dated tomorrow (2026-11-23)",
                (*MARA, infused(500, "2026-02-01", "2026-07-01", "2026-11-23")),
                **FEW,
            ),
            case(
                "3 g each in five earlier years: the lifetime sum is shown and not scored",
                (
                    *MARA,
                    [
                        infused(1000, f"{year}-02-01", f"{year}-02-02", f"{year}-02-03")
                        for year in (2020, 2021, 2022, 2023, 2024)
                    ],
                ),
                **FEW,
                says=("lifetime sum since 2020-02-01: 18.8 g", "shown and not scored"),
            ),
        ),
    ),
    Spec(
        "Corticotropin (ACTH)",
        "One series, with gaps of at most 7 days, is one pulse course; it has no dose in"
        " prednisone-equivalent.",
        "MSO-09",
        (
            case(
                "three series in a year",
                (*MARA, acth("2026-02-01", "2026-02-02"), acth("2026-05-01"), acth("2026-07-01")),
                **MINOR,
            ),
            case(
                "two series in a year",
                (*MARA, acth("2026-02-01", "2026-02-02"), acth("2026-07-01")),
                **FEW,
            ),
            case(
                "days 7 days apart are one series",
                (*MARA, acth("2026-02-01", "2026-02-08", "2026-02-15", "2026-07-01")),
                **FEW,
            ),
            case(
                "days 8 days apart are two series, three in all",
                (*MARA, acth("2026-02-01", "2026-02-09", "2026-07-01")),
                **MINOR,
            ),
            case(
                "one series beside two pulse courses",
                (*MARA, acth("2026-09-01"), infused(1000, "2026-02-01"), infused(1000, *JULY[:1])),
                **MINOR,
            ),
            case(
                "three series that were cancelled or never given",
                (
                    *MARA,
                    [
                        given(ACTH, on=day, status="not-done")
                        for day in ("2026-02-01", "2026-05-01", "2026-07-01")
                    ],
                ),
                **FEW,
            ),
            case(
                "an order of 2026-09-01 that is over, without an end",
                (*MARA, ordered(ACTH, on="2026-09-01", status="completed")),
                **UNTOLD,
            ),
        ),
    ),
    Spec(
        "The same dose twice on file, and the shapes in which a course is written",
        "Ordered, dispensed, given and stated are one dose; the record closest to the patient"
        " counts.",
        "MSO-09",
        (
            case(
                "3 g ordered, and the same 3 g given: 3,750 mg, not 7,500",
                (
                    *MARA,
                    ordered(
                        PULSE,
                        on="2026-02-01",
                        mg_daily=1000,
                        since="2026-02-01",
                        until="2026-02-03",
                        status="completed",
                    ),
                    infused(1000, *FEBRUARY),
                ),
                **FEW,
                example="11",
            ),
            case(
                "5 g ordered, and the same 5 g given: met once, on 5 days",
                (
                    *MARA,
                    ordered(
                        PULSE,
                        on="2026-02-01",
                        mg_daily=1000,
                        since="2026-02-01",
                        until="2026-02-05",
                        status="completed",
                    ),
                    infused(1000, *FIVE_DAYS),
                ),
                **MINOR,
                says=(
                    "on 5 days from 2026-02-01 to 2026-02-05",
                    "lifetime sum since 2026-02-01: 6.25 g",
                ),
                example="11",
            ),
            case(
                "3 doses ordered on 2026-02-01 and given from 2026-02-02 on are 3 doses",
                (
                    *MARA,
                    instructed(
                        PULSE, "2026-02-01", daily(1, "g", count=3), status="completed", id="order"
                    ),
                    [
                        given(
                            PULSE,
                            on=day,
                            mg=1000,
                            request={"reference": "MedicationRequest/order"},
                        )
                        for day in ("2026-02-02", "2026-02-03", "2026-02-04")
                    ],
                ),
                **FEW,
                says=("on 3 days from 2026-02-02 to 2026-02-04",),
            ),
            case(
                "an order of 1 g daily left open since 2026-02-01, of which 3 doses were given",
                (
                    *MARA,
                    instructed(PULSE, "2026-02-01", daily(1, "g"), id="order"),
                    [
                        given(
                            PULSE,
                            on=day,
                            mg=1000,
                            request={"reference": "MedicationRequest/order"},
                        )
                        for day in FEBRUARY
                    ],
                ),
                **FEW,
            ),
            case(
                "4 g given as one infusion from 2026-02-01 to 2026-02-04",
                (
                    *MARA,
                    given(
                        PULSE,
                        on=None,
                        mg=4000,
                        effectivePeriod={"start": "2026-02-01", "end": "2026-02-04"},
                    ),
                ),
                **MINOR,
                says=("on 4 days from 2026-02-01 to 2026-02-04",),
            ),
            case(
                "1 g per hour over 1 hour on 4 days",
                (
                    *MARA,
                    instructed(
                        PULSE,
                        "2026-02-01",
                        {
                            "timing": {
                                "repeat": {
                                    "frequency": 1,
                                    "period": 1,
                                    "periodUnit": "d",
                                    "count": 4,
                                    "duration": 1,
                                    "durationUnit": "h",
                                }
                            },
                            "doseAndRate": [{"rateQuantity": {"value": 1, "unit": "g/h"}}],
                        },
                    ),
                ),
                **MINOR,
            ),
            case(
                "5 daily doses of 25 tablets of 50 mg prednisone, by count: 6,250 mg",
                (
                    *MARA,
                    instructed(
                        "prednisone 50 mg oral tablet",
                        "2026-02-01",
                        daily(25, "tablet", count=5),
                    ),
                ),
                **MINOR,
            ),
            case(
                "5 daily doses ordered, stopped on the third day (2026-02-03): 3,750 mg",
                (
                    *MARA,
                    instructed(
                        PULSE,
                        "2026-02-01",
                        daily(1, "g", count=5),
                        status="stopped",
                        meta={"lastUpdated": "2026-02-03T09:00:00Z"},
                    ),
                ),
                **FEW,
            ),
            case(
                "a taper in numbered steps: 1,000 mg on 4 days, then 500 mg on 2: 5,000 mg",
                (
                    *MARA,
                    instructed(
                        TABLET,
                        "2026-02-01",
                        daily(1000, "mg", count=4) | {"sequence": 1},
                        daily(500, "mg", count=2) | {"sequence": 2},
                    ),
                ),
                **MINOR,
                says=("on 6 days from 2026-02-01 to 2026-02-06",),
            ),
        ),
    ),
    Spec(
        "What cannot be judged is unknown, never zero",
        "Whatever else is on file, three courses or 5,000 mg that can be read are met.",
        "MSO-09",
        (
            case(
                "a taper written as one text",
                (
                    *MARA,
                    instructed(
                        TABLET,
                        "2026-02-01",
                        {"text": "60 mg for 5 days, then 40 mg for 5 days, then stop"},
                    ),
                ),
                **UNTOLD,
            ),
            case(
                "60 mg for 5 days and 40 mg for 5 days, without dates and without an order",
                (
                    *MARA,
                    instructed(
                        TABLET, "2026-02-01", daily(60, "mg", count=5), daily(40, "mg", count=5)
                    ),
                ),
                **UNTOLD,
            ),
            case(
                "1 tablet daily of a prednisone without a strength",
                (*MARA, instructed("prednisone", "2026-06-01", daily(1, "tablet", count=5))),
                **UNTOLD,
            ),
            case(
                "500 mg per square metre of body surface",
                (*MARA, instructed(PULSE, "2026-06-01", daily(500, "mg/m2", count=3))),
                **UNTOLD,
            ),
            case(
                "an order of 1 g daily without an end, and nothing that says what was given",
                (*MARA, instructed(PULSE, "2026-02-01", daily(1, "g"))),
                finds={"MSO-08": "unknown", "MSO-09": "unknown"},
                status="not-at-risk",
                says=("it is a pulse dose without an end",),
            ),
            case(
                "as needed, without a maximum",
                (
                    *MARA,
                    instructed(
                        TABLET, "2026-06-01", daily(5, "mg", count=5) | {"asNeededBoolean": True}
                    ),
                ),
                **UNTOLD,
            ),
            case(
                "an infusion given without a dose, and two courses that can be read",
                (
                    *MARA,
                    infused(500, "2026-02-01", "2026-07-01"),
                    given(PULSE, on="2026-05-01", route="intravenous"),
                ),
                **UNTOLD,
            ),
            case(
                "an infusion given without a dose 365 days back (2025-11-22)",
                (*MARA, given(PULSE, on="2025-11-22", route="intravenous")),
                **FEW,
            ),
            case(
                "an infusion given without a dose on the first day of the year (2025-11-23)",
                (*MARA, given(PULSE, on="2025-11-23", route="intravenous")),
                **UNTOLD,
            ),
            case(
                "an infusion given without a dose, and three courses that can be read",
                (
                    *MARA,
                    infused(500, "2026-02-01", "2026-05-01", "2026-07-01"),
                    given(PULSE, on="2026-09-01", route="intravenous"),
                ),
                **MINOR,
            ),
            case(
                "budesonide inhaler, triamcinolone mouth paste and prednisolone eye drops",
                (
                    *MARA,
                    ordered("budesonide 0.2 mg inhaler", on="2026-01-01", mg_daily=0.4),
                    ordered("triamcinolone 0.1 % oral paste", on="2026-06-01", mg_daily=5),
                    ordered("prednisolone 10 mg/ml eye drops", on="2026-06-01", mg_daily=5),
                ),
                **FEW,
                example="10",
            ),
            case(
                "6 g planned, not ordered (intent plan)",
                (
                    *MARA,
                    instructed(PULSE, "2026-02-01", daily(1, "g", count=6), intent="plan"),
                ),
                **FEW,
            ),
            case(
                "6 g not given, or entered in error",
                (
                    *MARA,
                    given(PULSE, on="2026-02-01", mg=6000, status="not-done"),
                    given(PULSE, on="2026-02-02", mg=6000, status="entered-in-error"),
                ),
                **FEW,
            ),
            case(
                "one dose of 8 mg dexamethasone at each of three operations",
                (
                    *MARA,
                    [
                        given("dexamethasone", on=day, mg=8, route="intravenous")
                        for day in ("2026-02-01", "2026-05-01", "2026-07-01")
                    ],
                ),
                **FEW,
            ),
            case(
                "orders were refused",
                MARA,
                unread=("MedicationRequest",),
                finds={"MSO-09": "unknown"},
                status="could-not-determine",
                plan="keep",
                example="27",
            ),
            case(
                "administrations were refused: shown, and nothing more",
                MARA,
                unread=("MedicationAdministration",),
                **UNTOLD,
            ),
            case(
                "administrations were refused, and three courses were ordered",
                (
                    *MARA,
                    prednisone(500, "2026-02-01", "2026-02-03"),
                    prednisone(500, "2026-05-01", "2026-05-03"),
                    prednisone(500, "2026-07-01", "2026-07-03"),
                ),
                unread=("MedicationAdministration",),
                **MINOR,
            ),
        ),
    ),
    Spec(
        "An infusion is an infusion whatever it is mixed into",
        "A stated route into vein or muscle wins over the words of a name, and the percentage of a"
        " bag is no sign of a cream. What contradicts itself is unknown, never left out.",
        "MSO-09",
        (
            *(
                case(
                    f"5 x 1 g into a vein, written as '{name}'", (*MARA, five_grams(name)), **MINOR
                )
                for name in (
                    "methylPREDNISolone 1 g in sodium chloride 0.9% 250 mL",
                    "methylprednisolone 1 g in dextrose 5% 250 mL",
                    "methylprednisolone 1g IVPB 0.9% NaCl",
                    "0.9% sodium chloride 250 mL with methylprednisolone 1 g",
                    "methylprednisolone 1 g in 100 mL NS",
                    "methylprednisolone 1 g mini-bag, not for epidural use",
                    "Solu-Medrol 1 g",
                )
            ),
            case(
                "5 x 1 g 'in sodium chloride 0.9% 250 mL', and no route at all",
                (
                    *MARA,
                    five_grams("methylprednisolone 1 g in sodium chloride 0.9% 250 mL", None),
                ),
                **MINOR,
            ),
            case(
                "5 x 1 g into a vein, under the RxNorm code of the ingredient and such a name",
                (
                    *MARA,
                    [
                        dose
                        | {
                            "medicationCodeableConcept": concept(
                                rxnorm("6902"),
                                text="methylPREDNISolone 1 g in sodium chloride 0.9% 250 mL",
                            )
                        }
                        for dose in five_grams("methylprednisolone")
                    ],
                ),
                **MINOR,
            ),
            case(
                "the same ordered, and never recorded as given",
                (
                    *MARA,
                    ordered(
                        "methylprednisolone 1 g in sodium chloride 0.9% 250 mL",
                        on="2026-02-01",
                        mg_daily=1000,
                        since="2026-02-01",
                        until="2026-02-05",
                        route="intravenous",
                        status="completed",
                    ),
                ),
                **MINOR,
            ),
            case(
                "1 g in a bag of sodium chloride 0.9%, by the route 'topical'",
                (
                    *MARA,
                    five_grams("methylprednisolone 1 g in sodium chloride 0.9% 250 mL", "topical"),
                ),
                **UNTOLD,
            ),
            case(
                "prednisolone eye drops, by the route 'intravenous'",
                (*MARA, five_grams("prednisolone eye drops")),
                **UNTOLD,
            ),
            case(
                "prednisolone 1 % eye drops, into the eye",
                (*MARA, five_grams("prednisolone 1 % eye drops", "ophthalmic")),
                **FEW,
            ),
            case(
                "hydrocortisone 1 %, without a route: a cream",
                (*MARA, five_grams("hydrocortisone 1 %", None)),
                **FEW,
            ),
            case(
                "Depo-Medrol, without a route: into a muscle or into a joint",
                (*MARA, five_grams("Depo-Medrol 80 mg", None)),
                **UNTOLD,
            ),
            case(
                "Depo-Medrol into a joint",
                (*MARA, five_grams("Depo-Medrol 80 mg", "intra-articular")),
                **FEW,
            ),
            case(
                "Neo-Medrol, which is a lotion and not among the names",
                (*MARA, five_grams("Neo-Medrol", None)),
                **FEW,
            ),
        ),
    ),
    Spec(
        "A tablet is a tablet whatever its note says",
        "By mouth, a form that is swallowed outweighs a local word; a paste or an inhaler stays"
        " local.",
        "MSO-08",
        (
            *(
                case(
                    f"5 mg by mouth for 95 days, written as '{name}'",
                    (*MARA, ninety_five_days(name)),
                    **DUE,
                )
                for name in (
                    "prednisone 5 MG Oral Tablet (repackaged 100%)",
                    "prednisone 5 mg tablet, with drops of water",
                    "prednisone 5 mg tablet, stop the ointment",
                    "Deltasone 5 mg",
                )
            ),
            *(
                case(
                    f"'{name}', by the route 'oral'",
                    (*MARA, ninety_five_days(name)),
                    **NOT,
                    example="10",
                )
                for name in ("triamcinolone 0.1 % oral paste", "prednisolone inhaler")
            ),
            case(
                "1 tablet daily for 95 days of RxNorm 312617 (5 mg), sent without a name",
                (
                    *MARA,
                    instructed(rxnorm("312617"), "2026-03-01", daily(1, "tablet", count=95) | ORAL),
                ),
                **DUE,
            ),
            case(
                "1 tablet daily for 95 days of RxNorm 8640 (prednisone), of no known strength",
                (
                    *MARA,
                    instructed(rxnorm("8640"), "2026-03-01", daily(1, "tablet", count=95) | ORAL),
                ),
                **UNKNOWN,
            ),
            case(
                "'prednisone 5 mg tablet, stop the ointment', without a route",
                (*MARA, ninety_five_days("prednisone 5 mg tablet, stop the ointment", None)),
                **UNKNOWN,
            ),
            case(
                "'prednisone 5 mg tablet', by the route 'topical'",
                (*MARA, ninety_five_days("prednisone 5 mg tablet", "topical")),
                **UNKNOWN,
            ),
            case(
                "'prednisolone 1 %', by the route 'oral'",
                (*MARA, ninety_five_days("prednisolone 1 %")),
                **UNKNOWN,
            ),
        ),
    ),
    Spec(
        "A pulse course that was not given on the days for which it was ordered",
        "The records name each other seldom. What was given within 7 days of what was ordered is"
        " the same course, and what was given counts.",
        "MSO-09",
        (
            case(
                "1 g ordered for 05-01 to 05-03, given from 05-03 to 05-05: 3 doses",
                (
                    *MARA,
                    pulses_ordered("2026-05-01", "2026-05-03"),
                    infused(1000, "2026-05-03", "2026-05-04", "2026-05-05"),
                ),
                **FEW,
                says=("on 3 days from 2026-05-03 to 2026-05-05",),
                example="11",
            ),
            case(
                "1 g ordered for 05-01 to 05-03, given from 05-10 to 05-12, 7 days after: 3 doses",
                (
                    *MARA,
                    pulses_ordered("2026-05-01", "2026-05-03"),
                    infused(1000, "2026-05-10", "2026-05-11", "2026-05-12"),
                ),
                **FEW,
                says=("on 3 days from 2026-05-10 to 2026-05-12",),
            ),
            case(
                "1 g ordered for 05-01 to 05-03, given from 05-11 on, 8 days after: 6 doses",
                (
                    *MARA,
                    pulses_ordered("2026-05-01", "2026-05-03"),
                    infused(1000, "2026-05-11", "2026-05-12", "2026-05-13"),
                ),
                **MINOR,
            ),
            case(
                "1 g ordered for 05-01 to 05-05, of which 3 were given",
                (
                    *MARA,
                    pulses_ordered("2026-05-01", "2026-05-05"),
                    infused(1000, *MAY),
                ),
                **FEW,
            ),
            case(
                "1 g given on 05-01 to 05-03 as ordered, and ordered again for 05-04 and 05-05",
                (
                    *MARA,
                    pulses_ordered("2026-05-01", "2026-05-03"),
                    pulses_ordered("2026-05-04", "2026-05-05"),
                    infused(1000, *MAY),
                ),
                **MINOR,
                says=("on 5 days from 2026-05-01 to 2026-05-05",),
            ),
        ),
    ),
)

test_glucocorticoid = holds(SPECS)
