"""Both sides of thresholds that no other table has: one step below, at, and one step above."""

from datetime import date, timedelta

from tests.lib.patients import (
    Resource,
    concept,
    condition,
    cpt,
    dxa,
    dxa_done,
    edss,
    given,
    icd,
    ms,
    ordered,
    procedure,
    rxnorm,
    vitamin_d,
    weight,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds, told

ROSE = (woman(born="1966-06-01"), ms(), edss(2.0, on="2026-03-01"))
SUSTAINED = {"finds": {"MSO-08": "met major"}, "status": "due"}
NOT_SUSTAINED = {"finds": {"MSO-08": "not-met"}, "status": "not-at-risk"}
DEXAMETHASONE = "dexamethasone 4 mg oral tablet"
HEPARIN = "heparin 5000 units/mL injection"
INJECTED = "ibandronate 3 mg injection"
SWALLOWED = "ibandronate 150 mg oral tablet"
# 89 days: one day more with a dose makes it sustained.
ONE_DAY_SHORT = ordered(
    "prednisone 5 mg oral tablet",
    on="2026-01-01",
    mg_daily=5,
    since="2026-01-01",
    until="2026-03-30",
    status="completed",
)


def daily(ingredient: str, mg: float) -> Resource:
    """Tablets of it every day from 2026-03-01 to 2026-06-03, which is 95 days."""
    return ordered(
        f"{ingredient} oral tablet",
        on="2026-03-01",
        mg_daily=mg,
        since="2026-03-01",
        until="2026-06-03",
        status="completed",
    )


def dexamethasone(mg: float, *days: str) -> list[Resource]:
    """Given by mouth, this dose on each of these days."""
    return [given(DEXAMETHASONE, on=day, mg=mg, route="oral") for day in days]


def depot_every(days: int, *, times: int, since: str) -> list[Resource]:
    """Injections of depot medroxyprogesterone (RxNorm 1000126) at this distance."""
    first = date.fromisoformat(since)
    return [
        given(rxnorm("1000126"), on=(first + timedelta(days=n * days)).isoformat())
        for n in range(times)
    ]


def heparin(since: str, until: str) -> Resource:
    return ordered(
        HEPARIN, on=since, since=since, until=until, route="subcutaneous", status="completed"
    )


def closed(opened: str, ended: str) -> Resource:
    """Our Flag about an EDSS of 6.5, opened and closed again; its Task is gone."""
    flag = told(ROSE[0], ms(), edss(6.5, on="2024-06-01"), on=opened, changed=ended)[0]
    return {**flag, "status": "inactive", "period": {"start": opened, "end": ended}}


def refused(on: str) -> Resource:
    """A central DXA that was not done because the patient said no."""
    return procedure(cpt("77080"), on=on, status="not-done", statusReason=concept(icd("Z53.20")))


REFUSED_IN_JANUARY = (*MARA[:2], refused("2026-01-10"), edss(6.5, on="2026-10-01"))
REFUSED_AND_TOLD = told(*REFUSED_IN_JANUARY, on="2026-11-01", changed="2026-11-01")

FACTORS = (
    ("prednisolone", 2.5, 2.49),
    ("methylprednisolone", 2.0, 1.99),
    ("triamcinolone", 2.0, 1.99),
    ("dexamethasone", 0.375, 0.3745),
    ("betamethasone", 0.3002, 0.3),
    ("hydrocortisone", 10, 9.9),
    ("cortisone", 12.5, 12.4),
    ("deflazacort", 3.02, 3.0),
)

SPECS = (
    Spec(
        "Two MINOR from two domains at 50 and over",
        "Rose: a woman of 60 with confirmed relapsing MS and EDSS 2.0. Her age is one MINOR.",
        "DECISION",
        (
            case("her age alone", ROSE, status="not-at-risk", plan="keep"),
            case(
                "and vitamin D 15 ng/mL",
                (*ROSE, vitamin_d(15, "ng/mL", on="2026-03-01")),
                status="due",
                plan="create",
            ),
        ),
    ),
    Spec(
        "Due again: the old alert is reopened within 12 months of its opening",
        "Rose, EDSS 6.5 since. Our Flag had been closed after a month. From 12 months on it is a"
        " new episode.",
        "PLAN",
        tuple(
            case(
                f"opened on {opened}",
                (*ROSE[:2], edss(6.5, on="2026-10-01"), closed(opened, ended)),
                status="due",
                plan=plan,
            )
            for opened, ended, plan in (
                ("2025-11-21", "2025-12-21", "create"),
                ("2025-11-22", "2025-12-22", "create"),
                ("2025-11-23", "2025-12-23", "update"),
                ("2025-12-21", "2026-01-21", "update"),
                ("2025-10-23", "2025-11-23", "create"),
            )
        ),
    ),
    Spec(
        "An alert in spite of a no stays while what broke through cannot be read",
        "Mara's DXA was not done on 2026-01-10: she refused (Z53.20). EDSS 6.5 was measured on"
        " 2026-10-01, and we told of it on 2026-11-01. Now observations are refused.",
        "PLAN",
        (
            case(
                "the no is older than the alert",
                (*REFUSED_IN_JANUARY, REFUSED_AND_TOLD),
                unread=("Observation",),
                status="declined",
                plan="keep",
            ),
            case(
                "she refused again on 2026-11-10, after the alert",
                (*REFUSED_IN_JANUARY, REFUSED_AND_TOLD, refused("2026-11-10")),
                unread=("Observation",),
                status="declined",
                plan="resolve",
            ),
            case(
                "the same two noes, and everything can be read",
                (*REFUSED_IN_JANUARY, REFUSED_AND_TOLD, refused("2026-11-10")),
                status="declined",
                plan="resolve",
            ),
        ),
    ),
    Spec(
        "A score outside −6 to +6 is none",
        "Rose, scanned on 2026-06-01. Without a valid score it is a DXA without a result.",
        "DONE-1",
        (
            case(
                "T −6.0",
                (*ROSE, dxa(t=-6.0, on="2026-06-01")),
                finds={"DONE-2": "met"},
                status="result-needs-action",
            ),
            case(
                "T −6.1",
                (*ROSE, dxa(t=-6.1, on="2026-06-01")),
                finds={"DONE-2": "not-met"},
                status="satisfied",
                due_on="2028-06-01",
            ),
            case("T 6.0", (*ROSE, dxa(t=6.0, on="2026-06-01")), due_on="2031-06-01"),
            case("T 6.1", (*ROSE, dxa(t=6.1, on="2026-06-01")), due_on="2028-06-01"),
        ),
    ),
    Spec(
        "A DXA without a result: asked for after 90 days",
        "The scan satisfies all the same.",
        "DONE-1",
        tuple(
            case(
                f"done on {day}, {waited} days ago",
                (*MARA, dxa_done(on=day)),
                finds={"DONE-1": "met"},
                status="satisfied",
                **{said: ("please file the result",)},
            )
            for day, waited, said in (
                ("2026-08-25", 89, "says_not"),
                ("2026-08-24", 90, "says_not"),
                ("2026-08-23", 91, "says"),
            )
        ),
    ),
    Spec(
        "Worsening shortens the interval after a normal scan; from 5.5 on half a step is enough",
        "Rose without another risk; T 0.5 on 2024-05-22, 30 months ago, stands 60 months.",
        "DONE-1",
        (
            case(
                "EDSS 5.0, and 5.5 half a year later: no worsening",
                (
                    *ROSE[:2],
                    dxa(t=0.5, on="2024-05-22"),
                    edss(5.0, on="2026-01-01"),
                    edss(5.5, on="2026-07-01"),
                ),
                status="satisfied",
                due_on="2029-05-22",
            ),
            case(
                "EDSS 4.5, and 5.5 half a year later: worsening, 24 months are over",
                (
                    *ROSE[:2],
                    dxa(t=0.5, on="2024-05-22"),
                    edss(4.5, on="2026-01-01"),
                    edss(5.5, on="2026-07-01"),
                ),
                status="due",
            ),
        ),
    ),
    Spec(
        "What a milligram of each ingredient is worth",
        "Tablets on 95 days, at and just below 2.5 mg prednisone-equivalent a day.",
        "MSO-08",
        tuple(
            case(f"{ingredient} {mg:g} mg a day", (*MARA, daily(ingredient, mg)), **expected)
            for ingredient, at, below in FACTORS
            for mg, expected in ((at, SUSTAINED), (below, NOT_SUSTAINED))
        ),
    ),
    Spec(
        "A short course of dexamethasone does not count: below 3 days and below 100 mg",
        "Mara had prednisone on 89 days. Days with dexamethasone at most 7 days apart are one"
        " course; one day that counts makes 90.",
        "MSO-08",
        (
            case(
                "2 mg on 2 days",
                (*MARA, ONE_DAY_SHORT, dexamethasone(2, "2026-06-01", "2026-06-02")),
                **NOT_SUSTAINED,
            ),
            case(
                "2 mg on 3 days",
                (*MARA, ONE_DAY_SHORT, dexamethasone(2, "2026-06-01", "2026-06-02", "2026-06-03")),
                **SUSTAINED,
            ),
            case(
                "2 mg on 3 days, 7 days apart",
                (*MARA, ONE_DAY_SHORT, dexamethasone(2, "2026-06-01", "2026-06-08", "2026-06-15")),
                **SUSTAINED,
            ),
            case(
                "2 mg on 3 days, 8 days apart: three courses of one day",
                (*MARA, ONE_DAY_SHORT, dexamethasone(2, "2026-06-01", "2026-06-09", "2026-06-17")),
                **NOT_SUSTAINED,
            ),
            case(
                "15 mg once, 100.05 mg prednisone-equivalent",
                (*MARA, ONE_DAY_SHORT, dexamethasone(15, "2026-06-01")),
                **SUSTAINED,
            ),
            case(
                "14.9 mg once, 99.4 mg prednisone-equivalent",
                (*MARA, ONE_DAY_SHORT, dexamethasone(14.9, "2026-06-01")),
                **NOT_SUSTAINED,
            ),
        ),
    ),
    Spec(
        "Replacement by hydrocortisone: 30 mg a day and not a tenth more",
        "Primary adrenal insufficiency (E27.1) is on file.",
        "MSO-08",
        (
            case(
                "30 mg a day",
                (
                    *MARA,
                    daily("hydrocortisone", 30),
                    condition(icd("E27.1"), recorded="2020-05-01"),
                ),
                **NOT_SUSTAINED,
            ),
            case(
                "30.1 mg a day",
                (
                    *MARA,
                    daily("hydrocortisone", 30.1),
                    condition(icd("E27.1"), recorded="2020-05-01"),
                ),
                **SUSTAINED,
            ),
        ),
    ),
    Spec(
        "An open order without an end: followed for 12 months, and below 250 mg a day",
        "Active, and never renewed or dispensed since it was written.",
        "MSO-08",
        (
            case(
                "prednisone 5 mg a day, written on 2025-11-22, 12 months ago",
                (*MARA, ordered("prednisone 5 mg oral tablet", on="2025-11-22", mg_daily=5)),
                **SUSTAINED,
            ),
            case(
                "written on 2025-11-21, a day more",
                (*MARA, ordered("prednisone 5 mg oral tablet", on="2025-11-21", mg_daily=5)),
                finds={"MSO-08": "unknown"},
                status="not-at-risk",
            ),
            case(
                "prednisone 249.9 mg a day, written on 2026-06-01",
                (*MARA, ordered("prednisone 5 mg oral tablet", on="2026-06-01", mg_daily=249.9)),
                **SUSTAINED,
            ),
            case(
                "prednisone 250 mg a day, written on 2026-06-01",
                (*MARA, ordered("prednisone 5 mg oral tablet", on="2026-06-01", mg_daily=250)),
                finds={"MSO-08": "unknown"},
                status="not-at-risk",
            ),
        ),
    ),
    Spec(
        "A pulse day is one with at least 250 mg prednisone-equivalent",
        "Given by mouth on 2026-02-01, 2026-05-01 and 2026-08-01.",
        "MSO-09",
        tuple(
            case(
                f"prednisone {mg:g} mg",
                (
                    *MARA,
                    [
                        given("prednisone 50 mg oral tablet", on=day, mg=mg)
                        for day in ("2026-02-01", "2026-05-01", "2026-08-01")
                    ],
                ),
                finds={"MSO-09": verdict},
            )
            for mg, verdict in ((249.9, "not-met"), (250, "met minor"), (250.1, "met minor"))
        ),
    ),
    Spec(
        "Ibandronate by injection counts for 4 months, as tablets for 6",
        "Rose, with osteoporosis (M81.0) on file.",
        "DONE-3",
        tuple(
            case(
                f"{said} given on {day}",
                (
                    *ROSE,
                    condition(icd("M81.0"), recorded="2024-01-01"),
                    given(medicine, on=day, mg=3, route=route),
                ),
                finds={"DONE-3": verdict},
                status="satisfied" if verdict == "met" else "result-needs-action",
            )
            for said, medicine, route, day, verdict in (
                ("3 mg (RxNorm 904952)", rxnorm("904952"), "intravenous", "2026-07-23", "met"),
                ("3 mg (RxNorm 904952)", rxnorm("904952"), "intravenous", "2026-07-22", "met"),
                ("3 mg (RxNorm 904952)", rxnorm("904952"), "intravenous", "2026-07-21", "not-met"),
                ("“ibandronate 3 mg injection”", INJECTED, "intravenous", "2026-07-22", "met"),
                ("“ibandronate 3 mg injection”", INJECTED, "intravenous", "2026-07-21", "not-met"),
                ("“ibandronate 150 mg oral tablet”", SWALLOWED, "oral", "2026-07-21", "met"),
                ("“ibandronate 150 mg oral tablet”", SWALLOWED, "oral", "2026-05-22", "met"),
                ("“ibandronate 150 mg oral tablet”", SWALLOWED, "oral", "2026-05-21", "not-met"),
            )
        ),
    ),
    Spec(
        "A mistyped EDSS is outweighed by a possible one of the last 24 months",
        "65 was recorded on 2026-10-01.",
        "MSO-02",
        (
            case(
                "3.0 on 2024-11-22, 24 months ago",
                (*MARA[:2], edss(65, on="2026-10-01"), edss(3.0, on="2024-11-22")),
                finds={"MSO-02": "not-met"},
            ),
            case(
                "3.0 on 2024-11-21, a day more",
                (*MARA[:2], edss(65, on="2026-10-01"), edss(3.0, on="2024-11-21")),
                finds={"MSO-02": "unknown"},
            ),
        ),
    ),
    Spec(
        "Two codes of one site are one fracture within 180 days",
        "Rose broke her hip (S72.001A) on 2025-01-01 in a fall from a building (W13) the same day."
        " The same code again, and no word of how:",
        "MSO-06",
        tuple(
            case(
                f"on {day}, {days} days later",
                (
                    *ROSE,
                    condition(icd("S72.001A"), onset="2025-01-01"),
                    condition(icd("W13"), onset="2025-01-01"),
                    condition(icd("S72.001A"), onset=day),
                ),
                finds={"MSO-06": verdict},
            )
            for day, days, verdict in (
                ("2025-06-29", 179, "not-met"),
                ("2025-06-30", 180, "not-met"),
                ("2025-07-01", 181, "met major"),
            )
        ),
    ),
    Spec(
        "Urgent within 24 months of the fracture",
        "Rose, a hip fracture (S72.001A) by no great force.",
        "MSO-06",
        tuple(
            case(
                f"on {day}",
                (*ROSE, condition(icd("S72.001A"), onset=day)),
                status="due",
                plan="create",
                priority=priority,
            )
            for day, priority in (
                ("2024-11-23", "urgent"),
                ("2024-11-22", "urgent"),
                ("2024-11-21", "routine"),
            )
        ),
    ),
    Spec(
        "A loss of a tenth of the weight",
        "80 kg on 2026-02-01; the height is not known.",
        "MSO-10",
        tuple(
            case(
                f"{kg:g} kg on 2026-10-01: {percent}",
                (*MARA, weight(80, on="2026-02-01"), weight(kg, on="2026-10-01")),
                finds={"MSO-10": verdict},
            )
            for kg, percent, verdict in (
                (72.08, "9.9 %", "not-met"),
                (72, "10 %", "met minor"),
                (71.92, "10.1 %", "met minor"),
            )
        ),
    ),
    Spec(
        "Heparin within the 365 days, and depot injections without a long gap",
        "An injection of the depot lasts 91 days; a gap of 30 days does not end the course.",
        "MSO-15",
        (
            case(
                "heparin on 91 days from 2025-11-23, the first of the 365",
                (*MARA, heparin("2025-11-23", "2026-02-21")),
                finds={"MSO-15": "met minor"},
            ),
            case(
                "heparin on 91 days from 2025-11-22, a day before",
                (*MARA, heparin("2025-11-22", "2026-02-20")),
                finds={"MSO-15": "not-met"},
            ),
            case(
                "7 injections of the depot, one every 121 days: gaps of 30 days",
                (*MARA, depot_every(121, times=7, since="2024-08-01")),
                finds={"MSO-15": "met minor"},
            ),
            case(
                "7 injections of the depot, one every 122 days: gaps of 31 days",
                (*MARA, depot_every(122, times=7, since="2024-08-01")),
                finds={"MSO-15": "not-met"},
            ),
            case(
                "carbamazepine, an open order of 2025-11-22, 12 months ago",
                (*MARA, ordered("carbamazepine 200 mg oral tablet", on="2025-11-22")),
                finds={"MSO-15": "met minor"},
            ),
            case(
                "carbamazepine, an open order of 2025-11-21, a day more",
                (*MARA, ordered("carbamazepine 200 mg oral tablet", on="2025-11-21")),
                finds={"MSO-15": "unknown"},
            ),
        ),
    ),
)

test_the_case_holds = holds(SPECS)
