"""Who is a person with multiple sclerosis (specification 3.1, section 7)."""

from tests.lib.patients import (
    MODIFIED,
    Code,
    condition,
    edss,
    icd,
    ms,
    ordered,
    snomed,
    visit_for_ms,
    woman,
)
from tests.spec.book import Spec, case, holds

ANNA = (woman(born="1986-06-01"), edss(6.5, on="2026-09-01"))
FAMILY_HISTORY = {
    "resourceType": "FamilyMemberHistory",
    "patient": {"reference": "Patient/p"},
    "status": "completed",
    "condition": [{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "24700007"}]}}],
}
IN, OUT, OPEN = {"COHORT": "met"}, {"COHORT": "not-met"}, {"COHORT": "unknown"}
NOT_IN = {"finds": OUT, "status": "not-in-cohort", "plan": "keep"}


def anna_with(code: Code) -> tuple:
    return (*ANNA, condition(code, recorded="2019-03-01"))


SPECS = (
    Spec(
        "Which codes mean multiple sclerosis",
        "Anna is 40 and has an EDSS of 6.5, so that she is due as soon as she has MS.",
        "COHORT",
        (
            case("G35, the code before October 2025", anna_with(icd("G35")), finds=IN),
            case("G35.A relapsing-remitting", anna_with(icd("G35.A")), finds=IN),
            case("G35A without the dot", anna_with(icd("G35A")), finds=IN),
            case("G35.B1 primary progressive", anna_with(icd("G35.B1")), finds=IN),
            case("G35.C2 secondary progressive", anna_with(icd("G35.C2")), finds=IN),
            case("G35.D unspecified", anna_with(icd("G35.D")), finds=IN),
            case(
                "G35.A under the OID of ICD-10-CM",
                anna_with(Code("urn:oid:2.16.840.1.113883.6.90", "G35.A")),
                finds=IN,
            ),
            case(
                "G35 of WHO's ICD-10",
                anna_with(Code("http://hl7.org/fhir/sid/icd-10", "G35")),
                finds=IN,
            ),
            case(
                "G35.A of a group that bears her number",
                (*ANNA, ms(subject={"reference": "Group/p"})),
                **NOT_IN,
            ),
            case(
                "G35.A with a modifierExtension: it may mean something else",
                (*ANNA, ms(modifierExtension=MODIFIED)),
                finds=OPEN,
                status="could-not-determine",
                reports=("modifierExtension",),
            ),
            case("SNOMED CT 24700007", anna_with(snomed("24700007")), finds=IN),
            case("G36.0 neuromyelitis optica", anna_with(icd("G36.0")), **NOT_IN, example="17"),
            case("G37.81 MOGAD", anna_with(icd("G37.81")), **NOT_IN),
            case("G37.9 other demyelination", anna_with(icd("G37.9")), **NOT_IN),
            case(
                "733028000, a syndrome with MS in its name",
                anna_with(snomed("733028000")),
                **NOT_IN,
            ),
            case(
                "1344634002 No family history of multiple sclerosis",
                anna_with(snomed("1344634002")),
                **NOT_IN,
                example="16",
            ),
            case("a family member has MS", (*ANNA, FAMILY_HISTORY), **NOT_IN, example="16"),
            case(
                "“multiple sclerosis” as text without a code",
                (*ANNA, condition({"text": "multiple sclerosis"}, recorded="2019-03-01")),
                **NOT_IN,
                reports=("no readable code",),
            ),
            case("no diagnosis at all", ANNA, **NOT_IN),
        ),
    ),
    Spec(
        "Which statuses of the diagnosis count",
        "A problem that is confirmed, or says nothing, confirms alone. Remission is still MS.",
        "COHORT",
        (
            case("confirmed", (*ANNA, ms()), finds=IN, status="due", plan="create"),
            case("no verification status", (*ANNA, ms(verification=None)), finds=IN, status="due"),
            case("no category", (*ANNA, ms(category=None)), finds=IN, status="due"),
            case("category health-concern", (*ANNA, ms(category="health-concern")), finds=IN),
            case("in remission", (*ANNA, ms(clinical="remission")), finds=IN, status="due"),
            case("inactive", (*ANNA, ms(clinical="inactive")), finds=IN, status="due"),
            case("resolved", (*ANNA, ms(clinical="resolved")), **NOT_IN, says=("for review",)),
            case("provisional", (*ANNA, ms(verification="provisional")), **NOT_IN),
            case("differential", (*ANNA, ms(verification="differential")), **NOT_IN),
            case("unconfirmed", (*ANNA, ms(verification="unconfirmed")), **NOT_IN),
            case("refuted", (*ANNA, ms(verification="refuted")), **NOT_IN, example="15"),
            case("entered in error", (*ANNA, ms(verification="entered-in-error")), **NOT_IN),
            case(
                "a verification status that nobody knows",
                (*ANNA, ms(verification="perhaps")),
                finds=OPEN,
                status="could-not-determine",
                plan="keep",
            ),
            case(
                "a clinical status that nobody knows",
                (*ANNA, ms(clinical="perhaps")),
                finds=OPEN,
                status="could-not-determine",
            ),
            case("one refuted, one confirmed", (*ANNA, ms(verification="refuted"), ms()), finds=IN),
            case("recorded tomorrow", (*ANNA, ms(recorded="2026-11-23")), **NOT_IN),
            case(
                "the same MS in two code systems",
                (*ANNA, ms("G35.A"), condition(snomed("24700007"), recorded="2019-03-01")),
                finds=IN,
                status="due",
                plan="create",
                example="28",
            ),
        ),
    ),
    Spec(
        "Encounter diagnoses confirm only when they are repeated",
        "Three on different dates, or two at least 30 days apart and a medicine that only MS has.",
        "COHORT",
        (
            case("one", (*ANNA, visit_for_ms("2026-01-05")), **NOT_IN, says=("possible MS",)),
            case(
                "two, 60 days apart, no medicine",
                (*ANNA, visit_for_ms("2026-01-05"), visit_for_ms("2026-03-06")),
                **NOT_IN,
            ),
            case(
                "three on the same day",
                (*ANNA, *[visit_for_ms("2026-01-05")] * 3),
                **NOT_IN,
            ),
            case(
                "three on different days",
                (*ANNA, *[visit_for_ms(f"2026-01-0{day}") for day in (5, 6, 7)]),
                finds=IN,
                status="due",
            ),
            case(
                "three on different days that all give the same onset",
                (*ANNA, *[visit_for_ms(f"2026-01-0{d}", onset="2015-01-01") for d in (5, 6, 7)]),
                finds=IN,
            ),
            case(
                "three different onsets written down in one visit",
                (*ANNA, *[visit_for_ms("2026-01-05", onset=f"201{year}") for year in (1, 2, 3)]),
                **NOT_IN,
            ),
            case(
                "two, 29 days apart, with ocrelizumab",
                (
                    *ANNA,
                    visit_for_ms("2026-01-05"),
                    visit_for_ms("2026-02-03"),
                    ordered("ocrelizumab 300 mg", on="2026-02-03"),
                ),
                **NOT_IN,
            ),
            case(
                "two, 30 days apart, with ocrelizumab",
                (
                    *ANNA,
                    visit_for_ms("2026-01-05"),
                    visit_for_ms("2026-02-04"),
                    ordered("ocrelizumab 300 mg", on="2026-02-03"),
                ),
                finds=IN,
            ),
            case(
                "two, 30 days apart, with natalizumab, which has other uses",
                (
                    *ANNA,
                    visit_for_ms("2026-01-05"),
                    visit_for_ms("2026-02-04"),
                    ordered("natalizumab 300 mg", on="2026-02-03"),
                ),
                **NOT_IN,
            ),
            case(
                "two, 30 days apart, with a cancelled order of glatiramer",
                (
                    *ANNA,
                    visit_for_ms("2026-01-05"),
                    visit_for_ms("2026-02-04"),
                    ordered("glatiramer acetate", on="2026-02-03", status="cancelled"),
                ),
                **NOT_IN,
            ),
            case(
                "two, 30 days apart, and the medicines were refused",
                (*ANNA, visit_for_ms("2026-01-05"), visit_for_ms("2026-02-04")),
                unread=("MedicationRequest",),
                finds=OPEN,
                status="could-not-determine",
            ),
            case(
                "no MS at all, and the medicines were refused",
                ANNA,
                unread=("MedicationRequest",),
                **NOT_IN,
            ),
            case(
                "nothing known, because the diagnoses were refused",
                ANNA,
                unread=("Condition",),
                finds=OPEN,
                status="could-not-determine",
                plan="keep",
            ),
        ),
    ),
)

test_who_is_a_person_with_ms = holds(SPECS)
