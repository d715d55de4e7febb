"""Which status holds first, and what each does to an alert."""

from tests.lib.patients import (
    bmi,
    concept,
    condition,
    dxa,
    dxa_appointment,
    dxa_done,
    dxa_order,
    edss,
    icd,
    ms,
    ordered,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import MARA, Case, Spec, case, holds, told

WOMAN = woman(born="1986-06-01")
ANNA = (WOMAN, ms(), edss(6.5, on="2024-12-01"))
DEAD = (woman(born="1986-06-01", deceasedBoolean=True), *ANNA[1:])
OSTEOPOROSIS = condition(icd("M81.0"), recorded="2024-05-01")
REFUSAL = dxa_done(on="2026-08-22", status="not-done", statusReason=concept(icd("Z53.20")))
SCAN = dxa(t=-0.5, on="2026-05-01")
UNREADABLE = edss(6.5, on="2024-12-01")
ORDER = dxa_order(on="2026-11-01")
APPOINTMENT = dxa_appointment(on="2026-12-15")

MISTAKEN = (WOMAN, ms(), ANNA[2] | {"status": "entered-in-error"}, edss(2.0, on="2024-10-01"))
CALM = (WOMAN, ms(), edss(2.0, on="2024-12-01"))
CHAIR = snomed("58938008")
WHEELCHAIR = condition(icd("Z99.3"), recorded="2026-03-01")

OPEN = told(*ANNA, on="2025-01-03", changed="2025-01-03")
LAPSED = told(*ANNA, on="2025-01-03", flag="inactive", task="rejected", changed="2025-01-10")
PREDNISONE = ordered("prednisone", on="2026-03-01", mg_daily=5, since="2026-03-01")
TWO_MINOR = (bmi(19.0, on="2026-03-01"), vitamin_d(40, "nmol/L", on="2026-03-01"))
CHAIR_IN_USE = (
    {
        "resourceType": "DeviceUseStatement",
        "status": "active",
        "device": {"reference": "#chair"},
        "contained": [{"resourceType": "Device", "id": "chair", "type": concept(CHAIR)}],
    },
)
CLOSED = ("keep", "resolve", "keep")
KEPT = ("keep", "keep", "keep")


def forgetful(alert: tuple) -> tuple:
    """The same Flag and Task without the extension that says what the alert rests on."""
    return tuple(
        {**r, "extension": [e for e in r["extension"] if not e["url"].endswith("/alert-reasons")]}
        for r in alert
    )


def row(
    what: str, chart: tuple, status: str, plans: tuple, writes: str = "", unread: tuple = ()
) -> tuple[Case, ...]:
    """The three cells of one row: no alert, ours open since 2025-01-03, one dismissed long ago."""
    none, ours, dismissed = plans
    more = {"writes": writes} if writes else {}
    return (
        case(f"{what}; no alert", chart, status=status, plan=none, unread=unread),
        case(
            f"{what}; our alert is open",
            (*chart, *OPEN),
            status=status,
            plan=ours,
            unread=unread,
            **more,
        ),
        case(
            f"{what}; dismissed in January 2025, lapsed since",
            (*chart, *LAPSED),
            status=status,
            plan=dismissed,
            unread=unread,
        ),
    )


SPECS = (
    Spec(
        "Which status holds: the first of the list",
        "Each line has all that stands below it as well, so that only the order decides.",
        "STATUS",
        (
            case(
                "MS refuted, deceased, osteoporosis, refused, scanned, ordered",
                (
                    DEAD[0],
                    ms(verification="refuted"),
                    edss(6.5, on="2024-12-01"),
                    OSTEOPOROSIS,
                    REFUSAL,
                    SCAN,
                    ORDER,
                ),
                status="not-in-cohort",
            ),
            case(
                "deceased, osteoporosis, refused, scanned, ordered",
                (*DEAD, OSTEOPOROSIS, REFUSAL, SCAN, ORDER),
                status="excluded",
            ),
            case(
                "osteoporosis untreated, refused, scanned, ordered",
                (*ANNA, OSTEOPOROSIS, REFUSAL, SCAN, ORDER),
                status="result-needs-action",
            ),
            case("refused, scanned, ordered", (*ANNA, REFUSAL, SCAN, ORDER), status="declined"),
            case(
                "osteoporosis on therapy, refused",
                (*ANNA, OSTEOPOROSIS, ordered("alendronate 70 mg", on="2026-10-01"), REFUSAL),
                status="declined",
            ),
            case(
                "osteoporosis on therapy, ordered",
                (*ANNA, OSTEOPOROSIS, ordered("alendronate 70 mg", on="2026-10-01"), ORDER),
                status="satisfied",
            ),
            case(
                "scanned, ordered, and the medicines were refused",
                (*ANNA, SCAN, ORDER),
                unread=("MedicationRequest",),
                status="satisfied",
            ),
            case(
                "ordered, and the medicines were refused",
                (*ANNA, ORDER),
                unread=("MedicationRequest",),
                status="could-not-determine",
            ),
            case("ordered, decision rule reached", (*ANNA, ORDER), status="ordered-waiting"),
            case("decision rule reached", ANNA, status="due"),
            case("ordered, decision rule not reached", (*MARA, ORDER), status="not-at-risk"),
            *(
                case(f"{kind} was refused", ANNA, unread=(kind,), status="could-not-determine")
                for kind in (
                    "Patient",
                    "Condition",
                    "MedicationRequest",
                    "Observation",
                    "Procedure",
                    "DiagnosticReport",
                )
            ),
            *(
                case(
                    f"{kind} was refused: listed, and changes no status",
                    ANNA,
                    unread=(kind,),
                    status="due",
                )
                for kind in (
                    "ServiceRequest",
                    "MedicationDispense",
                    "MedicationAdministration",
                    "MedicationStatement",
                    "Device",
                    "DeviceUseStatement",
                )
            ),
        ),
    ),
    Spec(
        "A type that this EHR gives of others, and withholds of this person",
        "What was withheld may be the order or the therapy that speaks against an alert: none is"
        " opened. A type that this EHR gives of nobody changes no status (section 7).",
        "STATUS",
        (
            *(
                case(
                    f"{kind} is withheld: it may speak against an alert",
                    ANNA,
                    withheld=(kind,),
                    status="could-not-determine",
                    plan="keep",
                )
                for kind in (
                    "ServiceRequest",
                    "Appointment",
                    "MedicationDispense",
                    "MedicationAdministration",
                    "MedicationStatement",
                )
            ),
            *(
                case(
                    f"{kind} is withheld: it can only speak for an alert",
                    ANNA,
                    withheld=(kind,),
                    status="due",
                )
                for kind in ("Device", "DeviceUseStatement", "FamilyMemberHistory")
            ),
            case(
                "orders are withheld, and a scan is inside its interval",
                (*ANNA, SCAN),
                withheld=("ServiceRequest",),
                status="satisfied",
            ),
            case(
                "orders are withheld, and an appointment for a scan is booked",
                (*ANNA, APPOINTMENT),
                withheld=("ServiceRequest",),
                status="ordered-waiting",
            ),
            case(
                "dispenses are withheld, and a therapy is ordered",
                (*ANNA, ordered("alendronate 70 mg", on="2026-10-01")),
                withheld=("MedicationDispense",),
                status="satisfied",
            ),
            case(
                "osteoporosis without a therapy on file; dispenses are withheld",
                (*ANNA, OSTEOPOROSIS),
                withheld=("MedicationDispense",),
                status="could-not-determine",
                gap=None,
            ),
            case(
                "osteoporosis without a therapy on file; this EHR gives no dispenses of anybody",
                (*ANNA, OSTEOPOROSIS),
                unread=("MedicationDispense",),
                status="result-needs-action",
                gap="create",
            ),
            case(
                "orders are withheld; our alert is open",
                (*ANNA, *OPEN),
                withheld=("ServiceRequest",),
                status="could-not-determine",
                plan="keep",
                writes=None,
            ),
        ),
    ),
    Spec(
        "What each status does to an alert",
        "Rows of the plan table: with no alert open, with ours open, with one that a person"
        " dismissed and whose span has lapsed.",
        "PLAN",
        (
            *row("due", ANNA, "due", ("create", "keep", "create")),
            *row("ordered-waiting", (*ANNA, ORDER), "ordered-waiting", KEPT),
            *row("could-not-determine", ANNA, "could-not-determine", KEPT, unread=("Procedure",)),
            *row("satisfied", (*ANNA, SCAN), "satisfied", CLOSED, "Flag inactive, Task completed"),
            *row(
                "due-soon",
                (*ANNA, dxa(t=-0.5, on="2024-12-22")),
                "due-soon",
                CLOSED,
                "Flag inactive, Task completed",
            ),
            *row("not-at-risk", MARA, "not-at-risk", CLOSED, "Flag inactive, Task cancelled"),
            *row("excluded", DEAD, "excluded", CLOSED, "Flag inactive, Task cancelled"),
            *row("declined", (*ANNA, REFUSAL), "declined", CLOSED, "Flag inactive"),
            *row(
                "not in the cohort, MS refuted",
                (WOMAN, ms(verification="refuted"), edss(6.5, on="2024-12-01")),
                "not-in-cohort",
                ("keep", "withdraw", "keep"),
                "Flag entered-in-error, Task cancelled",
            ),
            *row(
                "not in the cohort, MS entered in error",
                (WOMAN, ms(verification="entered-in-error"), edss(6.5, on="2024-12-01")),
                "not-in-cohort",
                ("keep", "withdraw", "keep"),
                "Flag entered-in-error, Task cancelled",
            ),
            *row(
                "not in the cohort, MS resolved",
                (WOMAN, ms(clinical="resolved"), edss(6.5, on="2024-12-01")),
                "not-in-cohort",
                KEPT,
            ),
            *row(
                "not in the cohort, MS refuted, and the medicines were refused",
                (WOMAN, ms(verification="refuted"), edss(6.5, on="2024-12-01")),
                "not-in-cohort",
                ("keep", "withdraw", "keep"),
                unread=("MedicationRequest",),
            ),
            case(
                "result-needs-action; no alert",
                (*ANNA, OSTEOPOROSIS),
                status="result-needs-action",
                plan="keep",
                gap="create",
                writes="Task requested",
            ),
            case(
                "result-needs-action; our screening alert is open",
                (*ANNA, OSTEOPOROSIS, *OPEN),
                status="result-needs-action",
                plan="resolve",
                gap="create",
            ),
            case(
                "result-needs-action; dismissed",
                (*ANNA, OSTEOPOROSIS, *LAPSED),
                status="result-needs-action",
                plan="keep",
                gap="create",
            ),
            case(
                "snoozed: dismissed in August 2026, Flag down",
                (
                    *ANNA,
                    *told(
                        *ANNA,
                        on="2026-08-15",
                        flag="inactive",
                        task="rejected",
                        changed="2026-08-22",
                    ),
                ),
                status="snoozed",
                plan="keep",
                writes=None,
            ),
            case(
                "snoozed: rejected in August 2026, the Flag still up: the Flag goes",
                (*ANNA, *told(*ANNA, on="2026-08-15", task="rejected", changed="2026-08-22")),
                status="snoozed",
                plan="resolve",
                writes="Flag inactive",
            ),
        ),
    ),
    Spec(
        "Due, and told before",
        "Nothing is written twice; what changed is updated; what a person changed stays.",
        "PLAN",
        (
            case(
                "told yesterday, nothing changed",
                (*ANNA, *told(*ANNA, on="2026-11-21", changed="2026-11-21")),
                status="due",
                plan="keep",
                writes=None,
                example="32",
            ),
            case(
                "told yesterday, and today a low weight as well",
                (
                    *ANNA,
                    condition(icd("Z68.1"), recorded="2026-11-22"),
                    *told(*ANNA, on="2026-11-21", changed="2026-11-21"),
                ),
                status="due",
                plan="update",
                writes="Flag active, Task requested",
            ),
            case(
                "told yesterday, and somebody works on it",
                (*ANNA, *told(*ANNA, on="2026-11-21", task="in-progress", changed="2026-11-21")),
                status="due",
                plan="keep",
                writes=None,
            ),
            case(
                "… and the DXA is done: their Task is completed",
                (
                    *ANNA,
                    SCAN,
                    *told(*ANNA, on="2026-11-21", task="in-progress", changed="2026-11-21"),
                ),
                status="satisfied",
                plan="resolve",
                writes="Flag inactive, Task completed",
            ),
            case(
                "the evidence has an id that FHIR does not allow: told in words all the same",
                (WOMAN, ms(), edss(6.5, on="2026-09-01") | {"id": "edss_1"}),
                status="due",
                plan="create",
                writes="Flag active, Task requested",
            ),
            case(
                "a person completed the Task, no scan is visible: their word stands",
                (*ANNA, *told(*ANNA, on="2026-08-15", task="completed", changed="2026-08-22")),
                status="due",
                plan="keep",
                writes=None,
            ),
        ),
    ),
    Spec(
        "What an alert rested on was refuted or entered in error",
        "It should never have been there, so it is withdrawn; what merely passed is resolved.",
        "PLAN",
        (
            case(
                "told of EDSS 6.5, which was entered in error",
                (
                    *MISTAKEN,
                    *told(*ANNA, on="2026-11-21", changed="2026-11-21"),
                ),
                status="not-at-risk",
                plan="withdraw",
                writes="Flag entered-in-error, Task cancelled",
            ),
            case(
                "told of a wheelchair, which was refuted",
                (
                    *CALM,
                    condition(icd("Z99.3"), recorded="2026-03-01", verification="refuted"),
                    *told(*CALM, WHEELCHAIR, on="2026-11-21", changed="2026-11-21"),
                ),
                status="not-at-risk",
                plan="withdraw",
                writes="Flag entered-in-error, Task cancelled",
            ),
            case(
                "told of EDSS 6.5, and it is 3.0 since",
                (
                    *ANNA,
                    edss(3.0, on="2026-11-22"),
                    *told(*ANNA, on="2026-11-21", changed="2026-11-21"),
                ),
                status="not-at-risk",
                plan="resolve",
                writes="Flag inactive, Task cancelled",
            ),
            case(
                "told of EDSS 6.5; a low vitamin D, which alone is too little, was in error",
                (
                    *ANNA,
                    edss(3.0, on="2026-11-22"),
                    vitamin_d(10, "ng/mL", on="2026-01-01", status="entered-in-error"),
                    *told(*ANNA, on="2026-11-21", changed="2026-11-21"),
                ),
                status="not-at-risk",
                plan="resolve",
                writes="Flag inactive, Task cancelled",
            ),
            case(
                "EDSS 6.5 entered in error, no alert",
                MISTAKEN,
                status="not-at-risk",
                plan="keep",
                writes=None,
            ),
            case(
                "told of the treatment gap; the osteoporosis was entered in error",
                (
                    *MARA,
                    condition(icd("M81.0"), recorded="2024-05-01", verification="entered-in-error"),
                    *told(*MARA, OSTEOPOROSIS, on="2026-11-01", changed="2026-11-01"),
                ),
                status="not-at-risk",
                plan="keep",
                gap="withdraw",
                writes="Task cancelled",
            ),
            case(
                "told of the treatment gap; the osteoporosis is gone from the chart: not treated",
                (*MARA, *told(*MARA, OSTEOPOROSIS, on="2026-11-01", changed="2026-11-01")),
                status="not-at-risk",
                plan="keep",
                gap="resolve",
                writes="Task cancelled",
            ),
        ),
    ),
    Spec(
        "The treatment gap has its own row of the same table",
        "Its own Task, closed by therapy; a no to one alert is no answer to the other.",
        "PLAN",
        (
            case(
                "told of the gap, still untreated",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    *told(*MARA, OSTEOPOROSIS, on="2026-11-01", changed="2026-11-01"),
                ),
                status="result-needs-action",
                plan="keep",
                gap="keep",
                writes=None,
            ),
            case(
                "told of the gap, treated since",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    ordered("alendronate 70 mg", on="2026-11-10"),
                    *told(*MARA, OSTEOPOROSIS, on="2026-11-01", changed="2026-11-01"),
                ),
                status="satisfied",
                plan="keep",
                gap="resolve",
                writes="Task completed",
            ),
            case(
                "told of the gap, and the medicines cannot be read any more",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    *told(*MARA, OSTEOPOROSIS, on="2026-11-01", changed="2026-11-01"),
                ),
                unread=("MedicationRequest",),
                status="could-not-determine",
                gap="keep",
            ),
            case(
                "told of the gap, rejected in August",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    *told(
                        *MARA,
                        OSTEOPOROSIS,
                        on="2026-08-15",
                        flag="inactive",
                        task="rejected",
                        changed="2026-08-22",
                    ),
                ),
                status="result-needs-action",
                gap="keep",
                writes=None,
            ),
            case(
                "told of the gap, rejected more than 12 months ago",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    *told(
                        *MARA,
                        OSTEOPOROSIS,
                        on="2025-08-15",
                        flag="inactive",
                        task="rejected",
                        changed="2025-08-22",
                    ),
                ),
                status="result-needs-action",
                gap="create",
            ),
            case(
                "told of the gap, the DXA refused, and hospice care of unknown date since",
                (
                    *MARA,
                    OSTEOPOROSIS,
                    REFUSAL,
                    condition(snomed("385763009")),
                    *told(*MARA, OSTEOPOROSIS, on="2026-08-15", changed="2026-08-15"),
                ),
                status="declined",
                gap="keep",
            ),
        ),
    ),
    Spec(
        "An alert is not closed while what it rests on has become unknown",
        "The alert remembers its risk factors. One that nobody can tell any more, because the EHR"
        " refuses the type or a dose cannot be told, is not one that has gone.",
        "PLAN",
        (
            case(
                "told of prednisone in August, 5 mg a day since March; the order no longer says a"
                " dose",
                (
                    *MARA,
                    ordered("prednisone", on="2026-03-01", since="2026-03-01"),
                    *told(*MARA, PREDNISONE, on="2026-08-15", changed="2026-08-15"),
                ),
                finds={"MSO-08": "unknown"},
                status="not-at-risk",
                plan="keep",
                writes=None,
            ),
            case(
                "the same, and the order has gone",
                (*MARA, *told(*MARA, PREDNISONE, on="2026-08-15", changed="2026-08-15")),
                finds={"MSO-08": "not-met"},
                status="not-at-risk",
                plan="resolve",
            ),
            case(
                "told of a wheelchair in use; statements of devices are refused",
                (*MARA, *told(*MARA, *CHAIR_IN_USE, on="2026-08-15", changed="2026-08-15")),
                unread=("DeviceUseStatement",),
                finds={"MSO-04": "unknown"},
                status="not-at-risk",
                plan="keep",
            ),
            case(
                "told of EDSS 6.5, now 2.0; this EHR has never shown a device",
                (*CALM, *told(*ANNA, on="2025-01-03", changed="2025-01-03")),
                unread=("Device", "DeviceUseStatement"),
                finds={"MSO-02": "not-met", "MSO-04": "unknown"},
                status="not-at-risk",
                plan="resolve",
            ),
            case(
                "told of EDSS 6.5 by a version that remembered no reasons; devices are refused",
                (*CALM, *forgetful(told(*ANNA, on="2025-01-03", changed="2025-01-03"))),
                unread=("Device", "DeviceUseStatement"),
                status="not-at-risk",
                plan="keep",
            ),
            case(
                "told of BMI 19.0 and vitamin D 40 nmol/L; the BMI is 22 now, the vitamin D has no"
                " unit",
                (
                    *MARA,
                    bmi(22.0, on="2026-10-01"),
                    vitamin_d(40, None, on="2026-10-01"),
                    *told(*MARA, *TWO_MINOR, on="2026-08-15", changed="2026-08-15"),
                ),
                finds={"MSO-10": "not-met", "MSO-11": "unknown"},
                status="not-at-risk",
                plan="resolve",
            ),
            case(
                "the same, but the BMI is 19.0 still",
                (
                    *MARA,
                    TWO_MINOR[0],
                    vitamin_d(40, None, on="2026-10-01"),
                    *told(*MARA, *TWO_MINOR, on="2026-08-15", changed="2026-08-15"),
                ),
                finds={"MSO-10": "met minor", "MSO-11": "unknown"},
                status="not-at-risk",
                plan="keep",
            ),
            case(
                "told of EDSS 6.5, which was entered in error, and of prednisone, whose dose can no"
                " longer be told",
                (
                    *MISTAKEN,
                    ordered("prednisone", on="2026-03-01", since="2026-03-01"),
                    *told(*ANNA, PREDNISONE, on="2026-08-15", changed="2026-08-15"),
                ),
                finds={"MSO-02": "not-met", "MSO-08": "unknown"},
                status="not-at-risk",
                plan="keep",
            ),
            case(
                "told of EDSS 6.5; a second reason has become unknown, the EDSS stands",
                (
                    *ANNA,
                    ordered("prednisone", on="2026-03-01", since="2026-03-01"),
                    *told(*ANNA, PREDNISONE, on="2026-08-15", changed="2026-08-15"),
                ),
                finds={"MSO-02": "met major", "MSO-08": "unknown"},
                status="due",
                plan="update",
            ),
        ),
    ),
)

test_statuses_and_plan = holds(SPECS)
