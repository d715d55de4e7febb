"""MSO-15: medicines that act on bone or make people fall."""

from typing import Any

from tests.lib.patients import (
    Code,
    Resource,
    dispensed,
    given,
    man,
    ms,
    ordered,
    rxnorm,
    vitamin_d,
)
from tests.spec.book import MARA, Spec, case, holds

MINOR = {"finds": {"MSO-15": "met minor"}, "status": "not-at-risk"}
MAJOR = {"finds": {"MSO-15": "met major"}, "status": "due", "plan": "create"}
NOT = {"finds": {"MSO-15": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-15": "unknown"}, "status": "not-at-risk"}

CARBAMAZEPINE = "carbamazepine 200 mg oral tablet"
SERTRALINE = "sertraline 50 mg oral tablet"
ZOLPIDEM = "zolpidem 5 mg oral tablet"
OMEPRAZOLE = "omeprazole 20 mg oral capsule"
HEPARIN = "heparin 5000 units/mL injection"
DEPOT = rxnorm("1000126")
LETROZOLE = "letrozole 2.5 mg oral tablet"
LEUPROLIDE = "leuprolide acetate 22.5 mg injection"
LOW_VITAMIN_D = vitamin_d(15, "ng/mL", on="2026-06-01")


def atc(code: str) -> Code:
    return Code("http://www.whocc.no/atc", code)


def taken(medicine: Code | str, since: str, until: str | None, **elements: Any) -> Resource:
    """An order from one day to another, both included; completed where it has an end."""
    elements.setdefault("status", "completed" if until else "active")
    return ordered(medicine, on=since, since=since, until=until, **elements)


def stated(medicine: str, *, since: str, asserted: str) -> Resource:
    """An active MedicationStatement without an end."""
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": medicine},
        "effectivePeriod": {"start": since},
        "dateAsserted": asserted,
    }


def as_needed(order: Resource) -> Resource:
    dosage = order["dosageInstruction"][0] | {"asNeededBoolean": True}
    return order | {"dosageInstruction": [dosage]}


SPECS = (
    Spec(
        "Enzyme-inducing antiepileptics: at least 90 days in a year",
        "Carbamazepine, phenytoin, phenobarbital or primidone, whatever the dose. The year is the"
        " 365 days that end on the day of judgement; the days need not be in a row.",
        "MSO-15",
        (
            case(
                "carbamazepine for 95 days, alone: one MINOR",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03")),
                **MINOR,
                says=("on 95 of the last 365 days (recognised by name)",),
            ),
            case(
                "carbamazepine for 90 days",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-05-29")),
                **MINOR,
            ),
            case(
                "carbamazepine for 89 days",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-05-28")),
                **NOT,
                says=("on 89 of the last 365 days",),
            ),
            case(
                "two times 45 days, months apart",
                (
                    *MARA,
                    taken(CARBAMAZEPINE, "2026-01-01", "2026-02-14"),
                    taken("phenytoin 100 mg oral capsule", "2026-06-01", "2026-07-15"),
                ),
                **MINOR,
            ),
            case(
                "90 days of which the first is the first of the year (2025-11-23)",
                (*MARA, taken(CARBAMAZEPINE, "2025-11-23", "2026-02-20")),
                **MINOR,
            ),
            case(
                "90 days of which the first lies 365 days back (2025-11-22)",
                (*MARA, taken(CARBAMAZEPINE, "2025-11-22", "2026-02-19")),
                **NOT,
            ),
            case(
                "90 days of which the last is tomorrow",
                (*MARA, taken(CARBAMAZEPINE, "2026-08-26", "2026-11-23")),
                **NOT,
            ),
            case(
                "ordered and dispensed for the same 60 days: counted once",
                (
                    *MARA,
                    taken(CARBAMAZEPINE, "2026-03-01", "2026-04-29"),
                    dispensed(CARBAMAZEPINE, on="2026-03-01", days=60),
                ),
                **NOT,
                says=("on 60 of the last 365 days",),
            ),
            case(
                "ordered 2024-03-01 without an end, dispensed last on 2026-10-01: until today",
                (
                    *MARA,
                    taken(CARBAMAZEPINE, "2024-03-01", None),
                    dispensed(CARBAMAZEPINE, on="2026-10-01", days=30),
                ),
                **MINOR,
            ),
            case(
                "ordered 2024-03-01 without an end and never renewed",
                (*MARA, taken(CARBAMAZEPINE, "2024-03-01", None)),
                **UNKNOWN,
                says=("it is active without an end and was not renewed in the last 12 months",),
            ),
            case(
                "ordered 2024-03-01 without an end; another dispense names another order",
                (
                    *MARA,
                    taken(CARBAMAZEPINE, "2024-03-01", None),
                    dispensed(
                        CARBAMAZEPINE,
                        on="2026-10-01",
                        days=30,
                        authorizingPrescription=[{"reference": "MedicationRequest/elsewhere"}],
                    ),
                ),
                **UNKNOWN,
            ),
            case(
                "completed 2026-03-01 with no word of its end: it can have been 90 days",
                (*MARA, ordered(CARBAMAZEPINE, on="2026-03-01", status="completed")),
                **UNKNOWN,
                says=("enzyme-inducing medicine: its end is not stated",),
            ),
            case(
                "completed 2024-12-22 with no word of its end: it was over before 90 days of"
                " the year had passed",
                (*MARA, ordered(CARBAMAZEPINE, on="2024-12-22", status="completed")),
                **NOT,
            ),
            case(
                "for 95 days as ordered, and only as needed",
                (*MARA, as_needed(taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03"))),
                **UNKNOWN,
                says=("taken as needed",),
            ),
            case(
                "without any date",
                (*MARA, ordered(CARBAMAZEPINE, on=None)),
                **UNKNOWN,
                says=("enzyme-inducing medicine: it has no date",),
            ),
            case(
                "with a status that nobody knows",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03", status="unknown")),
                **UNKNOWN,
                says=("its status could not be understood",),
            ),
            case(
                "for 20 days with a status that nobody knows: not enough either way",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-03-20", status="unknown")),
                **NOT,
            ),
            case(
                "in 2015 with a status that nobody knows: too long ago either way",
                (*MARA, taken(CARBAMAZEPINE, "2015-03-01", "2015-06-03", status="unknown")),
                **NOT,
            ),
            case(
                "cancelled",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03", status="cancelled")),
                **NOT,
            ),
            case(
                "only planned",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03", intent="plan")),
                **NOT,
            ),
            case(
                "RxNorm 8691 (primidone) for 95 days",
                (*MARA, taken(rxnorm("8691"), "2026-03-01", "2026-06-03")),
                **MINOR,
            ),
            case(
                "ATC N03AA02 (phenobarbital) for 95 days",
                (*MARA, taken(atc("N03AA02"), "2026-03-01", "2026-06-03")),
                **MINOR,
            ),
            case(
                "gabapentin for a year: no enzyme inducer",
                (*MARA, taken("gabapentin 300 mg oral capsule", "2025-11-01", None)),
                **NOT,
            ),
            case(
                "pregabalin for a year: no enzyme inducer",
                (*MARA, taken("pregabalin 75 mg oral capsule", "2026-01-01", None)),
                **NOT,
            ),
            case(
                "oxcarbazepine for a year: another drug",
                (*MARA, taken("oxcarbazepine 300 mg oral tablet", "2026-01-01", None)),
                **NOT,
            ),
            case(
                "with a low vitamin D: two MINOR of two domains",
                (*MARA, LOW_VITAMIN_D, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03")),
                finds={"MSO-15": "met minor", "MSO-11": "met minor"},
                status="due",
                plan="create",
            ),
            case(
                "with omeprazole for two years: still one MINOR of one domain",
                (
                    *MARA,
                    taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03"),
                    taken(OMEPRAZOLE, "2024-11-01", "2026-11-01"),
                ),
                **MINOR,
            ),
        ),
    ),
    Spec(
        "Antidepressants, and medicines for sleep or anxiety: at least 2 issues in 6 months",
        "An issue is a dispense, or an order of which no dispense is on file, on a date of its own."
        " Where one order lasts, or one supply is large, 60 days in the 6 months count as well. The"
        " two groups are not added together.",
        "MSO-15",
        (
            case(
                "sertraline ordered for 28 days on 2026-07-01 and on 2026-09-01",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-28"),
                    taken(SERTRALINE, "2026-09-01", "2026-09-28"),
                ),
                **MINOR,
                says=("antidepressant: 2 issues and 56 days in the last 6 months",),
            ),
            case(
                "sertraline ordered once for 28 days",
                (*MARA, taken(SERTRALINE, "2026-07-01", "2026-07-28")),
                **NOT,
                says=("antidepressant: 1 issue and 28 days",),
            ),
            case(
                "sertraline ordered once, with no word of its end: it can have been 60 days",
                (*MARA, ordered(SERTRALINE, on="2026-07-01", status="completed")),
                **UNKNOWN,
            ),
            case(
                "three issues of 28 days each",
                (
                    *MARA,
                    [dispensed(SERTRALINE, on=f"2026-0{m}-01", days=28) for m in (7, 8, 9)],
                ),
                **MINOR,
            ),
            case(
                "twice on the same day: one issue",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-28"),
                    taken("trazodone 50 mg oral tablet", "2026-07-01", "2026-07-28"),
                ),
                **NOT,
            ),
            case(
                "dispensed for 28 days on 2026-05-22, 6 months ago, and on 2026-07-01",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-05-22", days=28),
                    dispensed(SERTRALINE, on="2026-07-01", days=28),
                ),
                **MINOR,
            ),
            case(
                "dispensed for 28 days on 2026-05-21, a day more, and on 2026-07-01",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-05-21", days=28),
                    dispensed(SERTRALINE, on="2026-07-01", days=28),
                ),
                **NOT,
            ),
            case(
                "ordered on 2026-07-01 and dispensed on 2026-07-03 without naming the order",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-28"),
                    dispensed(SERTRALINE, on="2026-07-03", days=28),
                ),
                **NOT,
            ),
            case(
                "ordered on 2026-07-01 and dispensed 30 days later: one issue",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-14"),
                    dispensed(SERTRALINE, on="2026-07-31", days=14),
                ),
                **NOT,
            ),
            case(
                "ordered on 2026-07-01 and dispensed 31 days later: two issues",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-14"),
                    dispensed(SERTRALINE, on="2026-08-01", days=14),
                ),
                **MINOR,
            ),
            case(
                "dispensed long after the order that it names: one issue",
                (
                    *MARA,
                    taken(SERTRALINE, "2026-07-01", "2026-07-14") | {"id": "order-1"},
                    dispensed(
                        SERTRALINE,
                        on="2026-09-01",
                        days=14,
                        authorizingPrescription=[{"reference": "MedicationRequest/order-1"}],
                    ),
                ),
                **NOT,
            ),
            case(
                "one order that has lasted since 2026-09-24, 60 days",
                (*MARA, taken(SERTRALINE, "2026-09-24", None)),
                **MINOR,
                says=("antidepressant: 1 issue and 60 days",),
            ),
            case(
                "one order that has lasted since 2026-09-25, 59 days",
                (*MARA, taken(SERTRALINE, "2026-09-25", None)),
                **NOT,
            ),
            case(
                "one order of 30 days with two repeats allowed, written 2026-07-01: 90 days",
                (
                    *MARA,
                    ordered(
                        SERTRALINE,
                        on="2026-07-01",
                        status="completed",
                        dispenseRequest={
                            "numberOfRepeatsAllowed": 2,
                            "expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"},
                        },
                    ),
                ),
                **MINOR,
            ),
            case(
                "one order of 30 days without repeats, written 2026-07-01",
                (
                    *MARA,
                    ordered(
                        SERTRALINE,
                        on="2026-07-01",
                        status="completed",
                        dispenseRequest={
                            "expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"}
                        },
                    ),
                ),
                **NOT,
            ),
            case(
                "one dispense for 90 days",
                (*MARA, dispensed(SERTRALINE, on="2026-07-01", days=90)),
                **MINOR,
            ),
            case(
                "sertraline once and zolpidem once: two groups, one issue each",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-07-01", days=28),
                    dispensed(ZOLPIDEM, on="2026-09-01", days=28),
                ),
                **NOT,
            ),
            case(
                "zolpidem twice",
                (
                    *MARA,
                    dispensed(ZOLPIDEM, on="2026-07-01", days=14),
                    dispensed(ZOLPIDEM, on="2026-09-01", days=14),
                ),
                **MINOR,
                says=("sleeping or anxiety medicine: 2 issues",),
            ),
            case(
                "diazepam twice, as for spasticity",
                (
                    *MARA,
                    dispensed(atc("N05BA01"), on="2026-07-01", days=14),
                    dispensed(atc("N05BA01"), on="2026-09-01", days=14),
                ),
                **MINOR,
            ),
            case(
                "amitriptyline twice, as for pain",
                (
                    *MARA,
                    dispensed("amitriptyline 10 mg oral tablet", on="2026-07-01", days=28),
                    dispensed("amitriptyline 10 mg oral tablet", on="2026-09-01", days=28),
                ),
                **MINOR,
            ),
            case(
                "duloxetine (ATC N06AX21) twice",
                (
                    *MARA,
                    dispensed(atc("N06AX21"), on="2026-07-01", days=28),
                    dispensed(atc("N06AX21"), on="2026-09-01", days=28),
                ),
                **MINOR,
            ),
            case(
                "doxepin cream twice",
                (
                    *MARA,
                    dispensed("doxepin 5 % cream", on="2026-07-01", days=28),
                    dispensed("doxepin 5 % cream", on="2026-09-01", days=28),
                ),
                **NOT,
            ),
            case(
                "clonazepam twice, which ATC counts as an antiepileptic",
                (
                    *MARA,
                    dispensed("clonazepam 0.5 mg oral tablet", on="2026-07-01", days=28),
                    dispensed("clonazepam 0.5 mg oral tablet", on="2026-09-01", days=28),
                ),
                **NOT,
            ),
            case(
                "zolpidem as needed, one order since 2026-07-01",
                (*MARA, as_needed(taken(ZOLPIDEM, "2026-07-01", None))),
                **UNKNOWN,
                says=("sleeping or anxiety medicine: it is taken as needed",),
            ),
            case(
                "zolpidem as needed, ordered twice",
                (
                    *MARA,
                    as_needed(taken(ZOLPIDEM, "2026-07-01", "2026-07-14")),
                    as_needed(taken(ZOLPIDEM, "2026-09-01", "2026-09-14")),
                ),
                **MINOR,
            ),
            case(
                "sertraline dispensed on 2026-07-01, and once more some time in 2026",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-07-01", days=14),
                    dispensed(SERTRALINE, on="2026", days=14),
                ),
                **UNKNOWN,
            ),
            case(
                "sertraline ordered in May 2026 without a day, for 14 days, and nothing else",
                (
                    *MARA,
                    ordered(
                        SERTRALINE,
                        on="2026-05",
                        status="completed",
                        dispenseRequest={
                            "expectedSupplyDuration": {"value": 14, "unit": "d", "code": "d"}
                        },
                    ),
                ),
                **NOT,
            ),
            case(
                "one order with a status that nobody knows beside one issue",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-07-01", days=14),
                    taken(SERTRALINE, "2026-09-15", "2026-09-28", status="unknown"),
                ),
                **UNKNOWN,
            ),
            case(
                "ordered from tomorrow on, beside one issue",
                (
                    *MARA,
                    dispensed(SERTRALINE, on="2026-07-01", days=14),
                    taken(SERTRALINE, "2026-11-23", None),
                ),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Proton pump inhibitors: a course of at least 12 months",
        "Gaps of up to 30 days belong to the course, which must have lasted into the last 12"
        " months.",
        "MSO-15",
        (
            case(
                "omeprazole from 2025-11-23 until today, 12 months",
                (*MARA, taken(OMEPRAZOLE, "2025-11-23", "2026-11-22")),
                **MINOR,
                says=("acid-suppressing medicine from 2025-11-23 to 2026-11-22",),
            ),
            case(
                "omeprazole from 2025-11-24 until today, a day less",
                (*MARA, taken(OMEPRAZOLE, "2025-11-24", "2026-11-22")),
                **NOT,
                says=("less than 12 months",),
            ),
            case(
                "two orders of 6 months with 30 days between them",
                (
                    *MARA,
                    taken(OMEPRAZOLE, "2025-07-01", "2025-12-31"),
                    taken(OMEPRAZOLE, "2026-01-31", "2026-07-30"),
                ),
                **MINOR,
            ),
            case(
                "two orders of 6 months with 31 days between them",
                (
                    *MARA,
                    taken(OMEPRAZOLE, "2025-07-01", "2025-12-31"),
                    taken(OMEPRAZOLE, "2026-02-01", "2026-07-31"),
                ),
                **NOT,
            ),
            case(
                "for two years until 2025-11-22, 12 months ago",
                (*MARA, taken(OMEPRAZOLE, "2023-11-22", "2025-11-22")),
                **MINOR,
            ),
            case(
                "for two years until 2025-11-21, a day more",
                (*MARA, taken(OMEPRAZOLE, "2023-11-21", "2025-11-21")),
                **NOT,
                says=("too long ago",),
            ),
            case(
                "dispensed every 90 days since 2025-08-01",
                (
                    *MARA,
                    [
                        dispensed(OMEPRAZOLE, on=day, days=90)
                        for day in (
                            "2025-08-01",
                            "2025-11-01",
                            "2026-02-01",
                            "2026-05-01",
                            "2026-08-01",
                        )
                    ],
                ),
                **MINOR,
            ),
            case(
                "in packs whose code is of ATC group A02BC, for 13 months",
                (*MARA, taken(atc("A02BC02"), "2025-10-01", "2026-11-01")),
                **MINOR,
            ),
            case(
                "an order without an end, written 2025-11-01 and never renewed: it may last"
                " 12 months or not",
                (*MARA, taken(OMEPRAZOLE, "2025-11-01", None)),
                **UNKNOWN,
            ),
            case(
                "an order without an end, written 2026-03-01: 9 months",
                (*MARA, taken(OMEPRAZOLE, "2026-03-01", None)),
                **NOT,
            ),
            case(
                "stated to be taken since 2025-10-01, by a note of 2026-09-01",
                (*MARA, stated(OMEPRAZOLE, since="2025-10-01", asserted="2026-09-01")),
                **MINOR,
            ),
            case(
                "stated to be taken since 2025-10-01, by a note of that day",
                (*MARA, stated(OMEPRAZOLE, since="2025-10-01", asserted="2025-10-01")),
                **UNKNOWN,
            ),
            case(
                "as needed for 13 months",
                (*MARA, as_needed(taken(OMEPRAZOLE, "2025-10-01", "2026-11-01"))),
                **UNKNOWN,
            ),
            case(
                "famotidine for 13 months, which works in another way",
                (*MARA, taken("famotidine 20 mg oral tablet", "2025-10-01", "2026-11-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Depot medroxyprogesterone for at least 2 years, and heparin for more than 3 months",
        "An injection of the depot lasts 91 days; tablets do not count. Of heparin 91 days in a"
        " year count, and heparin that only keeps a line open does not.",
        "MSO-15",
        (
            case(
                "an injection every 3 months from 2024-09-01 to 2026-09-01",
                (
                    *MARA,
                    [
                        given(DEPOT, on=f"{year}-{month}-01")
                        for year, months in (
                            (2024, ("09", "12")),
                            (2025, ("03", "06", "09", "12")),
                            (2026, ("03", "06", "09")),
                        )
                        for month in months
                    ],
                ),
                **MINOR,
                says=("depot progestogen from 2024-09-01 to 2026-11-22",),
            ),
            case(
                "an injection every 3 months for one year",
                (
                    *MARA,
                    [
                        given(DEPOT, on=day)
                        for day in ("2025-12-01", "2026-03-01", "2026-06-01", "2026-09-01")
                    ],
                ),
                **NOT,
            ),
            case(
                "two orders of an injection, without a word of their end: 91 days each",
                (
                    *MARA,
                    ordered(DEPOT, on="2026-03-01", status="completed"),
                    ordered(DEPOT, on="2026-06-01", status="completed"),
                ),
                **NOT,
                says=("depot progestogen from 2026-03-01 to 2026-08-30",),
            ),
            case(
                "an order of the injection from 2024-11-23 until today",
                (*MARA, taken(DEPOT, "2024-11-23", "2026-11-22")),
                **MINOR,
            ),
            case(
                "an order of the injection from 2024-11-24 until today, a day less",
                (*MARA, taken(DEPOT, "2024-11-24", "2026-11-22")),
                **NOT,
            ),
            case(
                "“medroxyprogesterone 150 mg/mL”, into the muscle, for 2 years",
                (
                    *MARA,
                    taken(
                        "medroxyprogesterone 150 mg/mL",
                        "2024-11-01",
                        "2026-11-01",
                        route="intramuscular",
                    ),
                ),
                **MINOR,
            ),
            case(
                "medroxyprogesterone tablets for 2 years",
                (
                    *MARA,
                    taken("medroxyprogesterone 5 mg oral tablet", "2024-11-01", "2026-11-01"),
                ),
                **NOT,
            ),
            case(
                "medroxyprogesterone for 2 years, without a word of route or form",
                (*MARA, taken(rxnorm("6691"), "2024-11-01", "2026-11-01")),
                **UNKNOWN,
                says=("it does not say whether it was injected",),
            ),
            case(
                "an order of the injection for 2 years with a status that nobody knows",
                (*MARA, taken(DEPOT, "2024-11-01", "2026-11-01", status="unknown")),
                **UNKNOWN,
            ),
            case(
                "Depo-Provera by its name, for 2 years",
                (*MARA, taken("Depo-Provera", "2024-11-01", "2026-11-01")),
                **MINOR,
            ),
            case(
                "heparin for 91 days",
                (*MARA, taken(HEPARIN, "2026-03-01", "2026-05-30", route="subcutaneous")),
                **MINOR,
                says=("on 91 of the last 365 days",),
            ),
            case(
                "heparin for 90 days",
                (*MARA, taken(HEPARIN, "2026-03-01", "2026-05-29", route="subcutaneous")),
                **NOT,
            ),
            case(
                "heparin lock flush for a year",
                (*MARA, taken("heparin lock flush 10 units/mL", "2025-12-01", "2026-11-01")),
                **NOT,
            ),
            case(
                "heparin gel on the skin for a year",
                (*MARA, taken("heparin gel", "2025-12-01", "2026-11-01")),
                **NOT,
            ),
            case(
                "enoxaparin for a year, of another kind",
                (*MARA, taken("enoxaparin 40 mg injection", "2025-12-01", "2026-11-01")),
                **NOT,
            ),
            case(
                "one dose of heparin a month for a year",
                (*MARA, [given(HEPARIN, on=f"2026-{m:02}-01") for m in range(1, 12)]),
                **NOT,
                says=("on 11 of the last 365 days",),
            ),
        ),
    ),
    Spec(
        "Aromatase inhibitors and medicines that suppress sex hormones: MAJOR",
        "The last record lies in the last 12 months. A course that says to last 10 days at most, as"
        " an aromatase inhibitor is given for fertility, does not count.",
        "MSO-15",
        (
            case(
                "letrozole since 2026-09-01", (*MARA, taken(LETROZOLE, "2026-09-01", None)), **MAJOR
            ),
            case(
                "letrozole until 2025-11-22, 12 months ago",
                (*MARA, taken(LETROZOLE, "2025-01-01", "2025-11-22")),
                **MAJOR,
            ),
            case(
                "letrozole until 2025-11-21, a day more",
                (*MARA, taken(LETROZOLE, "2025-01-01", "2025-11-21")),
                **NOT,
                says=("window over",),
            ),
            case(
                "letrozole for 10 days",
                (*MARA, taken(LETROZOLE, "2026-09-01", "2026-09-10")),
                **NOT,
                says=("a course of a few days",),
            ),
            case(
                "letrozole for 11 days",
                (*MARA, taken(LETROZOLE, "2026-09-01", "2026-09-11")),
                **MAJOR,
            ),
            case(
                "anastrozole (RxNorm 199224) dispensed for 90 days",
                (*MARA, dispensed(rxnorm("199224"), on="2026-07-01", days=90)),
                **MAJOR,
            ),
            case(
                "leuprolide given 2026-06-01 to a man",
                (man(born="1986-06-01"), ms(), given(LEUPROLIDE, on="2026-06-01")),
                finds={"MSO-15": "met major"},
                status="due",
            ),
            case(
                "a goserelin implant given 2026-06-01: no local form",
                (*MARA, given("goserelin 3.6 mg implant", on="2026-06-01")),
                **MAJOR,
            ),
            case(
                "an order of letrozole without an end, written 2025-06-01 and never renewed",
                (*MARA, taken(LETROZOLE, "2025-06-01", None)),
                **UNKNOWN,
                says=("active without an end and not renewed",),
            ),
            case(
                "letrozole from tomorrow on",
                (*MARA, taken(LETROZOLE, "2026-11-23", None)),
                **NOT,
            ),
            case(
                "letrozole some time in 2025",
                (*MARA, ordered(LETROZOLE, on="2025", status="completed")),
                **UNKNOWN,
            ),
            case("letrozole without a date", (*MARA, ordered(LETROZOLE, on=None)), **UNKNOWN),
            case(
                "letrozole with a status that nobody knows",
                (*MARA, taken(LETROZOLE, "2026-09-01", None, status="unknown")),
                **UNKNOWN,
            ),
            case(
                "letrozole, never to be given",
                (*MARA, taken(LETROZOLE, "2026-09-01", None, doNotPerform=True)),
                **NOT,
            ),
            case(
                "tamoxifen, which is no aromatase inhibitor",
                (*MARA, taken("tamoxifen 20 mg oral tablet", "2026-09-01", None)),
                **NOT,
            ),
            case(
                "letrozole with carbamazepine for 95 days: one finding, MAJOR",
                (
                    *MARA,
                    taken(LETROZOLE, "2026-09-01", None),
                    taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03"),
                ),
                **MAJOR,
            ),
        ),
    ),
    Spec(
        "Medicines that could not be read",
        "What was refused is unknown; without the orders nobody is told anything.",
        "MSO-15",
        (
            case(
                "the orders were refused",
                MARA,
                unread=("MedicationRequest",),
                finds={"MSO-15": "unknown"},
                status="could-not-determine",
                plan="keep",
                example="27",
            ),
            case(
                "only the dispenses were refused",
                MARA,
                unread=("MedicationDispense",),
                **UNKNOWN,
            ),
            case(
                "the dispenses were refused, and the orders tell of carbamazepine for 95 days",
                (*MARA, taken(CARBAMAZEPINE, "2026-03-01", "2026-06-03")),
                unread=("MedicationDispense",),
                **MINOR,
            ),
            case("no medicine on file", MARA, **NOT),
        ),
    ),
)

test_bone_active_medicines = holds(SPECS)
