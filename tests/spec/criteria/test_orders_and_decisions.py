"""Open orders, a person's no, and what breaks it."""

from typing import Any

from tests.lib.patients import (
    MODIFIED,
    bmi,
    concept,
    condition,
    cpt,
    dxa,
    dxa_appointment,
    dxa_done,
    dxa_order,
    edss,
    icd,
    loinc,
    ms,
    ordered,
    procedure,
    report,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import Spec, case, holds, told

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2025-01-01"))
# Ida is 55 and thin: due, but without any criterion that breaks a no.
IDA = (woman(born="1971-06-01"), ms(), edss(4.0, on="2025-01-01"), bmi(18.0, on="2025-06-01"))
WAITING = {"finds": {"DONE-4": "met"}, "status": "ordered-waiting", "plan": "keep"}
DUE = {"status": "due", "plan": "create"}
OPEN = {"status": "could-not-determine", "plan": "keep"}
REFUSED = concept(icd("Z53.20"))
DECLINED = {"status": "declined", "plan": "keep"}
QUIET = {"status": "snoozed", "plan": "keep"}
BROKEN = {"status": "due", "plan": "create"}
WHEELCHAIR = snomed("105503008")


def rejected(chart: tuple, on: str, **more: Any) -> tuple:
    """Told a week before, rejected on that day, the Flag taken down."""
    week_before = f"{on[:8]}{int(on[8:]) - 7:02d}"
    return told(*chart, on=week_before, flag="inactive", task="rejected", changed=on, **more)


NO = rejected(IDA, "2026-08-22")

SPECS = (
    Spec(
        "An open order for a DXA",
        "Active and at most 6 months old: ordered, waiting. Older: due again, and the alert says"
        " “ordered, not done”.",
        "DONE-4",
        (
            case("ordered today", (*ANNA, dxa_order(on="2026-11-22")), **WAITING),
            case(
                "ordered 2026-05-22, 6 months ago", (*ANNA, dxa_order(on="2026-05-22")), **WAITING
            ),
            case(
                "ordered 2026-05-21, a day more",
                (*ANNA, dxa_order(on="2026-05-21")),
                **DUE,
                finds={"DONE-4": "not-met"},
                says=("ordered, not done",),
            ),
            case(
                "ordered some time in 2026",
                (*ANNA, dxa_order(on="2026")),
                **OPEN,
                finds={"DONE-4": "unknown"},
            ),
            case("ordered, no date", (*ANNA, dxa_order(on=None)), **OPEN),
            case("ordered with a date of tomorrow", (*ANNA, dxa_order(on="2026-11-23")), **DUE),
            case(
                "only proposed (our own kind)",
                (*ANNA, dxa_order(on="2026-11-01", intent="proposal")),
                **DUE,
            ),
            case("only planned", (*ANNA, dxa_order(on="2026-11-01", intent="plan")), **DUE),
            case(
                "an intent that nobody knows",
                (*ANNA, dxa_order(on="2026-11-01", intent="perhaps")),
                **OPEN,
            ),
            case("no intent", (*ANNA, dxa_order(on="2026-11-01", intent=None)), **OPEN),
            case(
                "a status that nobody knows",
                (*ANNA, dxa_order(on="2026-11-01", status="ok")),
                **OPEN,
            ),
            *(
                case(
                    f"a status that nobody knows, {day}: {what}",
                    (*ANNA, dxa_order(on=day, status="unknown")),
                    **expected,
                )
                for day, what, expected in (
                    ("2026-05-22", "6 months ago", OPEN),
                    ("2026-05-21", "a day more", DUE),
                    ("2015-01-01", "long ago", DUE),
                    ("2026", "perhaps inside", OPEN),
                    (None, "no date", OPEN),
                )
            ),
            case(
                "a status that nobody knows, 2015, in words",
                (*ANNA, dxa_order(on="2015-01-01", status="unknown")),
                **DUE,
                says=("not understood, and too long ago",),
                says_not=("ordered, not done",),
            ),
            case(
                "an intent that nobody knows, 2015",
                (*ANNA, dxa_order(on="2015-01-01", intent="perhaps")),
                **DUE,
            ),
            case(
                "with a modifierExtension: it may mean something else",
                (*ANNA, dxa_order(on="2026-11-01", modifierExtension=MODIFIED)),
                **OPEN,
                reports=("modifierExtension",),
            ),
            case("a draft", (*ANNA, dxa_order(on="2026-11-01", status="draft")), **DUE),
            case(
                "revoked without a reason",
                (*ANNA, dxa_order(on="2026-11-01", status="revoked")),
                **DUE,
            ),
            case(
                "entered in error",
                (*ANNA, dxa_order(on="2026-11-01", status="entered-in-error")),
                **DUE,
            ),
            case(
                "an order not to do it",
                (*ANNA, dxa_order(on="2026-11-01", doNotPerform=True)),
                **DUE,
            ),
            case(
                "ordered in May, done in June, its interval over",
                (*ANNA, dxa_order(on="2024-05-01"), dxa_done(on="2024-06-01")),
                **DUE,
                finds={"DONE-4": "not-met"},
            ),
            case(
                "ordered again after a scan whose interval is over",
                (*ANNA, dxa_done(on="2024-06-01"), dxa_order(on="2026-11-01")),
                **WAITING,
            ),
            case(
                "this EHR gives no orders of anybody: not required, so due",
                ANNA,
                unread=("ServiceRequest",),
                **DUE,
                finds={"DONE-4": "unknown"},
            ),
            case(
                "the orders of this person were withheld: one may be among them, so nobody is told",
                ANNA,
                withheld=("ServiceRequest",),
                status="could-not-determine",
                plan="keep",
                finds={"DONE-4": "unknown"},
            ),
        ),
    ),
    Spec(
        "A scan that says which order it was based on",
        "It closes that order, whatever the dates say; one that is not finished closes nothing.",
        "DONE-4",
        (
            case(
                "ordered 2026-11-01, and a report of an older date that is based on the order",
                (
                    *ANNA,
                    dxa_order(on="2026-11-01", id="order"),
                    report(
                        loinc("38268-9"),
                        on="2024-10-01",
                        basedOn=[{"reference": "ServiceRequest/order"}],
                    ),
                ),
                **DUE,
                finds={"DONE-4": "not-met"},
            ),
            case(
                "ordered without a date, and a DXA of 2024-10-01 based on the order",
                (
                    *ANNA,
                    dxa_order(on=None, id="order"),
                    dxa_done(on="2024-10-01", basedOn=[{"reference": "ServiceRequest/order"}]),
                ),
                **DUE,
            ),
            case(
                "ordered 2026-11-01, and a T-score of 2024-10-01 based on the order",
                (
                    *ANNA,
                    dxa_order(on="2026-11-01", id="order"),
                    dxa(t=0.5, on="2024-10-01", basedOn=[{"reference": "ServiceRequest/order"}]),
                ),
                **DUE,
            ),
            case(
                "… based on another order",
                (
                    *ANNA,
                    dxa_order(on="2026-11-01", id="order"),
                    dxa_done(on="2024-10-01", basedOn=[{"reference": "ServiceRequest/other"}]),
                ),
                **WAITING,
            ),
            *(
                case(
                    f"… based on the order, the report {words}",
                    (
                        *ANNA,
                        dxa_order(on="2026-11-01", id="order"),
                        report(
                            loinc("38268-9"),
                            on="2026-11-10",
                            status=status,
                            basedOn=[{"reference": "ServiceRequest/order"}],
                        ),
                    ),
                    **WAITING,
                )
                for status, words in (
                    ("preliminary", "preliminary"),
                    ("entered-in-error", "entered in error"),
                )
            ),
            case(
                "… based on the order, a peripheral scan",
                (
                    *ANNA,
                    dxa_order(on="2026-11-01", id="order"),
                    procedure(
                        cpt("77081"),
                        on="2026-11-10",
                        basedOn=[{"reference": "ServiceRequest/order"}],
                    ),
                ),
                **WAITING,
            ),
        ),
    ),
    Spec(
        "An appointment for a DXA",
        "Booked for today or later, it counts as an order. It is read from files, and from an EHR"
        " where the protocol asks for it.",
        "DONE-4",
        (
            case("booked for tomorrow", (*ANNA, dxa_appointment(on="2026-11-23")), **WAITING),
            case("booked for today", (*ANNA, dxa_appointment(on="2026-11-22")), **WAITING),
            case(
                "booked for yesterday",
                (*ANNA, dxa_appointment(on="2026-11-21")),
                **DUE,
                finds={"DONE-4": "not-met"},
                says=("DXA appointment, 2026-11-21 (past)",),
            ),
            *(
                case(
                    f"status {status}",
                    (*ANNA, dxa_appointment(on="2026-11-30", status=status)),
                    **expected,
                )
                for status, expected in (
                    ("pending", WAITING),
                    ("arrived", WAITING),
                    ("checked-in", WAITING),
                    ("proposed", DUE),
                    ("waitlist", DUE),
                    ("fulfilled", DUE),
                    ("cancelled", DUE),
                    ("noshow", DUE),
                    ("entered-in-error", DUE),
                    ("perhaps", OPEN),
                )
            ),
            case("booked without a day", (*ANNA, dxa_appointment(on=None)), **OPEN),
            case(
                "booked for some time in 2026: past or ahead",
                (*ANNA, dxa_appointment(on="2026")),
                **OPEN,
            ),
            case(
                "pending, asked for between 2026-12-01 and 2026-12-10",
                (
                    *ANNA,
                    dxa_appointment(
                        on=None,
                        status="pending",
                        requestedPeriod=[{"start": "2026-12-01", "end": "2026-12-10"}],
                    ),
                ),
                **WAITING,
            ),
            case(
                "appointments were asked for and refused: not required, so due",
                ANNA,
                unread=("Appointment",),
                **DUE,
                finds={"DONE-4": "unknown"},
            ),
            case(
                "booked for something else",
                (*ANNA, dxa_appointment(on="2026-11-30", code=loinc("8867-4"))),
                **DUE,
            ),
            case(
                "booked for something that only names the order, which is 8 months old",
                (
                    *ANNA,
                    dxa_order(on="2026-03-22", id="order"),
                    dxa_appointment(
                        on="2026-11-30",
                        code=loinc("8867-4"),
                        basedOn=[{"reference": "ServiceRequest/order"}],
                    ),
                ),
                **WAITING,
            ),
            case(
                "booked for something that names another order",
                (
                    *ANNA,
                    dxa_appointment(
                        on="2026-11-30",
                        code=loinc("8867-4"),
                        basedOn=[{"reference": "ServiceRequest/other"}],
                    ),
                ),
                **DUE,
            ),
            case(
                "the reason is a DXA",
                (
                    *ANNA,
                    dxa_appointment(
                        on="2026-11-30",
                        code=loinc("8867-4"),
                        reasonCode=[concept(cpt("77080"))],
                    ),
                ),
                **WAITING,
            ),
        ),
    ),
    Spec(
        "The patient said no, in the chart",
        "A DXA not done, or an order taken back, with a refusal reason: declined for 12 months.",
        "DECISION",
        (
            case(
                "a DXA not done on 2026-01-10, Z53.20",
                (*ANNA, dxa_done(on="2026-01-10", status="not-done", statusReason=REFUSED)),
                **DECLINED,
            ),
            case(
                "an order of 2026-01-10 revoked, Z53.20",
                (*ANNA, dxa_order(on="2026-01-10", status="revoked", reasonCode=[REFUSED])),
                **DECLINED,
            ),
            case(
                "an order revoked with the reason in the statusReason extension",
                (
                    *ANNA,
                    dxa_order(
                        on="2026-01-10",
                        status="revoked",
                        extension=[
                            {
                                "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
                                "valueCodeableConcept": REFUSED,
                            }
                        ],
                    ),
                ),
                **DECLINED,
            ),
            case(
                "some time in 2026",
                (*ANNA, dxa_done(on="2026", status="not-done", statusReason=REFUSED)),
                **DECLINED,
            ),
            case(
                "2025-11-23: 12 months end tomorrow",
                (*ANNA, dxa_done(on="2025-11-23", status="not-done", statusReason=REFUSED)),
                **DECLINED,
            ),
            case(
                "2025-11-22: 12 months end today",
                (*ANNA, dxa_done(on="2025-11-22", status="not-done", statusReason=REFUSED)),
                **DUE,
            ),
            case(
                "not done for another reason (the machine)",
                (
                    *ANNA,
                    dxa_done(
                        on="2026-01-10",
                        status="not-done",
                        statusReason=concept(text="machine broken"),
                    ),
                ),
                **DUE,
            ),
            case(
                "not done, without a date: reported",
                (*ANNA, dxa_done(on=None, status="not-done", statusReason=REFUSED)),
                **DUE,
                reports=("refusal without a date",),
            ),
            case(
                "not done, with the day of recording by QI-Core",
                (
                    *ANNA,
                    dxa_done(
                        on=None,
                        status="not-done",
                        statusReason=REFUSED,
                        extension=[
                            {
                                "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-recorded",
                                "valueDateTime": "2026-01-10",
                            }
                        ],
                    ),
                ),
                **DECLINED,
            ),
            case(
                "dated 9999, which is no date",
                (*ANNA, dxa_done(on="9999-12-31", status="not-done", statusReason=REFUSED)),
                **DUE,
            ),
        ),
    ),
    Spec(
        "A person said no to the alert",
        "Snoozed for 12 months; declined where the reason says that it was the patient.",
        "DECISION",
        (
            case("Task rejected 3 months ago", (*IDA, *NO), **QUIET),
            case(
                "Task rejected 3 months ago because the patient refused",
                (*IDA, *rejected(IDA, "2026-08-22", because=icd("Z53.20"))),
                **DECLINED,
            ),
            case(
                "Task rejected on 2025-11-23: 12 months end tomorrow",
                (*IDA, *rejected(IDA, "2025-11-23")),
                **QUIET,
            ),
            case(
                "Task rejected on 2025-11-22: 12 months end today",
                (*IDA, *rejected(IDA, "2025-11-22")),
                **DUE,
            ),
            case(
                "Flag taken down by a person, Task left",
                (*IDA, *told(*IDA, on="2026-08-15", flag="inactive", changed="2026-08-22")),
                **QUIET,
            ),
        ),
    ),
    Spec(
        "What breaks a no",
        "A new fracture (MSO-06), or MSO-02, MSO-04 or MSO-08 becoming true. Nothing minor.",
        "DECISION",
        (
            case(
                "rejected 3 months ago, then a hip fracture",
                (*IDA, *NO, condition(icd("S72.001A"), onset="2026-11-10")),
                **BROKEN,
                example="25",
            ),
            case(
                "a hip fracture before the no",
                (*IDA, *NO, condition(icd("S72.001A"), onset="2026-08-01")),
                **QUIET,
            ),
            case(
                "a hip fracture some time in 2026: before or after the no",
                (*IDA, *NO, condition(icd("S72.001A"), onset="2026")),
                **QUIET,
            ),
            case(
                "a follow-up of a fracture from before the no",
                (
                    *IDA,
                    *NO,
                    condition(icd("S72.001A"), onset="2026-08-01"),
                    condition(icd("S72.001D"), onset="2026-10-01"),
                ),
                **QUIET,
            ),
            case(
                "a fracture by great force",
                (
                    *IDA,
                    *NO,
                    condition(icd("S72.001A"), onset="2026-11-10"),
                    condition(icd("W13.9XXA"), onset="2026-11-10"),
                ),
                **QUIET,
            ),
            case("EDSS 6.0 since October", (*IDA, *NO, edss(6.0, on="2026-10-01")), **BROKEN),
            case(
                "EDSS 6.5 before the no and 7.0 after it",
                (*ANNA, *rejected(ANNA, "2026-08-22"), edss(7.0, on="2026-10-01")),
                **QUIET,
            ),
            case(
                "a wheelchair since October",
                (*IDA, *NO, condition(WHEELCHAIR, recorded="2026-10-01")),
                **BROKEN,
            ),
            case(
                "sustained glucocorticoid since July: 90 days in October",
                (
                    *IDA,
                    *NO,
                    ordered(
                        "prednisone 5 mg oral tablet",
                        on="2026-07-10",
                        mg_daily=5,
                        since="2026-07-10",
                        until="2026-11-22",
                        status="completed",
                    ),
                ),
                **BROKEN,
            ),
            case("low vitamin D", (*IDA, *NO, vitamin_d(12, "ng/mL", on="2026-10-01")), **QUIET),
            case("a lower weight", (*IDA, *NO, bmi(16.0, on="2026-10-01")), **QUIET),
            case(
                "the patient refused, then EDSS 6.0",
                (
                    *IDA,
                    dxa_done(on="2026-08-22", status="not-done", statusReason=REFUSED),
                    edss(6.0, on="2026-10-01"),
                ),
                **BROKEN,
            ),
            case(
                "a no to the alert does not hide an untreated osteoporosis",
                (*IDA, *NO, dxa(t=-2.7, on="2026-10-01")),
                status="result-needs-action",
                plan="keep",
                gap="create",
            ),
        ),
    ),
)

test_orders_and_decisions = holds(SPECS)
