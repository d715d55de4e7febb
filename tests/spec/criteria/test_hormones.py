"""MSO-12: hypogonadism and early menopause."""

from tests.lib.patients import (
    Code,
    condition,
    dispensed,
    edss,
    given,
    icd,
    man,
    ms,
    ordered,
    person,
    rxnorm,
    snomed,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

NILS = (man(born="1986-06-01"), ms(), edss(2.0, on="2026-03-01"))
ROBIN = (person("1986-06-01", "other"), ms(), edss(2.0, on="2026-03-01"))
SAM = (person("1986-06-01"), ms(), edss(2.0, on="2026-03-01"))
EVE = (woman(born="1970-06-01"), ms(), edss(2.0, on="2026-03-01"))

MET = {"finds": {"MSO-12": "met major"}, "status": "due"}
NOT = {"finds": {"MSO-12": "not-met"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-12": "unknown"}, "status": "not-at-risk"}

EARLY = condition(icd("E28.310"), recorded="2020-05-01")
ORAL = "estradiol 1 MG Oral Tablet"
PATCH = "estradiol 0.05 MG/24HR transdermal patch"
CREAM = "estradiol 0.1 MG/GM vaginal cream"


def atc(code: str) -> Code:
    return Code("http://www.whocc.no/atc", code)


SPECS = (
    Spec(
        "Early menopause and failure of the ovaries",
        "A diagnosis counts at any time and whatever its clinical status: it does not pass. Mara is"
        " a woman of 40 whom nothing else makes due. MAJOR.",
        "MSO-12",
        (
            case("nothing on file", MARA, **NOT),
            case("E28.310 symptomatic premature menopause", (*MARA, EARLY), **MET),
            *(
                case(f"{code}", (*MARA, condition(icd(code), recorded="2020-05-01")), **MET)
                for code in ("E28.319", "E28.39", "E89.40", "E89.41")
            ),
            case(
                "373717006 premature menopause (SNOMED CT)",
                (*MARA, condition(snomed("373717006"), recorded="2020-05-01")),
                **MET,
            ),
            case("without any date", (*MARA, condition(icd("E28.310"))), **MET),
            case(
                "called resolved",
                (*MARA, condition(icd("E28.310"), recorded="2020-05-01", clinical="resolved")),
                **MET,
            ),
            case(
                "unconfirmed: shown",
                (
                    *MARA,
                    condition(icd("E28.310"), recorded="2020-05-01", verification="unconfirmed"),
                ),
                **NOT,
                says=("not confirmed",),
            ),
            case(
                "refuted",
                (*MARA, condition(icd("E28.310"), recorded="2020-05-01", verification="refuted")),
                **NOT,
            ),
            case(
                "entered in error",
                (
                    *MARA,
                    condition(
                        icd("E28.310"), recorded="2020-05-01", verification="entered-in-error"
                    ),
                ),
                **NOT,
            ),
            case(
                "a verification status that nobody knows",
                (*MARA, condition(icd("E28.310"), recorded="2020-05-01", verification="perhaps")),
                **UNKNOWN,
            ),
            case(
                "dated 2027-01-01, in the future",
                (*MARA, condition(icd("E28.310"), recorded="2027-01-01")),
                **NOT,
                says=("future",),
            ),
            case(
                "E28.2 polycystic ovaries: another thing",
                (*MARA, condition(icd("E28.2"), recorded="2020-05-01")),
                **NOT,
            ),
            case(
                "only the words 'premature menopause', no code",
                (*MARA, condition({"text": "premature menopause"}, recorded="2020-05-01")),
                **NOT,
            ),
            case(
                "Z78.0 menopausal state: known menopause (MSO-13), not an early one",
                (*MARA, condition(icd("Z78.0"), recorded="2020-05-01")),
                finds={"MSO-12": "not-met", "MSO-13": "met minor"},
            ),
            case(
                "conditions were refused",
                MARA,
                unread=("Condition",),
                finds={"MSO-12": "unknown"},
            ),
        ),
    ),
    Spec(
        "Both ovaries removed",
        "Z90.722, before the age of 45. The code is a state: the age is known from the onset; where"
        " only the day of writing is given, it had happened by then.",
        "MSO-12",
        (
            case(
                "Mara, onset 2022, at 35 or 36",
                (*MARA, condition(icd("Z90.722"), onset="2022")),
                **MET,
            ),
            case(
                "Mara, no date at all: she is 40 now, so it was before 45",
                (*MARA, condition(icd("Z90.722"))),
                **MET,
            ),
            case(
                "Eve (born 1970-06-01), onset 2015-05-31, the day before she was 45",
                (*EVE, condition(icd("Z90.722"), onset="2015-05-31")),
                finds={"MSO-12": "met major"},
            ),
            case(
                "Eve, onset 2015-06-01, on her 45th birthday",
                (*EVE, condition(icd("Z90.722"), onset="2015-06-01")),
                finds={"MSO-12": "not-met"},
                says=("not before age 45",),
            ),
            case(
                "Eve, at the age of 44, which ends the day before she was 45",
                (*EVE, condition(icd("Z90.722"), onsetAge={"value": 44, "code": "a"})),
                finds={"MSO-12": "met major"},
            ),
            case(
                "Eve, at the age of 45",
                (*EVE, condition(icd("Z90.722"), onsetAge={"value": 45, "code": "a"})),
                finds={"MSO-12": "not-met"},
            ),
            case(
                "Eve, onset 2015: at 44 or at 45",
                (*EVE, condition(icd("Z90.722"), onset="2015")),
                finds={"MSO-12": "unknown"},
            ),
            case(
                "Eve, written down 2014-03-01, at 43",
                (*EVE, condition(icd("Z90.722"), recorded="2014-03-01")),
                finds={"MSO-12": "met major"},
            ),
            case(
                "Eve, written down 2024-03-01, at 53: when it was done is not known",
                (*EVE, condition(icd("Z90.722"), recorded="2024-03-01")),
                finds={"MSO-12": "unknown"},
                says=("age at which is not known",),
            ),
            case(
                "a birth date that is missing",
                (
                    woman(born=None),
                    ms(),
                    edss(2.0, on="2026-03-01"),
                    condition(icd("Z90.722"), onset="2010-01-01"),
                ),
                finds={"MSO-12": "unknown"},
                status="could-not-determine",
            ),
            case(
                "Z90.721, one ovary",
                (*MARA, condition(icd("Z90.721"), onset="2022-01-01")),
                **NOT,
            ),
        ),
    ),
    Spec(
        "Amenorrhoea",
        "N91.0 to N91.2, active for at least 12 months, begun before 45 (later it is no sign of an"
        " early menopause: local decision), without pregnancy or contraception on file.",
        "MSO-12",
        (
            case(
                "N91.1 active since 2025-11-22, 12 months ago today",
                (*MARA, condition(icd("N91.1"), onset="2025-11-22")),
                **MET,
            ),
            case(
                "since 2025-11-23, a day less",
                (*MARA, condition(icd("N91.1"), onset="2025-11-23")),
                **NOT,
                says=("less than 12 months",),
            ),
            case(
                "since 2025-11-21, a day more",
                (*MARA, condition(icd("N91.1"), onset="2025-11-21")),
                **MET,
            ),
            case(
                "since 2025, a month not given",
                (*MARA, condition(icd("N91.1"), onset="2025")),
                **UNKNOWN,
            ),
            case("N91.0", (*MARA, condition(icd("N91.0"), onset="2024-01-01")), **MET),
            case("N91.2", (*MARA, condition(icd("N91.2"), onset="2024-01-01")), **MET),
            case(
                "N91.3, scanty menstruation: another thing",
                (*MARA, condition(icd("N91.3"), onset="2024-01-01")),
                **NOT,
            ),
            case(
                "resolved",
                (*MARA, condition(icd("N91.1"), onset="2024-01-01", clinical="resolved")),
                **NOT,
            ),
            case(
                "without a clinical status: whether it goes on is not known",
                (*MARA, condition(icd("N91.1"), onset="2024-01-01", clinical=None)),
                **UNKNOWN,
            ),
            case(
                "a clinical status that nobody knows",
                (*MARA, condition(icd("N91.1"), onset="2024-01-01", clinical="perhaps")),
                **UNKNOWN,
            ),
            case("active, no date", (*MARA, condition(icd("N91.1"))), **UNKNOWN),
            case(
                "Eve (born 1970-06-01), since 2018, at 47: the natural age",
                (*EVE, condition(icd("N91.2"), onset="2018-01-01")),
                finds={"MSO-12": "not-met"},
            ),
            case(
                "Eve, since 2015, at 44 or at 45",
                (*EVE, condition(icd("N91.2"), onset="2015")),
                finds={"MSO-12": "unknown"},
            ),
            case(
                "a pregnancy of this year is on file",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("O80"), recorded="2026-01-10", clinical="resolved"),
                ),
                finds={"MSO-12": "not-met"},
                says=("pregnancy is on file",),
            ),
            case(
                "a pregnancy long before",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("O80"), recorded="2016-01-10", clinical="resolved"),
                ),
                **MET,
            ),
            case(
                "a refuted pregnancy",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("O80"), recorded="2026-01-10", verification="refuted"),
                ),
                **MET,
            ),
            case(
                "an intrauterine device is on file (Z97.5)",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("Z97.5"), recorded="2023-06-01"),
                ),
                **NOT,
                says=("contraception is on file",),
            ),
            case(
                "Z97.5 of 2021-11-22, 60 months ago",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("Z97.5"), recorded="2021-11-22"),
                ),
                **NOT,
            ),
            case(
                "Z97.5 of 2021-11-21, a day more",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("Z97.5"), recorded="2021-11-21"),
                ),
                **MET,
            ),
            case(
                "Z97.5, resolved",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    condition(icd("Z97.5"), recorded="2023-06-01", clinical="resolved"),
                ),
                **MET,
            ),
            case(
                "an implant of 2025, recognised by name",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    ordered("etonogestrel 68 MG implant", on="2025-02-01", status="completed"),
                ),
                **NOT,
            ),
            case(
                "a depot given 2026-02-01 (RxNorm 6691)",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    given(rxnorm("6691"), on="2026-02-01", route="intramuscular"),
                ),
                finds={"MSO-12": "not-met"},
            ),
            case(
                "a contraceptive whose status nobody knows",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    ordered(atc("G03AC09"), on="2026-02-01", status="unknown"),
                ),
                **UNKNOWN,
            ),
        ),
    ),
    Spec(
        "Hormone therapy takes it away",
        "In women nothing counts beside an oestrogen that acts in the whole body: in the last 6"
        " months, or an active order without an end that was renewed in the last 12.",
        "MSO-12",
        (
            case(
                "oral oestrogen, active, written 2026-09-01",
                (*MARA, EARLY, ordered(ORAL, on="2026-09-01", mg_daily=1)),
                **NOT,
                says=("hormone therapy is on file",),
            ),
            case(
                "a combined product by its ATC class (G03FA01), no route given",
                (*MARA, EARLY, ordered(atc("G03FA01"), on="2026-09-01")),
                **NOT,
            ),
            case(
                "a patch, which acts in the whole body",
                (*MARA, EARLY, ordered(PATCH, on="2026-09-01")),
                **NOT,
                says=("hormone therapy is on file",),
            ),
            case(
                "a gel by route: transdermal",
                (*MARA, EARLY, ordered("estradiol", on="2026-09-01", route="transdermal")),
                **NOT,
            ),
            case(
                "a vaginal cream: does not replace",
                (*MARA, EARLY, ordered(CREAM, on="2026-09-01")),
                **MET,
            ),
            case(
                "a vaginal route",
                (*MARA, EARLY, ordered("estradiol", on="2026-09-01", route="vaginal")),
                **MET,
            ),
            case(
                "only the name, neither route nor form",
                (*MARA, EARLY, ordered("estradiol", on="2026-09-01")),
                **UNKNOWN,
                says=("whether there is hormone therapy is not known",),
            ),
            case(
                "raloxifene is no oestrogen",
                (*MARA, EARLY, ordered("raloxifene 60 MG Oral Tablet", on="2026-09-01")),
                finds={"MSO-12": "met major"},
            ),
            case(
                "active without an end, written 2025-11-22, 12 months ago",
                (*MARA, EARLY, ordered(ORAL, on="2025-11-22", mg_daily=1)),
                **NOT,
            ),
            case(
                "active without an end, written 2025-11-21, a day more",
                (*MARA, EARLY, ordered(ORAL, on="2025-11-21", mg_daily=1)),
                **UNKNOWN,
                says=("not renewed",),
            ),
            case(
                "ended 2026-05-22, 6 months ago",
                (
                    *MARA,
                    EARLY,
                    ordered(
                        ORAL, on="2025-01-01", since="2025-01-01", until="2026-05-22", mg_daily=1
                    ),
                ),
                **NOT,
            ),
            case(
                "ended 2026-05-21, a day more",
                (
                    *MARA,
                    EARLY,
                    ordered(
                        ORAL, on="2025-01-01", since="2025-01-01", until="2026-05-21", mg_daily=1
                    ),
                ),
                **MET,
            ),
            case(
                "dispensed 2026-08-01 for 90 days",
                (*MARA, EARLY, dispensed(ORAL, on="2026-08-01", days=90)),
                **NOT,
            ),
            case(
                "begins 2027-01-01",
                (*MARA, EARLY, ordered(ORAL, on="2027-01-01", since="2027-01-01", mg_daily=1)),
                **MET,
            ),
            case(
                "cancelled",
                (*MARA, EARLY, ordered(ORAL, on="2026-09-01", status="cancelled")),
                **MET,
            ),
            case(
                "only planned (intent plan)",
                (*MARA, EARLY, ordered(ORAL, on="2026-09-01", intent="plan")),
                **MET,
            ),
            case(
                "a status that nobody knows",
                (*MARA, EARLY, ordered(ORAL, on="2026-09-01", status="unknown")),
                **UNKNOWN,
            ),
            case(
                "without any date",
                (*MARA, EARLY, ordered(ORAL, on=None)),
                **UNKNOWN,
            ),
            case(
                "Z79.890 recorded 2026-05-22, 6 months ago",
                (*MARA, EARLY, condition(icd("Z79.890"), recorded="2026-05-22")),
                **NOT,
            ),
            case(
                "Z79.890 recorded 2026-05-21, a day more",
                (*MARA, EARLY, condition(icd("Z79.890"), recorded="2026-05-21")),
                **MET,
            ),
            case(
                "Z79.890 refuted",
                (
                    *MARA,
                    EARLY,
                    condition(icd("Z79.890"), recorded="2026-09-01", verification="refuted"),
                ),
                **MET,
            ),
            case(
                "Z79.890 resolved",
                (
                    *MARA,
                    EARLY,
                    condition(icd("Z79.890"), recorded="2026-09-01", clinical="resolved"),
                ),
                **MET,
            ),
            case(
                "removal of both ovaries beside it",
                (
                    *MARA,
                    condition(icd("Z90.722"), onset="2022-01-01"),
                    ordered(ORAL, on="2026-09-01", mg_daily=1),
                ),
                **NOT,
            ),
            case(
                "amenorrhoea beside it",
                (
                    *MARA,
                    condition(icd("N91.1"), onset="2024-01-01"),
                    ordered(ORAL, on="2026-09-01", mg_daily=1),
                ),
                **NOT,
            ),
            case(
                "pituitary failure beside it",
                (
                    *MARA,
                    condition(icd("E23.0"), recorded="2024-01-01"),
                    ordered(ORAL, on="2026-09-01", mg_daily=1),
                ),
                **NOT,
            ),
            case(
                "the orders for medicines were refused: nothing can be said",
                (*MARA, EARLY),
                unread=("MedicationRequest",),
                finds={"MSO-12": "unknown"},
                status="could-not-determine",
            ),
            case(
                "only the statements of patients were refused: met, and they are listed as unread",
                (*MARA, EARLY),
                unread=("MedicationStatement",),
                **MET,
            ),
        ),
    ),
    Spec(
        "Pituitary failure",
        "E23.0, active. In men it is shown only: it does not say which hormone is lacking.",
        "MSO-12",
        (
            case("Mara", (*MARA, condition(icd("E23.0"), recorded="2024-01-01")), **MET),
            case(
                "resolved",
                (*MARA, condition(icd("E23.0"), recorded="2024-01-01", clinical="resolved")),
                **NOT,
            ),
            case(
                "Nils, a man of 40",
                (*NILS, condition(icd("E23.0"), recorded="2024-01-01")),
                **NOT,
                says=("does not say which hormone",),
            ),
        ),
    ),
    Spec(
        "Men",
        "Testicular hypofunction, active, or deprivation of androgens in the last 6 months. Nils is"
        " a man of 40 whom nothing else makes due.",
        "MSO-12",
        (
            case("nothing on file", NILS, **NOT),
            case("E29.1", (*NILS, condition(icd("E29.1"), recorded="2020-01-01")), **MET),
            case(
                "E89.5, after a procedure",
                (*NILS, condition(icd("E89.5"), recorded="2020-01-01")),
                **MET,
            ),
            case(
                "E29.1, resolved",
                (*NILS, condition(icd("E29.1"), recorded="2020-01-01", clinical="resolved")),
                **NOT,
            ),
            case(
                "E29.1 with a clinical status that nobody knows",
                (*NILS, condition(icd("E29.1"), recorded="2020-01-01", clinical="perhaps")),
                **UNKNOWN,
            ),
            case(
                "E29.1 in a woman's chart: a mistake",
                (*MARA, condition(icd("E29.1"), recorded="2020-01-01")),
                **NOT,
                says=("does not fit the sex",),
            ),
            case(
                "E28.310 in a man's chart: a mistake",
                (*NILS, condition(icd("E28.310"), recorded="2020-01-01")),
                **NOT,
                says=("does not fit the sex",),
            ),
            case(
                "a depot given 2026-05-22, 6 months ago",
                (*NILS, given(rxnorm("42375"), on="2026-05-22")),
                finds={"MSO-12": "met major"},
                status="due",
            ),
            case(
                "a depot given 2026-05-21, a day more",
                (*NILS, given(rxnorm("42375"), on="2026-05-21")),
                finds={"MSO-12": "not-met"},
            ),
            case(
                "ATC L02AE02, ordered 2026-09-01",
                (*NILS, ordered(atc("L02AE02"), on="2026-09-01")),
                finds={"MSO-12": "met major"},
            ),
            case(
                "an androgen antagonist alone (L02BB03) is no deprivation by this list",
                (*NILS, ordered(atc("L02BB03"), on="2026-09-01")),
                **NOT,
            ),
            case(
                "the same depot in a woman: not here",
                (*MARA, given(rxnorm("42375"), on="2026-09-01")),
                finds={"MSO-12": "not-met"},
            ),
            case(
                "not done",
                (*NILS, given(rxnorm("42375"), on="2026-09-01", status="not-done")),
                **NOT,
            ),
            case(
                "the injections given were refused",
                NILS,
                unread=("MedicationAdministration",),
                finds={"MSO-12": "unknown"},
            ),
        ),
    ),
    Spec(
        "Sex other or not stated",
        "Scored by what is on file; an oestrogen takes it away as in women.",
        "MSO-12",
        (
            case("other, E28.310", (*ROBIN, EARLY), **MET),
            case("other, E29.1", (*ROBIN, condition(icd("E29.1"), recorded="2020-01-01")), **MET),
            case("not stated, E28.310", (*SAM, EARLY), **MET),
            case("other, E23.0", (*ROBIN, condition(icd("E23.0"), recorded="2020-01-01")), **MET),
            case(
                "other, deprivation of androgens and an oestrogen",
                (
                    *ROBIN,
                    given(rxnorm("42375"), on="2026-09-01"),
                    ordered(ORAL, on="2026-09-01", mg_daily=1),
                ),
                finds={"MSO-12": "not-met"},
            ),
        ),
    ),
)

test_hormones = holds(SPECS)
