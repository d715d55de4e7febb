"""MSO-16: another disease that causes osteoporosis."""

from tests.lib.patients import condition, icd, procedure, snomed, vitamin_d
from tests.spec.book import MARA, Case, Spec, case, holds

MINOR = {"finds": {"MSO-16": "met minor"}, "status": "not-at-risk"}
NOT = {"finds": {"MSO-16": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-16": "unknown"}, "status": "not-at-risk"}
LOW_VITAMIN_D = vitamin_d(15, "ng/mL", on="2026-06-01")
BARIATRIC = snomed("430715008")


def counts(code: str, what: str) -> Case:
    chart = (*MARA, condition(icd(code), recorded="2020-05-01"))
    return case(f"{code}: {what}", chart, **MINOR, says=(f"{what}, 2020-05-01",))


def does_not_count(code: str, what: str) -> Case:
    return case(f"{code}: {what}", (*MARA, condition(icd(code), recorded="2020-05-01")), **NOT)


SPECS = (
    Spec(
        "Which diseases count",
        "Each is recorded 2020-05-01, active and confirmed. Alone it is one MINOR.",
        "MSO-16",
        (
            counts("M05.79", "rheumatoid arthritis"),
            counts("M06.9", "rheumatoid arthritis"),
            counts("E10.9", "type 1 diabetes"),
            counts("E05.00", "overactive thyroid"),
            counts("E21.0", "overactive parathyroid"),
            counts("E21.3", "overactive parathyroid"),
            counts("E24.0", "Cushing's syndrome"),
            counts("E24.9", "Cushing's syndrome"),
            counts("K90.0", "coeliac disease"),
            counts("K50.90", "inflammatory bowel disease"),
            counts("K51.00", "inflammatory bowel disease"),
            counts("K90.9", "intestinal malabsorption"),
            counts("K91.2", "intestinal malabsorption"),
            counts("N18.6", "end-stage renal disease"),
            counts("Z99.2", "end-stage renal disease"),
            counts("K74.60", "chronic liver disease"),
            counts("K70.30", "chronic liver disease"),
            counts("K75.4", "chronic liver disease"),
            counts("C90.00", "multiple myeloma, for review"),
            counts("C90.01", "multiple myeloma, for review"),
            counts("Q78.0", "osteogenesis imperfecta"),
            counts("Z98.84", "bariatric surgery"),
            case(
                "46635009 in SNOMED CT, type 1 diabetes",
                (*MARA, condition(snomed("46635009"), recorded="2020-05-01")),
                **MINOR,
            ),
            case(
                "69896004 in SNOMED CT, rheumatoid arthritis",
                (*MARA, condition(snomed("69896004"), recorded="2020-05-01")),
                **MINOR,
            ),
            case(
                "coeliac disease with a low vitamin D: two MINOR of two domains",
                (*MARA, LOW_VITAMIN_D, condition(icd("K90.0"), recorded="2020-05-01")),
                finds={"MSO-16": "met minor", "MSO-11": "met minor"},
                status="due",
                plan="create",
            ),
            case(
                "type 1 diabetes with coeliac disease: one MINOR of one domain",
                (
                    *MARA,
                    condition(icd("E10.9"), recorded="2001-05-01"),
                    condition(icd("K90.0"), recorded="2020-05-01"),
                ),
                **MINOR,
            ),
        ),
    ),
    Spec(
        "Which do not",
        "Each is recorded 2020-05-01, active and confirmed.",
        "MSO-16",
        (
            does_not_count("E11.9", "type 2 diabetes"),
            does_not_count("E13.9", "another kind of diabetes"),
            does_not_count("E10.A1", "type 1 diabetes before symptoms"),
            does_not_count("E03.9", "an underactive thyroid"),
            does_not_count("E21.4", "another disorder of the parathyroid"),
            does_not_count("E24.2", "Cushing's syndrome from a medicine"),
            does_not_count("E24.4", "Cushing's syndrome from alcohol"),
            does_not_count("K90.41", "sensitivity to gluten without coeliac disease"),
            does_not_count("K52.831", "collagenous colitis"),
            does_not_count("K58.0", "irritable bowel"),
            does_not_count("M06.4", "inflammatory arthritis that is not rheumatoid"),
            does_not_count("M15.0", "osteoarthritis"),
            does_not_count("N18.4", "kidney disease of stage 4"),
            does_not_count("K76.0", "fatty liver"),
            does_not_count("K70.0", "alcoholic fatty liver"),
            does_not_count("K72.00", "acute liver failure"),
            does_not_count("B18.2", "chronic hepatitis C without cirrhosis"),
            does_not_count("C90.30", "a single plasmacytoma"),
            does_not_count("Q78.2", "osteopetrosis"),
            case(
                "the words “type 1 diabetes” without a code",
                (*MARA, condition({"text": "type 1 diabetes"}, recorded="2020-05-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Believed, and still there",
        "Confirmed or without a verification status. Resolved and inactive do not count; remission"
        " ends a disease that can be over, not one that is for life. Where nothing says whether a"
        " disease that can be over still goes on, it counts for 24 months.",
        "MSO-16",
        (
            case(
                "Crohn's disease without any status, recorded 2005",
                (
                    *MARA,
                    condition(icd("K50.90"), recorded="2005", verification=None, clinical=None),
                ),
                **MINOR,
            ),
            case(
                "Crohn's disease in remission",
                (*MARA, condition(icd("K50.90"), recorded="2005-05-01", clinical="remission")),
                **MINOR,
            ),
            case(
                "Crohn's disease, relapse",
                (*MARA, condition(icd("K50.90"), recorded="2005-05-01", clinical="relapse")),
                **MINOR,
            ),
            case(
                "Crohn's disease, resolved",
                (*MARA, condition(icd("K50.90"), recorded="2005-05-01", clinical="resolved")),
                **NOT,
                says=("inflammatory bowel disease, 2005-05-01 (resolved)",),
            ),
            case(
                "Crohn's disease, inactive",
                (*MARA, condition(icd("K50.90"), recorded="2005-05-01", clinical="inactive")),
                **NOT,
            ),
            case(
                "an overactive thyroid in remission",
                (*MARA, condition(icd("E05.00"), recorded="2026-05-01", clinical="remission")),
                **NOT,
            ),
            case(
                "an overactive thyroid without a clinical status, recorded 2024-11-22",
                (*MARA, condition(icd("E05.00"), recorded="2024-11-22", clinical=None)),
                **MINOR,
            ),
            case(
                "an overactive thyroid without a clinical status, recorded 2024-11-21, a day more",
                (*MARA, condition(icd("E05.00"), recorded="2024-11-21", clinical=None)),
                **NOT,
                says=("too long ago",),
            ),
            case(
                "an overactive thyroid without a clinical status, recorded some time in 2024",
                (*MARA, condition(icd("E05.00"), recorded="2024", clinical=None)),
                **UNKNOWN,
            ),
            case(
                "an overactive thyroid without a clinical status or a date",
                (*MARA, condition(icd("E05.00"), clinical=None)),
                **UNKNOWN,
            ),
            case(
                "coeliac disease with a clinical status that nobody knows",
                (*MARA, condition(icd("K90.0"), recorded="2020-05-01", clinical="perhaps")),
                **UNKNOWN,
                says=("clinical status not understood",),
            ),
            case(
                "coeliac disease with a verification status that nobody knows",
                (*MARA, condition(icd("K90.0"), recorded="2020-05-01", verification="perhaps")),
                **UNKNOWN,
            ),
            case(
                "coeliac disease, provisional",
                (*MARA, condition(icd("K90.0"), recorded="2020-05-01", verification="provisional")),
                **NOT,
                says=("not confirmed",),
            ),
            case(
                "coeliac disease, refuted",
                (*MARA, condition(icd("K90.0"), recorded="2020-05-01", verification="refuted")),
                **NOT,
            ),
            case(
                "coeliac disease, entered in error",
                (
                    *MARA,
                    condition(icd("K90.0"), recorded="2020-05-01", verification="entered-in-error"),
                ),
                **NOT,
            ),
            case(
                "coeliac disease, dated tomorrow",
                (*MARA, condition(icd("K90.0"), recorded="2026-11-23")),
                **NOT,
            ),
            case(
                "bariatric surgery as a status, resolved: it has happened",
                (*MARA, condition(icd("Z98.84"), recorded="2015-05-01", clinical="resolved")),
                **MINOR,
            ),
            case(
                "the conditions were refused",
                MARA,
                unread=("Condition",),
                finds={"MSO-16": "unknown"},
            ),
            case(
                "the procedures were refused",
                MARA,
                unread=("Procedure",),
                finds={"MSO-16": "unknown"},
                status="could-not-determine",
            ),
        ),
    ),
    Spec(
        "Bariatric surgery as a procedure",
        "430715008 in SNOMED CT, at any time of life.",
        "MSO-16",
        (
            case("done 2012-05-01", (*MARA, procedure(BARIATRIC, on="2012-05-01")), **MINOR),
            case("done, nobody says when", (*MARA, procedure(BARIATRIC, on=None)), **MINOR),
            case(
                "sleeve gastrectomy (427074001)",
                (*MARA, procedure(snomed("427074001"), on="2012-05-01")),
                **MINOR,
            ),
            case(
                "not done",
                (*MARA, procedure(BARIATRIC, on="2012-05-01", status="not-done")),
                **NOT,
            ),
            case(
                "entered in error",
                (*MARA, procedure(BARIATRIC, on="2012-05-01", status="entered-in-error")),
                **NOT,
            ),
            case(
                "in preparation",
                (*MARA, procedure(BARIATRIC, on="2026-05-01", status="preparation")),
                **NOT,
                says=("not completed",),
            ),
            case(
                "dated tomorrow",
                (*MARA, procedure(BARIATRIC, on="2026-11-23")),
                **NOT,
                says=("dated in the future",),
            ),
            case(
                "with a status that nobody knows",
                (*MARA, procedure(BARIATRIC, on="2012-05-01", status="perhaps")),
                **UNKNOWN,
                says=("status not understood",),
            ),
        ),
    ),
)

test_secondary_cause = holds(SPECS)
