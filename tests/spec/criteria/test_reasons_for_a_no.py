"""How long a no stands by its reason, what a wrong diagnosis does, an order that is not done."""

from __future__ import annotations

from typing import Any

from service.ehr.decision_reason import DECISION_REASON_SYSTEM, NON_ADHERENCE_SYSTEM
from tests.lib.patients import (
    Code,
    bmi,
    condition,
    dxa,
    dxa_order,
    edss,
    icd,
    ms,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import Spec, case, holds, told

# Olga is 55; her EDSS of early 2024 makes her due in each of these years.
OLGA = (woman(born="1971-06-01"), ms(), edss(6.5, on="2024-01-01"))
QUIET = {"status": "snoozed", "plan": "keep"}
DECLINED = {"status": "declined", "plan": "keep"}
DUE = {"status": "due", "plan": "create"}


def said(code: str, on: str, **task: Any) -> tuple:
    """Told on the first of that month, rejected with a code of HL7's on that day."""
    reason = Code(NON_ADHERENCE_SYSTEM, code)
    flag, rejected = told(
        *OLGA, on=f"{on[:8]}01", flag="inactive", task="rejected", changed=on, because=reason
    )
    return (*OLGA, flag, {**rejected, **task})


def on_hold(on: str, **task: Any) -> tuple:
    """Told on the first of that month, put on hold on that day."""
    flag, held = told(*OLGA, on=f"{on[:8]}01", flag="inactive", task="on-hold", changed=on)
    return (*OLGA, flag, {**held, **task})


def called_wrong(on: str = "2026-08-22", flag: str = "inactive") -> tuple:
    """Told, and rejected because this is no multiple sclerosis."""
    wrong = Code(DECISION_REASON_SYSTEM, "wrong-diagnosis")
    return told(*OLGA, on=f"{on[:8]}01", flag=flag, task="rejected", changed=on, because=wrong)


def spans(code: str, months: int, before: str, on: str, then: dict[str, Any]) -> tuple:
    """A no whose span ends tomorrow, and one whose span ends today."""
    return (
        case(f"{code}, {before}: {months} months end tomorrow", said(code, before), **then),
        case(f"{code}, {on}: {months} months end today", said(code, on), **DUE),
    )


def done_elsewhere(code: str, on: str, done: str) -> tuple:
    """A no with the day on which the scan was done."""
    return said(code, on, executionPeriod={"end": done})


WRONG = (*OLGA, *called_wrong())
INELIGIBLE = said("patient-ineligible", "2024-12-22")
CONTRAINDICATED = said("patient-contraindication", "2024-12-22")
ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2025-01-01"))
ORDERED = dxa_order(on="2026-03-22")

SPECS = (
    Spec(
        "How long a no stands, by its reason",
        "The codes are HL7's. Only the patient's own no is declined; without a code, or with one"
        " that nobody knows, it is taken as “not appropriate”: 12 months.",
        "DECISION",
        (
            *spans("patient-refuses", 12, "2025-11-23", "2025-11-22", DECLINED),
            *spans("prefers-alternative", 12, "2025-11-23", "2025-11-22", DECLINED),
            *spans("recipient-does-not-trust", 12, "2025-11-23", "2025-11-22", QUIET),
            *spans("no-such-code", 12, "2025-11-23", "2025-11-22", QUIET),
            *spans("limited-time", 3, "2026-08-23", "2026-08-22", QUIET),
            *spans("indication-order-exists", 6, "2026-05-23", "2026-05-22", QUIET),
            *spans("action-completed", 24, "2024-11-23", "2024-11-22", QUIET),
            *spans("service-not-available", 12, "2025-11-23", "2025-11-22", QUIET),
            *spans("inappropriate-recipient", 1, "2026-10-23", "2026-10-22", QUIET),
        ),
    ),
    Spec(
        "Done elsewhere, with the day of the scan",
        "The interval of a scan of unknown result from that day on, and never less than 3 months"
        " from the answer.",
        "DECISION",
        (
            case(
                "done 2024-11-23: 24 months end tomorrow",
                done_elsewhere("action-completed", "2026-08-12", "2024-11-23"),
                **QUIET,
            ),
            case(
                "done 2024-11-22: 24 months end today",
                done_elsewhere("action-completed", "2026-08-12", "2024-11-22"),
                **DUE,
            ),
            case(
                "done in 2020, said on 2026-08-23: 3 months end tomorrow",
                done_elsewhere("action-completed", "2026-08-23", "2020-01-01"),
                **QUIET,
            ),
            case(
                "done in 2020, said on 2026-08-22: 3 months end today",
                done_elsewhere("action-completed", "2026-08-22", "2020-01-01"),
                **DUE,
            ),
            case(
                "a day that belongs to another reason changes nothing",
                done_elsewhere("patient-refuses", "2026-08-12", "2020-01-01"),
                **DECLINED,
            ),
        ),
    ),
    Spec(
        "Snoozed until the next visit",
        "A Task on hold waits until the day that the person set, else 12 months; then it is asked"
        " for again.",
        "DECISION",
        (
            case(
                "on hold until tomorrow",
                on_hold("2026-08-22", restriction={"period": {"end": "2026-11-23"}}),
                **QUIET,
            ),
            case(
                "on hold until today",
                on_hold("2026-08-22", restriction={"period": {"end": "2026-11-22"}}),
                status="due",
                plan="update",
                writes="Flag active, Task requested",
            ),
            case(
                "on hold until a day before it was put on hold: that says nothing",
                on_hold("2026-08-22", restriction={"period": {"end": "2026-08-01"}}),
                **QUIET,
            ),
            case("on hold without a day", on_hold("2026-08-22"), **QUIET),
            case(
                "on hold without a day since 2025-11-22: 12 months end today",
                on_hold("2025-11-22"),
                status="due",
                plan="update",
            ),
            case(
                "rejected, not on hold: a day of the Task's own says nothing",
                said("limited-time", "2026-08-22", restriction={"period": {"end": "2027-11-01"}}),
                **DUE,
            ),
        ),
    ),
    Spec(
        "A no without an end by date",
        "“Does not meet eligibility” stands until a major criterion is new; a contraindication"
        " until the protocol's next major version. A break-through ends both.",
        "DECISION",
        (
            case("not eligible, 23 months ago", INELIGIBLE, **QUIET),
            case(
                "not eligible, then low vitamin D, which is minor",
                (*INELIGIBLE, vitamin_d(12, "ng/mL", on="2026-10-01")),
                **QUIET,
            ),
            case(
                "not eligible, then a BMI of 17, which is major",
                (*INELIGIBLE, bmi(17.0, on="2026-10-01")),
                **DUE,
            ),
            case("a contraindication, 23 months ago", CONTRAINDICATED, **QUIET),
            case(
                "a contraindication, then a BMI of 17",
                (*CONTRAINDICATED, bmi(17.0, on="2026-10-01")),
                **QUIET,
            ),
            case(
                "a contraindication, then a hip fracture",
                (*CONTRAINDICATED, condition(icd("S72.001A"), onset="2026-11-10")),
                **DUE,
            ),
            case(
                "a contraindication, then a wheelchair",
                (*CONTRAINDICATED, condition(snomed("105503008"), recorded="2026-10-01")),
                **DUE,
            ),
        ),
    ),
    Spec(
        "The diagnosis is wrong",
        "The alert is withdrawn and never opens again, whatever else comes, unless a new confirmed"
        " diagnosis of MS is recorded after that day.",
        "DECISION",
        (
            case(
                "rejected with that reason, the Flag still up",
                (*OLGA, *called_wrong(flag="active")),
                status="snoozed",
                plan="withdraw",
                writes="Flag entered-in-error",
            ),
            case("… the Flag down", WRONG, **QUIET),
            case("… 23 months ago", (*OLGA, *called_wrong("2024-12-22")), **QUIET),
            case(
                "… then a hip fracture",
                (*WRONG, condition(icd("S72.001A"), onset="2026-11-10")),
                **QUIET,
            ),
            case(
                "… then osteoporosis without treatment: nobody is told of that either",
                (*WRONG, dxa(t=-2.7, on="2026-10-01")),
                **QUIET,
                gap=None,
            ),
            case(
                "… then MS recorded anew the day after",
                (*WRONG, ms(recorded="2026-08-23")),
                **DUE,
            ),
            case(
                "… and MS recorded a second time on the same day",
                (*WRONG, ms(recorded="2026-08-22")),
                **QUIET,
            ),
            case(
                "… then MS recorded anew, unconfirmed",
                (*WRONG, ms(recorded="2026-09-01", verification="unconfirmed")),
                **QUIET,
            ),
        ),
    ),
    Spec(
        "Ordered, not done, and told already",
        "Who was told hears once that the order was not done: also somebody who completed the Task"
        " while the order waited. What a person completes after that stays completed.",
        "DONE-4",
        (
            case(
                "told in March and not answered, ordered in March",
                (*ANNA, *told(*ANNA, on="2026-03-01", changed="2026-03-01"), ORDERED),
                status="due",
                plan="update",
            ),
            case(
                "told in October that it was not done",
                (*ANNA, *told(*ANNA, ORDERED, on="2026-10-01", changed="2026-10-01"), ORDERED),
                status="due",
                plan="keep",
            ),
            case(
                "Task completed on 2026-09-22, when the order still waited",
                (
                    *ANNA,
                    *told(*ANNA, on="2026-03-01", task="completed", changed="2026-09-22"),
                    ORDERED,
                ),
                status="due",
                plan="update",
                writes="Flag active, Task requested",
            ),
            case(
                "Task completed on 2026-09-23, when the order was too old already",
                (
                    *ANNA,
                    *told(*ANNA, on="2026-03-01", task="completed", changed="2026-09-23"),
                    ORDERED,
                ),
                status="due",
                plan="keep",
            ),
            case(
                "Task rejected since it was ordered, 6 months over: a new alert",
                (*said("indication-order-exists", "2026-03-22"), ORDERED),
                **DUE,
            ),
            case(
                "… and rejected again: that is respected",
                (*said("indication-order-exists", "2026-10-22"), ORDERED),
                **QUIET,
            ),
        ),
    ),
)

test_reasons_for_a_no = holds(SPECS)
