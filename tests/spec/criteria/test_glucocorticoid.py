"""MSO-08: a systemic glucocorticoid for long."""

from tests.lib.patients import condition, dispensed, given, icd, ordered, weight
from tests.spec.book import MARA, Spec, case, holds

DUE = {"finds": {"MSO-08": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-08": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-08": "unknown"}, "status": "not-at-risk"}
TABLET = "prednisone 5 mg oral tablet"
PULSE = "methylprednisolone 1000 mg injection"


def prednisone(mg: float, since: str, until: str) -> dict:
    return ordered(TABLET, on=since, mg_daily=mg, since=since, until=until, status="completed")


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
)

test_sustained_glucocorticoid = holds(SPECS)
