"""Central DXA, its interval, and MSO-17."""

from tests.lib.patients import (
    condition,
    cpt,
    dxa,
    dxa_done,
    edss,
    hcpcs,
    icd,
    loinc,
    man,
    ms,
    observation,
    ordered,
    procedure,
    report,
    snomed,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

# Her EDSS of 6.5 makes her due as soon as no scan stands against it.
ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
OLGA = (woman(born="1966-06-01"), ms(), edss(2.0, on="2026-03-01"))
DONE = {"finds": {"DONE-1": "met"}, "status": "satisfied"}
NOT_DONE = {"finds": {"DONE-1": "not-met"}, "status": "due", "plan": "create"}
UNCLEAR = {"finds": {"DONE-1": "unknown"}, "status": "could-not-determine", "plan": "keep"}
PREDNISONE = ordered(
    "prednisone 5 mg oral tablet",
    on="2026-06-01",
    mg_daily=5,
    since="2026-06-01",
    until="2026-10-31",
    status="completed",
)


def until(day: str) -> dict:
    return {"finds": {"DONE-1": "met"}, "due_on": day}


SPECS = (
    Spec(
        "A central DXA in any shape answers the question",
        "Anna is 40 and has an EDSS of 6.5. A peripheral scan closes nothing.",
        "DONE-1",
        (
            case("a T-score of the lumbar spine", (*ANNA, dxa(t=-0.5, on="2026-05-01")), **DONE),
            case("a Z-score", (*ANNA, dxa(z=-0.5, on="2026-05-01")), **DONE),
            case(
                "CPT 77080 done, no result",
                (*ANNA, dxa_done(on="2026-10-01")),
                **DONE,
                says=("result not found",),
            ),
            case(
                "… after 90 days: still satisfied",
                (*ANNA, dxa_done(on="2026-08-24")),
                **DONE,
                says=("result not found",),
            ),
            case(
                "… after 91 days: and the result is asked for",
                (*ANNA, dxa_done(on="2026-08-23")),
                **DONE,
                says=("please file the result",),
            ),
            case(
                "241686001 in SNOMED CT",
                (*ANNA, procedure(snomed("241686001"), on="2026-10-01")),
                **DONE,
            ),
            case(
                "a report (38268-9) without values",
                (*ANNA, report(loinc("38268-9"), on="2026-10-01")),
                **DONE,
            ),
            case(
                "a density in g/cm2 of the femur (24701-5)",
                (*ANNA, observation(loinc("24701-5"), on="2026-10-01", value=0.8, unit="g/cm2")),
                **DONE,
                says=("result not found",),
            ),
            case(
                "38263-0 with 0.889 g/cm2: no T-score, so done without a result",
                (*ANNA, observation(loinc("38263-0"), on="2026-10-01", value=0.889, unit="g/cm2")),
                **DONE,
                due_on="2028-10-01",
                says=("result not found",),
                example="19",
            ),
            case(
                "a T-score of −6.1, not possible",
                (*ANNA, dxa(t=-6.1, on="2026-10-01")),
                **DONE,
                says=("result not found",),
            ),
            case(
                "a result inside the report only",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"), on="2026-10-01", contained=[dxa(t=-1.2, on="2026-10-01")]
                    ),
                ),
                **DONE,
                says=("lowest T-score -1.2",),
            ),
            case(
                "a report entered in error, with its result inside",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"),
                        on="2026-10-01",
                        status="entered-in-error",
                        contained=[dxa(t=-1.2, on="2026-10-01")],
                    ),
                ),
                **NOT_DONE,
            ),
            case(
                "CPT 77081, a peripheral scan, last month",
                (*ANNA, procedure(cpt("77081"), on="2026-10-22")),
                **NOT_DONE,
                says=("peripheral bone density only",),
                example="20",
            ),
            case("CPT 77081 without a date", (*ANNA, procedure(cpt("77081"), on=None)), **NOT_DONE),
            case(
                "HCPCS G0130, single energy, last month",
                (*ANNA, procedure(hcpcs("G0130"), on="2026-10-22")),
                **NOT_DONE,
                example="20",
            ),
            case(
                "a T-score of the heel (38266-3)",
                (*ANNA, observation(loinc("38266-3"), on="2026-10-22", value=-1.0)),
                **NOT_DONE,
            ),
            case(
                "bone density at a site that is not stated (46383-6)",
                (*ANNA, observation(loinc("46383-6"), on="2026-10-22", value=0.8, unit="g/cm2")),
                **NOT_DONE,
                says=("site that is not stated",),
            ),
            case(
                "SNOMED CT 385432009 “Not applicable”, seen in other projects as DXA",
                (*ANNA, procedure(snomed("385432009"), on="2026-10-22")),
                **NOT_DONE,
            ),
            case(
                "entered in error",
                (*ANNA, dxa_done(on="2026-10-01", status="entered-in-error")),
                **NOT_DONE,
            ),
            case(
                "in preparation",
                (*ANNA, dxa_done(on="2026-10-01", status="preparation")),
                **NOT_DONE,
            ),
            case("dated tomorrow", (*ANNA, dxa_done(on="2026-11-23")), **NOT_DONE),
            case(
                "a status that nobody knows",
                (*ANNA, dxa_done(on="2026-10-01", status="ok")),
                **UNCLEAR,
            ),
            case("without a date", (*ANNA, dxa_done(on=None)), **UNCLEAR),
            case(
                "some time in 2024: inside or outside of 24 months",
                (*ANNA, dxa_done(on="2024")),
                **UNCLEAR,
            ),
            case("procedures were refused", ANNA, unread=("Procedure",), **UNCLEAR),
            case("reports were refused", ANNA, unread=("DiagnosticReport",), **UNCLEAR),
        ),
    ),
    Spec(
        "How long a scan stands",
        "Calendar months by the lowest valid score; risk factors shorten. Table 3.6.",
        "DONE-1",
        (
            case(
                "T −1.8",
                (*OLGA, dxa(t=-1.8, on="2025-12-22")),
                **until("2027-12-22"),
                status="satisfied",
                example="18",
            ),
            case("T −2.4", (*OLGA, dxa(t=-2.4, on="2025-12-22")), **until("2027-12-22")),
            case("T −1.5 exactly", (*OLGA, dxa(t=-1.5, on="2025-12-22")), **until("2027-12-22")),
            case(
                "T −1.8 on sustained glucocorticoid: 12 months",
                (*OLGA, PREDNISONE, dxa(t=-1.8, on="2025-12-22")),
                **until("2026-12-22"),
            ),
            case(
                "T −1.8 with EDSS 6.5: 24 months",
                (*OLGA, edss(6.5, on="2026-09-01"), dxa(t=-1.8, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case("Z −2.0 exactly", (*MARA, dxa(z=-2.0, on="2025-12-22")), **until("2027-12-22")),
            case(
                "Z −2.0 on sustained glucocorticoid: 12 months",
                (*MARA, PREDNISONE, dxa(z=-2.0, on="2025-12-22")),
                **until("2026-12-22"),
            ),
            case("T −1.4", (*OLGA, dxa(t=-1.4, on="2025-12-22")), **until("2028-12-22")),
            case("T −1.0 exactly", (*OLGA, dxa(t=-1.0, on="2025-12-22")), **until("2028-12-22")),
            case(
                "T −1.4 with a MAJOR criterion: 24 months",
                (*OLGA, edss(6.5, on="2026-09-01"), dxa(t=-1.4, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case("T −0.9", (*OLGA, dxa(t=-0.9, on="2025-12-22")), **until("2030-12-22")),
            case(
                "T −0.9 with EDSS 6.5 (MSO-02): 24 months",
                (*OLGA, edss(6.5, on="2026-09-01"), dxa(t=-0.9, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case(
                "T −0.9 with a wheelchair (MSO-04): 24 months",
                (*OLGA, condition(icd("Z99.3")), dxa(t=-0.9, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case(
                "T −0.9 on sustained glucocorticoid (MSO-08): 24 months",
                (*OLGA, PREDNISONE, dxa(t=-0.9, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case(
                "T −0.9 with a low weight, which is MAJOR and shortens nothing here",
                (
                    *OLGA,
                    observation(loinc("39156-5"), on="2026-05-01", value=18.0, unit="kg/m2"),
                    dxa(t=-0.9, on="2025-12-22"),
                ),
                **until("2030-12-22"),
            ),
            case(
                "T −0.9 three years ago, and the observations of disability were refused: 24 or 60"
                " months",
                (
                    woman(born="1966-06-01"),
                    ms(),
                    report(
                        loinc("38268-9"), on="2023-12-22", contained=[dxa(t=-0.9, on="2023-12-22")]
                    ),
                ),
                unread=("Observation",),
                finds={"DONE-1": "unknown"},
                status="could-not-determine",
                plan="keep",
            ),
            case(
                "T −0.9 a year ago, and the observations were refused: within 24 months",
                (
                    woman(born="1966-06-01"),
                    ms(),
                    report(
                        loinc("38268-9"), on="2025-12-22", contained=[dxa(t=-0.9, on="2025-12-22")]
                    ),
                ),
                unread=("Observation",),
                finds={"DONE-1": "met"},
                status="satisfied",
            ),
            case(
                "T −0.9 three years ago, and devices were refused, which are not required",
                (*OLGA, dxa(t=-0.9, on="2023-12-22")),
                unread=("Device",),
                finds={"DONE-1": "met"},
                status="satisfied",
            ),
            case("Z −1.9", (*MARA, dxa(z=-1.9, on="2025-12-22")), **until("2030-12-22")),
            case("done, value unknown", (*OLGA, dxa_done(on="2025-12-22")), **until("2027-12-22")),
            case(
                "the lowest of two sites counts: T −0.2 and T −1.8",
                (*OLGA, dxa(t=-0.2, on="2025-12-22"), dxa(t=-1.8, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case(
                "the newer of two scans counts: T −1.8 in 2024, T −0.2 in 2025",
                (*OLGA, dxa(t=-1.8, on="2024-12-22"), dxa(t=-0.2, on="2025-12-22")),
                **until("2030-12-22"),
            ),
            case(
                "done on 31 August 2026, with 24 months",
                (*OLGA, dxa(t=-1.8, on="2026-08-31")),
                **until("2028-08-31"),
            ),
            case(
                "done on 29 February 2024, with 36 months: ends on 28 February",
                (*OLGA, dxa(t=-1.4, on="2024-02-29")),
                **until("2027-02-28"),
            ),
        ),
    ),
    Spec(
        "The last days of an interval",
        "Due soon in the last 60 days where due would follow; due on the anniversary itself.",
        "DONE-1",
        (
            case(
                "24 months end in 61 days",
                (*OLGA, dxa(t=-1.8, on="2025-01-22")),
                status="satisfied",
                due_on="2027-01-22",
            ),
            case(
                "24 months end in 60 days",
                (*OLGA, dxa(t=-1.8, on="2025-01-21")),
                status="due-soon",
                due_on="2027-01-21",
            ),
            case(
                "24 months end tomorrow",
                (*OLGA, dxa(t=-1.8, on="2024-11-23")),
                status="due-soon",
                due_on="2026-11-23",
                plan="keep",
            ),
            case(
                "24 months end today: the anniversary",
                (*OLGA, dxa(t=-1.8, on="2024-11-22")),
                status="due",
                due_on=None,
                finds={"DONE-1": "not-met", "MSO-17": "met major"},
                plan="create",
            ),
            case("24 months ended yesterday", (*OLGA, dxa(t=-1.8, on="2024-11-21")), status="due"),
            case(
                "60 months end tomorrow, and nothing would follow",
                (*MARA, dxa(t=-0.5, on="2021-11-23")),
                status="satisfied",
                due_on="2026-11-23",
            ),
            case(
                "60 months ended, and nothing follows",
                (*MARA, dxa(t=-0.5, on="2021-11-22")),
                status="not-at-risk",
            ),
            case(
                "24 months end in a month, but by then EDSS 6.5 still stands",
                (*ANNA, dxa(t=-0.5, on="2024-12-22")),
                status="due-soon",
                due_on="2026-12-22",
            ),
            case(
                "12 months end in a month, but by then the glucocorticoid lies too long back and 24"
                " months count",
                (
                    *OLGA,
                    ordered(
                        "prednisone 5 mg oral tablet",
                        on="2025-11-24",
                        mg_daily=5,
                        since="2025-11-24",
                        until="2026-02-24",
                        status="completed",
                    ),
                    dxa(t=-1.8, on="2025-12-22"),
                ),
                status="satisfied",
                due_on="2026-12-22",
            ),
            case(
                "24 months end in a month; by then 60 months count, although a low weight is MAJOR",
                (
                    *MARA,
                    observation(loinc("39156-5"), on="2026-05-01", value=18.0, unit="kg/m2"),
                    ordered(
                        "prednisone 5 mg oral tablet",
                        on="2025-11-24",
                        mg_daily=5,
                        since="2025-11-24",
                        until="2026-02-24",
                        status="completed",
                    ),
                    dxa(t=-0.5, on="2024-12-22"),
                ),
                status="satisfied",
                due_on="2026-12-22",
            ),
        ),
    ),
    Spec(
        "Known low bone mass, and the next DXA is due",
        "An osteopenia diagnosis, or a low score, once the interval is over.",
        "MSO-17",
        (
            case(
                "osteopenia (M85.80) and no visible DXA",
                (*MARA, condition(icd("M85.80"), recorded="2020-01-01")),
                finds={"MSO-17": "met major"},
                status="due",
            ),
            case(
                "osteopenia (312894000) and a DXA within its interval",
                (
                    *MARA,
                    condition(snomed("312894000"), recorded="2020-01-01"),
                    dxa(t=-1.2, on="2025-12-22"),
                ),
                finds={"MSO-17": "not-met"},
                status="satisfied",
            ),
            case(
                "osteopenia, resolved",
                (*MARA, condition(icd("M85.80"), recorded="2020-01-01", clinical="resolved")),
                finds={"MSO-17": "not-met"},
                status="not-at-risk",
            ),
            case(
                "osteopenia, refuted",
                (*MARA, condition(icd("M85.80"), recorded="2020-01-01", verification="refuted")),
                finds={"MSO-17": "not-met"},
            ),
            case(
                "osteopenia with a verification status that nobody knows",
                (*MARA, condition(icd("M85.80"), recorded="2020-01-01", verification="perhaps")),
                finds={"MSO-17": "unknown"},
            ),
            case(
                "T −1.0 ten years ago",
                (*MARA, dxa(t=-1.0, on="2016-05-01")),
                finds={"MSO-17": "met major"},
                status="due",
            ),
            case(
                "T −0.9 ten years ago",
                (*MARA, dxa(t=-0.9, on="2016-05-01")),
                finds={"MSO-17": "not-met"},
                status="not-at-risk",
            ),
            case(
                "Z −2.0 ten years ago",
                (*MARA, dxa(z=-2.0, on="2016-05-01")),
                finds={"MSO-17": "met major"},
                status="due",
            ),
            case(
                "Z −1.9 ten years ago",
                (*MARA, dxa(z=-1.9, on="2016-05-01")),
                finds={"MSO-17": "not-met"},
            ),
            case(
                "T −1.8 in 2016, and in 2020 a scan without a result",
                (*MARA, dxa(t=-1.8, on="2016-05-01"), dxa_done(on="2020-05-01")),
                finds={"MSO-17": "met major"},
                status="due",
            ),
            case(
                "T −1.8 in 2016, and T −0.5 in 2018",
                (*MARA, dxa(t=-1.8, on="2016-05-01"), dxa(t=-0.5, on="2018-05-01")),
                finds={"MSO-17": "not-met"},
                status="not-at-risk",
            ),
        ),
    ),
    Spec(
        "A T-score names osteoporosis only where T applies",
        "From age 50 or known menopause. A Z-score never does.",
        "DONE-2",
        (
            case(
                "T −2.5 at 59",
                (*OLGA, dxa(t=-2.5, on="2025-12-22")),
                finds={"DONE-2": "met"},
                status="result-needs-action",
                gap="create",
                plan="keep",
            ),
            case(
                "T −2.4 at 59",
                (*OLGA, dxa(t=-2.4, on="2025-12-22")),
                finds={"DONE-2": "not-met"},
                status="satisfied",
                gap=None,
            ),
            case(
                "T −2.6 at 39",
                (*MARA, dxa(t=-2.6, on="2025-12-22")),
                finds={"DONE-2": "not-met"},
                status="satisfied",
                due_on="2027-12-22",
                gap=None,
            ),
            case(
                "T −2.6 at 39, postmenopausal since 2024",
                (*MARA, condition(icd("Z78.0"), onset="2024-01-01"), dxa(t=-2.6, on="2025-12-22")),
                finds={"DONE-2": "met"},
                status="result-needs-action",
            ),
            case(
                "T −2.6, a man of 49",
                (man(born="1976-01-01"), ms(), dxa(t=-2.6, on="2025-12-22")),
                finds={"DONE-2": "not-met"},
                status="satisfied",
            ),
            case(
                "T −2.6, a man on his 50th birthday",
                (man(born="1975-12-22"), ms(), dxa(t=-2.6, on="2025-12-22")),
                finds={"DONE-2": "met"},
                status="result-needs-action",
            ),
            case(
                "Z −3.0 at 59",
                (*OLGA, dxa(z=-3.0, on="2025-12-22")),
                finds={"DONE-2": "not-met"},
                status="satisfied",
            ),
            case(
                "T −2.5 of the heel at 59",
                (*OLGA, observation(loinc("38266-3"), on="2025-12-22", value=-2.5)),
                finds={"DONE-2": "not-met"},
            ),
        ),
    ),
)

test_bone_density = holds(SPECS)
