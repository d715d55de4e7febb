"""Central DXA, its interval, and MSO-17."""

from tests.lib.patients import (
    MODIFIED,
    NO_VALUE,
    concept,
    condition,
    cpt,
    document,
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


FOREARM_T, SITE_NOT_STATED, HEEL, FEMUR = "38265-5", "46383-6", "80144004", "71341001"
TOLD = {"finds": {"DONE-1": "met"}, "status": "satisfied"}


def at(site: str, *more: str) -> dict:
    """A body site, or several."""
    return concept(*(snomed(s) for s in (site, *more)))


def panel(more: dict) -> dict:
    """A scan of 2026-10-01 with a T-score of −1.2 as a component."""
    component = {
        "code": concept(loinc("38267-1")),
        "valueQuantity": {"value": -1.2, "unit": "{T-score}"},
    }
    return observation(loinc("38268-9"), on="2026-10-01", component=[component | more])


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
                says=("bone density without a score",),
            ),
            case(
                "38263-0 with 0.889 g/cm2: no T-score, so done without a result",
                (*ANNA, observation(loinc("38263-0"), on="2026-10-01", value=0.889, unit="g/cm2")),
                **DONE,
                due_on="2028-10-01",
                says=("its value is no valid score",),
                example="19",
            ),
            case(
                "a T-score of −6.1, not possible",
                (*ANNA, dxa(t=-6.1, on="2026-10-01")),
                **DONE,
                says=("its value is no valid score",),
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
                says=("no central DXA (peripheral",),
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
            case(
                "with a modifierExtension: it may mean something else",
                (*ANNA, dxa_done(on="2026-10-01", modifierExtension=MODIFIED)),
                **UNCLEAR,
                reports=("modifierExtension",),
            ),
            case(
                "a report with a modifierExtension and a result inside",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"),
                        on="2026-10-01",
                        modifierExtension=MODIFIED,
                        contained=[dxa(t=-1.2, on="2026-10-01")],
                    ),
                ),
                **UNCLEAR,
            ),
            case(
                "a T-score as a component that has a modifierExtension",
                (*ANNA, panel({"modifierExtension": MODIFIED})),
                **DONE,
                says=("result not found",),
            ),
            case(
                "a T-score of −1.2, and a reason why there is no value",
                (*ANNA, dxa(t=-1.2, on="2026-10-01", dataAbsentReason=NO_VALUE)),
                **DONE,
                due_on="2028-10-01",
                says=("its value is no valid score",),
            ),
            case(
                "a T-score as a component, and a reason why there is no value",
                (*ANNA, panel({"dataAbsentReason": NO_VALUE})),
                **DONE,
                says_not=("lowest T-score",),
            ),
            case(
                "a T-score of −2.8 at 60, and a reason against it: no osteoporosis",
                (*OLGA, dxa(t=-2.8, on="2025-12-22", dataAbsentReason=NO_VALUE)),
                status="satisfied",
                finds={"DONE-1": "met"},
                gap=None,
            ),
            case(
                "a T-score of −2.8 at 60 of a device that bears her number",
                (*OLGA, dxa(t=-2.8, on="2025-12-22", subject={"reference": "Device/p"})),
                finds={"DONE-1": "not-met"},
                status="not-at-risk",
                gap=None,
            ),
            case("procedures were refused", ANNA, unread=("Procedure",), **UNCLEAR),
            case("reports were refused", ANNA, unread=("DiagnosticReport",), **UNCLEAR),
        ),
    ),
    Spec(
        "A scan that cannot be understood stands in the way only while it could stand",
        "Of an unknown status, it holds everything up until the longest interval of the protocol,"
        " 60 months, is over; beside a scan as new that can be read, it holds nothing up.",
        "DONE-1",
        (
            *(
                case(
                    f"{what}, status unknown, {day}: {when}",
                    (*ANNA, scan(on=day, status="unknown")),
                    **expected,
                )
                for what, scan in (
                    ("a procedure", dxa_done),
                    ("a report", lambda on, status: report(loinc("38268-9"), on=on, status=status)),
                    ("a T-score", lambda on, status: dxa(t=-1.2, on=on, status=status)),
                )
                for day, when, expected in (
                    ("2021-11-23", "a day inside 60 months", UNCLEAR),
                    ("2021-11-22", "60 months ago", NOT_DONE),
                    ("2021-11-21", "a day more", NOT_DONE),
                    ("2010-01-01", "long ago", NOT_DONE),
                    ("2021", "perhaps inside", UNCLEAR),
                    ("2020", "all of it outside", NOT_DONE),
                )
            ),
            case(
                "status unknown, 2015: in words",
                (*ANNA, dxa_done(on="2015-05-01", status="unknown")),
                **NOT_DONE,
                says=("status or date not understood (older than any interval)",),
            ),
            case(
                "status unknown, no date", (*ANNA, dxa_done(on=None, status="unknown")), **UNCLEAR
            ),
            case(
                "status unknown, 2023-01-01, and a scan of 2024-05-01 whose interval is over",
                (*ANNA, dxa_done(on="2023-01-01", status="unknown"), dxa(t=-1.8, on="2024-05-01")),
                **NOT_DONE,
                says=("a scan as new can be read",),
            ),
            case(
                "the same scan twice: of 2024-05-01, and of 2024-05-31 with status unknown",
                (*ANNA, dxa(t=-1.8, on="2024-05-01"), dxa_done(on="2024-05-31", status="unknown")),
                **NOT_DONE,
            ),
            case(
                "another scan: of 2024-05-01, and of 2024-06-01 with status unknown",
                (*ANNA, dxa(t=-1.8, on="2024-05-01"), dxa_done(on="2024-06-01", status="unknown")),
                **UNCLEAR,
            ),
            case(
                "status unknown, 2010, and a scan inside its interval",
                (*ANNA, dxa_done(on="2010-05-01", status="unknown"), dxa(t=-0.5, on="2026-05-01")),
                **DONE,
            ),
            case(
                "status unknown, this year, and a scan inside its interval",
                (*ANNA, dxa_done(on="2026-09-01", status="unknown"), dxa(t=-0.5, on="2026-05-01")),
                **DONE,
            ),
        ),
    ),
    Spec(
        "A result in any shape is found",
        "Alone, in a panel, as a component, inside or behind a report. What has no date of its own"
        " has that of the report, panel or measurement that it belongs to.",
        "DONE-1",
        (
            case(
                "a panel (38268-9) of 2026-10-01 whose member, the T-score, has no date",
                (
                    *ANNA,
                    observation(
                        loinc("38268-9"),
                        on="2026-10-01",
                        hasMember=[{"reference": "Observation/spine"}],
                    ),
                    dxa(t=-1.2, on=None, id="spine"),
                ),
                **TOLD,
                says=("2026-10-01, lowest T-score -1.2",),
            ),
            case(
                "a panel with the T-score as a component",
                (
                    *ANNA,
                    observation(
                        loinc("38268-9"),
                        on="2026-10-01",
                        component=[
                            {
                                "code": concept(loinc("38267-1")),
                                "valueQuantity": {"value": -1.2, "unit": "{T-score}"},
                            }
                        ],
                    ),
                ),
                **TOLD,
                says=("lowest T-score -1.2",),
            ),
            case(
                "a report of 2026-10-01 that points to a T-score without a date",
                (
                    *ANNA,
                    report(
                        loinc("38269-7"),
                        on="2026-10-01",
                        result=[{"reference": "Observation/spine"}],
                    ),
                    dxa(t=-1.2, on=None, id="spine"),
                ),
                **TOLD,
                says=("2026-10-01, lowest T-score -1.2",),
            ),
            case(
                "a T-score without a date, derived from a density of 2026-10-01",
                (
                    *ANNA,
                    observation(
                        loinc("24966-4"), on="2026-10-01", value=0.8, unit="g/cm2", id="density"
                    ),
                    dxa(t=-1.2, on=None, derivedFrom=[{"reference": "Observation/density"}]),
                ),
                **TOLD,
                says=("2026-10-01, lowest T-score -1.2",),
            ),
            case(
                "a T-score without a date that belongs to nothing",
                (*ANNA, dxa(t=-1.2, on=None)),
                **UNCLEAR,
            ),
            case(
                "a T-score whose own date is broken, in a report with a date",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"),
                        on="2024-10-01",
                        result=[{"reference": "Observation/spine"}],
                    ),
                    dxa(t=-1.2, on="last week", id="spine"),
                ),
                **UNCLEAR,
            ),
            case(
                "a report whose only result is an attached document",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"),
                        on="2026-10-01",
                        presentedForm=[{"contentType": "application/pdf"}],
                    ),
                ),
                **TOLD,
                says=("result only in an attached document",),
            ),
            case(
                "a report with only a coded conclusion, osteopenia (312894000)",
                (
                    *ANNA,
                    report(
                        loinc("38268-9"),
                        on="2026-10-01",
                        conclusionCode=[concept(snomed("312894000"))],
                    ),
                ),
                **TOLD,
                due_on="2028-10-01",
                says=("concluded as osteopenia",),
            ),
            case(
                "a report that is preliminary",
                (*ANNA, report(loinc("38268-9"), on="2026-10-01", status="preliminary")),
                **NOT_DONE,
                says=("report of a central DXA, not final, 2026-10-01",),
            ),
            case(
                "a preliminary report without a date",
                (*ANNA, report(loinc("38268-9"), on=None, status="preliminary")),
                **NOT_DONE,
                says=("not final, no date",),
            ),
            case(
                "SNOMED CT 312681000",
                (*ANNA, procedure(snomed("312681000"), on="2026-10-01")),
                **TOLD,
            ),
            case("CPT 77085", (*ANNA, procedure(cpt("77085"), on="2026-10-01")), **TOLD),
            case(
                "the whole scan (38268-9) with −1.8 {T-score}: the unit says which score",
                (
                    *ANNA,
                    observation(loinc("38268-9"), on="2026-10-01", value=-1.8, unit="{T-score}"),
                ),
                **TOLD,
                says=("lowest T-score -1.8",),
            ),
            case(
                "the whole scan (38268-9) with −1.8 and no unit: T or Z",
                (*ANNA, observation(loinc("38268-9"), on="2026-10-01", value=-1.8)),
                **TOLD,
                says=("result not found",),
            ),
            case(
                "a T-score that is absent with a reason",
                (*ANNA, dxa(t=None, on="2026-10-01", dataAbsentReason={"text": "not measured"})),
                **NOT_DONE,
            ),
            case(
                "a T-score code without any value",
                (*ANNA, observation(loinc("38267-1"), on="2026-10-01")),
                **TOLD,
                says=("result not found",),
            ),
        ),
    ),
    Spec(
        "T-score, Z-score and density are told apart by code, unit and range",
        "No unit, 1, {T-score}, {Z-score}, {score} or {SD}, and −6 to +6; else the scan is done and"
        " its result unknown.",
        "DONE-1",
        (
            *(
                case(
                    f"a T-score of −1.2 in “{unit}”",
                    (*ANNA, observation(loinc("38267-1"), on="2026-10-01", value=-1.2, unit=unit)),
                    **TOLD,
                    says=("lowest T-score -1.2",),
                )
                for unit in ("1", "{T-score}", "{score}", "{SD}", "SD")
            ),
            case(
                "a T-score of −1.2 without a unit",
                (*ANNA, observation(loinc("38267-1"), on="2026-10-01", value=-1.2)),
                **TOLD,
                says=("lowest T-score -1.2",),
            ),
            *(
                case(
                    f"0.889 in “{unit}” under a T-score code",
                    (*ANNA, observation(loinc("38267-1"), on="2026-10-01", value=0.889, unit=unit)),
                    **TOLD,
                    says=("its value is no valid score",),
                )
                for unit in ("g/cm2", "g/cm²", "g/cm-2", "%", "{Z-score}")
            ),
            case(
                "a Z-score in {T-score}",
                (*ANNA, observation(loinc("85394-5"), on="2026-10-01", value=-1, unit="{T-score}")),
                **TOLD,
                says=("its value is no valid score",),
            ),
            case(
                "a density code in {T-score}",
                (*ANNA, observation(loinc("24701-5"), on="2026-10-01", value=-1, unit="{T-score}")),
                **TOLD,
                says=("bone density without a score",),
            ),
            case(
                "a T-score of −6.0 exactly",
                (*ANNA, dxa(t=-6.0, on="2026-10-01")),
                **TOLD,
                says=("lowest T-score -6.0",),
            ),
            case(
                "a T-score of +6.0 exactly",
                (*ANNA, dxa(t=6.0, on="2026-10-01")),
                **TOLD,
                says=("lowest T-score 6.0",),
            ),
            case(
                "a T-score of +6.1",
                (*ANNA, dxa(t=6.1, on="2026-10-01")),
                **TOLD,
                says=("its value is no valid score",),
            ),
            case(
                "−1.2 as text",
                (*ANNA, observation(loinc("38267-1"), on="2026-10-01", valueString="-1.2")),
                **TOLD,
                says=("lowest T-score -1.2",),
            ),
            case(
                "less than −2.0",
                (
                    *ANNA,
                    observation(
                        loinc("38267-1"),
                        on="2026-10-01",
                        valueQuantity={"value": -2.0, "comparator": "<"},
                    ),
                ),
                **TOLD,
                says=("lowest T-score -2.0",),
            ),
            case(
                "more than −2.0, which may be anything above",
                (
                    *ANNA,
                    observation(
                        loinc("38267-1"),
                        on="2026-10-01",
                        valueQuantity={"value": -2.0, "comparator": ">"},
                    ),
                ),
                **TOLD,
                says=("its value is no valid score",),
            ),
            case(
                "T −2.46 is shown with its digits",
                (*ANNA, dxa(t=-2.46, on="2026-10-01")),
                **TOLD,
                says=("lowest T-score -2.46",),
            ),
            case(
                "spine −0.5, hip −1.9 and femur −1.1: the lowest",
                (
                    *ANNA,
                    dxa(t=-0.5, on="2026-10-01"),
                    observation(loinc("38264-8"), on="2026-10-01", value=-1.9, unit="{T-score}"),
                    observation(loinc("38263-0"), on="2026-10-01", value=-1.1, unit="{T-score}"),
                ),
                **TOLD,
                says=("lowest T-score -1.9",),
            ),
            case(
                "spine −0.5 and an impossible hip of −9: the lowest valid",
                (
                    *ANNA,
                    dxa(t=-0.5, on="2026-10-01"),
                    observation(loinc("38264-8"), on="2026-10-01", value=-9, unit="{T-score}"),
                ),
                **TOLD,
                says=("lowest T-score -0.5",),
            ),
        ),
    ),
    Spec(
        "What closes nothing, and what the body site says",
        "Ultrasound, computed tomography, heel and forearm are shown. A forearm counts only in a"
        " central scan without a score of spine or hip, and then for no longer than an unknown"
        " result.",
        "DONE-1",
        (
            *(
                case(
                    f"CPT {number} last month: {what}",
                    (*ANNA, procedure(cpt(number), on="2026-10-22")),
                    **NOT_DONE,
                    says=("no central DXA",),
                )
                for number, what in (
                    ("76977", "ultrasound"),
                    ("77078", "computed tomography"),
                    ("77086", "vertebral assessment alone"),
                )
            ),
            case(
                "a peripheral scan as a document type (43563-6)",
                (*ANNA, report(loinc("43563-6"), on="2026-10-22")),
                **NOT_DONE,
            ),
            case(
                "a bone density scan (312681000) of the heel",
                (*ANNA, procedure(snomed("312681000"), on="2026-10-22", bodySite=[at(HEEL)])),
                **NOT_DONE,
                says=("no central DXA",),
            ),
            case(
                "… of heel and femur",
                (
                    *ANNA,
                    procedure(snomed("312681000"), on="2026-10-22", bodySite=[at(HEEL), at(FEMUR)]),
                ),
                **DONE,
            ),
            case(
                "… of a site that is not known here",
                (*ANNA, procedure(snomed("312681000"), on="2026-10-22", bodySite=[at("1")])),
                **DONE,
            ),
            case(
                "a T-score (38267-1) of −1.2 of the heel",
                (*ANNA, dxa(t=-1.2, on="2026-10-22", bodySite=at(HEEL))),
                **NOT_DONE,
            ),
            case(
                "a density at a site that is not stated (46383-6), of the left femur",
                (
                    *ANNA,
                    observation(
                        loinc(SITE_NOT_STATED),
                        on="2026-10-22",
                        value=0.8,
                        unit="g/cm2",
                        bodySite=at(f"{FEMUR}:272741003=7771000"),
                    ),
                ),
                **TOLD,
                says=("bone density without a score",),
            ),
            case(
                "T −1.2 of the forearm alone",
                (*ANNA, observation(loinc(FOREARM_T), on="2026-10-22", value=-1.2)),
                **NOT_DONE,
            ),
            case(
                "a central DXA without a score, and T +0.5 of the forearm a week later: 24 months",
                (
                    *OLGA,
                    dxa_done(on="2026-10-15"),
                    observation(loinc(FOREARM_T), on="2026-10-22", value=0.5),
                ),
                **until("2028-10-15"),
                says=("lowest T-score 0.5, of the forearm",),
            ),
            case(
                "a central DXA without a score, and T of the forearm in g/cm2",
                (
                    *OLGA,
                    dxa_done(on="2026-10-15"),
                    observation(loinc(FOREARM_T), on="2026-10-22", value=0.5, unit="g/cm2"),
                ),
                **until("2028-10-15"),
                says=("result not found",),
            ),
            case(
                "a central DXA without a score, and an undated T of the forearm",
                (
                    *OLGA,
                    dxa_done(on="2026-10-15"),
                    observation(loinc(FOREARM_T), on=None, value=0.5),
                ),
                **until("2028-10-15"),
                says=("result not found",),
            ),
            case(
                "spine −0.5 and forearm −2.0: the spine",
                (
                    *OLGA,
                    dxa(t=-0.5, on="2026-10-15"),
                    observation(loinc(FOREARM_T), on="2026-10-15", value=-2.0),
                ),
                **until("2031-10-15"),
                says=("lowest T-score -0.5",),
            ),
            case(
                "a document called “Outside DEXA report” of last month: look",
                (*ANNA, document("Outside DEXA report", on="2026-10-22")),
                **NOT_DONE,
                says=("a document called “DXA” may be a scan: look, 2026-10-22",),
            ),
            case(
                "a document whose type is 38268-9",
                (*ANNA, document("scan 3", on="2026-10-22", type=concept(loinc("38268-9")))),
                **NOT_DONE,
                says=("a document called “bone density scan” may be a scan",),
            ),
            case(
                "a document about osteodensitometry, older than the last result",
                (
                    *ANNA,
                    document("Osteodensitometrie", on="2026-01-22"),
                    dxa(t=-0.5, on="2026-05-01"),
                ),
                **DONE,
            ),
            case(
                "a document without a date",
                (*ANNA, document("Bone density", on=None)),
                **NOT_DONE,
                says=("a document called “bone density” may be a scan: look, no date",),
            ),
        ),
    ),
    Spec(
        "What is one scan",
        "Procedure, report and results within 30 days. A year or a month joins the day in it, and"
        " the scan may then be as late as that year ends.",
        "DONE-1",
        (
            case(
                "T −1.8 on 1 August 2025 and T −0.5 on 31 August, 30 days later: one scan",
                (*OLGA, dxa(t=-1.8, on="2025-08-01"), dxa(t=-0.5, on="2025-08-31")),
                **until("2027-08-31"),
            ),
            case(
                "… 31 days later: two scans, the newer",
                (*OLGA, dxa(t=-1.8, on="2025-08-01"), dxa(t=-0.5, on="2025-09-01")),
                **until("2030-09-01"),
            ),
            case(
                "a forearm score 31 days after a scan without a score: another scan",
                (
                    *OLGA,
                    dxa_done(on="2026-09-01"),
                    observation(loinc(FOREARM_T), on="2026-10-02", value=0.5),
                ),
                **until("2028-09-01"),
                says=("result not found",),
            ),
            case(
                "T −0.5 on 2025-03-05, and a DXA “2025”: one scan with a result",
                (*OLGA, dxa(t=-0.5, on="2025-03-05"), dxa_done(on="2025")),
                **until("2030-03-05"),
                says=("lowest T-score -0.5",),
            ),
            case(
                "T −1.8 on 2024-03-05, and a DXA “2024”: it may have been in December",
                (*OLGA, dxa(t=-1.8, on="2024-03-05"), dxa_done(on="2024")),
                **UNCLEAR,
                says=("2024-03-05 to 2024-12-31",),
            ),
            case(
                "two scans “2025”, nothing more exact",
                (*OLGA, dxa(t=-0.5, on="2025"), dxa_done(on="2025")),
                **until("2030-01-01"),
            ),
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
            case("T −1.6", (*OLGA, dxa(t=-1.6, on="2025-12-22")), **until("2027-12-22")),
            case("Z −2.1", (*MARA, dxa(z=-2.1, on="2025-12-22")), **until("2027-12-22")),
            case(
                "T −0.9 with EDSS risen from 1.0 to 2.0 in a year (MSO-03, worsening): 24 months",
                (*OLGA, edss(1.0, on="2025-03-01"), dxa(t=-0.9, on="2025-12-22")),
                **until("2027-12-22"),
            ),
            case(
                "T −0.9 with EDSS 4.0 (MSO-03, but not worsening): 60 months",
                (
                    woman(born="1966-06-01"),
                    ms(),
                    edss(4.0, on="2026-03-01"),
                    dxa(t=-0.9, on="2025-12-22"),
                ),
                **until("2030-12-22"),
            ),
            case(
                "at 39, T −1.4 and Z −0.8: T does not apply, Z decides",
                (*MARA, dxa(t=-1.4, on="2025-12-22"), dxa(z=-0.8, on="2025-12-22")),
                **until("2030-12-22"),
            ),
            case(
                "at 39 and postmenopausal, T −1.4 and Z −0.8: the shorter",
                (
                    *MARA,
                    condition(icd("Z78.0"), onset="2024-01-01"),
                    dxa(t=-1.4, on="2025-12-22"),
                    dxa(z=-0.8, on="2025-12-22"),
                ),
                **until("2028-12-22"),
            ),
            case(
                "without a birth date, T −1.4 and Z −0.8: T may apply, so the shorter",
                (
                    woman(born=None),
                    *MARA[1:],
                    dxa(t=-1.4, on="2025-12-22"),
                    dxa(z=-0.8, on="2025-12-22"),
                ),
                **until("2028-12-22"),
            ),
            case(
                "at 39, T −1.4 and Z −0.8, and diagnoses were refused: menopause not known",
                (*MARA, dxa(t=-1.4, on="2025-12-22"), dxa(z=-0.8, on="2025-12-22")),
                unread=("Condition",),
                status="could-not-determine",
            ),
            case(
                "at 59, T −1.4 and Z −0.8: the shorter",
                (*OLGA, dxa(t=-1.4, on="2025-12-22"), dxa(z=-0.8, on="2025-12-22")),
                **until("2028-12-22"),
            ),
            case(
                "at 39, T −1.4 and no Z-score: taken as it is",
                (*MARA, dxa(t=-1.4, on="2025-12-22")),
                **until("2028-12-22"),
            ),
            case(
                "concluded as osteopenia without a score, on sustained glucocorticoid: 12 months",
                (
                    *OLGA,
                    PREDNISONE,
                    report(
                        loinc("38268-9"),
                        on="2025-12-22",
                        conclusionCode=[concept(snomed("312894000"))],
                    ),
                ),
                **until("2026-12-22"),
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
                "T −1.4 and Z −0.8 ten years ago, at 30: Z decides",
                (*MARA, dxa(t=-1.4, on="2016-05-01"), dxa(z=-0.8, on="2016-05-01")),
                finds={"MSO-17": "not-met"},
                status="not-at-risk",
            ),
            case(
                "T −0.4 and Z −2.2 ten years ago, at 30: Z decides",
                (*MARA, dxa(t=-0.4, on="2016-05-01"), dxa(z=-2.2, on="2016-05-01")),
                finds={"MSO-17": "met major"},
            ),
            case(
                "concluded as osteopenia in 2016, without a score",
                (
                    *MARA,
                    report(
                        loinc("38268-9"),
                        on="2016-05-01",
                        conclusionCode=[concept(icd("M85.80"))],
                    ),
                ),
                finds={"MSO-17": "met major"},
                says=("concluded as osteopenia",),
            ),
            case(
                "concluded as osteopenia in 2016, but T −0.4: the score decides",
                (
                    *MARA,
                    report(
                        loinc("38268-9"),
                        on="2016-05-01",
                        conclusionCode=[concept(icd("M85.80"))],
                    ),
                    dxa(t=-0.4, on="2016-05-01"),
                ),
                finds={"MSO-17": "not-met"},
            ),
            case(
                "T −1.4 of the heel ten years ago",
                (*MARA, observation(loinc("38266-3"), on="2016-05-01", value=-1.4)),
                finds={"MSO-17": "not-met"},
            ),
            case(
                "reports were refused",
                MARA,
                unread=("DiagnosticReport",),
                finds={"MSO-17": "unknown"},
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
                "T −2.6 at 59",
                (*OLGA, dxa(t=-2.6, on="2025-12-22")),
                finds={"DONE-2": "met"},
                status="result-needs-action",
            ),
            case(
                "T −2.5 of the forearm at 59, spine and hip not readable",
                (
                    *OLGA,
                    dxa_done(on="2025-12-22"),
                    observation(loinc(FOREARM_T), on="2025-12-22", value=-2.5),
                ),
                finds={"DONE-2": "met"},
            ),
            *(
                case(
                    f"a report concluded as osteoporosis (64859006) {words}, without a score",
                    (
                        *person,
                        report(
                            loinc("38268-9"),
                            on="2025-12-22",
                            conclusionCode=[concept(snomed("64859006"))],
                        ),
                    ),
                    finds={"DONE-2": verdict},
                )
                for words, person, verdict in (
                    ("at 59", OLGA, "met"),
                    ("at 39", MARA, "not-met"),
                )
            ),
            case(
                "a report concluded as osteoporosis at 59, but T −1.8: the score decides",
                (
                    *OLGA,
                    report(
                        loinc("38268-9"),
                        on="2025-12-22",
                        conclusionCode=[concept(snomed("64859006"))],
                    ),
                    dxa(t=-1.8, on="2025-12-22"),
                ),
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
