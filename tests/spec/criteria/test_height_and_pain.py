"""MSO-18: loss of height, and new pain in the back or in a bone."""

from tests.lib.patients import (
    NO_VALUE,
    concept,
    condition,
    edss,
    height,
    icd,
    loinc,
    ms,
    observation,
    snomed,
    vitamin_d,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

MET = {"finds": {"MSO-18": "met minor"}, "status": "not-at-risk"}
BESIDE = {"finds": {"MSO-18": "met minor", "MSO-11": "met minor"}, "status": "due"}
NOT = {"finds": {"MSO-18": "not-met"}, "status": "not-at-risk"}
NOT_BESIDE = {"finds": {"MSO-18": "not-met", "MSO-11": "met minor"}, "status": "not-at-risk"}
UNKNOWN = {"finds": {"MSO-18": "unknown"}, "status": "not-at-risk"}
UNKNOWN_BESIDE = {"finds": {"MSO-18": "unknown", "MSO-11": "met minor"}, "status": "not-at-risk"}

LOW_D = vitamin_d(19, "ng/mL", on="2026-05-01")
WHEELCHAIR = {
    "resourceType": "Device",
    "status": "active",
    "type": concept(snomed("58938008")),
    "patient": {"reference": "Patient/p"},
}

SPECS = (
    Spec(
        "Loss of height",
        "The latest standing height (8302-2) 4 cm or more below the highest of adult life. Counts"
        " alone, as MINOR. Mara is 40, born 1986-06-01.",
        "MSO-18",
        (
            case("one height", (*MARA, height(166, on="2026-05-01")), **NOT),
            case(
                "170 cm, now 166.1: 3.9 cm",
                (*MARA, height(170, on="2010-05-01"), height(166.1, on="2026-05-01")),
                **NOT,
            ),
            case(
                "170 cm, now 166.0: 4.0 cm exactly",
                (*MARA, height(170, on="2010-05-01"), height(166.0, on="2026-05-01")),
                **MET,
                says=("4.0 cm below the highest (170.0 cm, 2010-05-01)",),
            ),
            case(
                "170 cm, now 165.9: 4.1 cm",
                (*MARA, height(170, on="2010-05-01"), height(165.9, on="2026-05-01")),
                **MET,
            ),
            case(
                "1.70 m, now 166 cm",
                (*MARA, height(1.70, unit="m", on="2010-05-01"), height(166, on="2026-05-01")),
                **MET,
            ),
            case(
                "67 in (170.2 cm), now 166 cm",
                (*MARA, height(67, unit="[in_i]", on="2010-05-01"), height(166, on="2026-05-01")),
                **MET,
            ),
            case(
                "67 in, now 66 in: 2.5 cm",
                (
                    *MARA,
                    height(67, unit="[in_i]", on="2010-05-01"),
                    height(66, unit="[in_i]", on="2026-05-01"),
                ),
                **NOT,
            ),
            case(
                "170, then 165, now 169 cm: the latest decides",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(165, on="2018-05-01"),
                    height(169, on="2026-05-01"),
                ),
                **NOT,
            ),
            case(
                "166 cm, then 170: growth is no loss",
                (*MARA, height(166, on="2010-05-01"), height(170, on="2026-05-01")),
                **NOT,
            ),
            case(
                "170 cm, then 166 and 170 cm on one day: the taller one stands",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(170, on="2026-05-01"),
                    height(166, on="2026-05-01"),
                ),
                **NOT,
            ),
            case(
                "the latest height is old: 170 cm in 2006, 166 in 2012",
                (*MARA, height(170, on="2006-05-01"), height(166, on="2012-05-01")),
                **MET,
            ),
            case(
                "170 cm on 2004-06-01, her 18th birthday",
                (*MARA, height(170, on="2004-06-01"), height(166, on="2026-05-01")),
                **MET,
            ),
            case(
                "170 cm on 2004-05-31, the day before she was 18",
                (*MARA, height(170, on="2004-05-31"), height(166, on="2026-05-01")),
                **NOT,
            ),
            case(
                "a birth date that is missing: nobody can say what was adult life",
                (
                    woman(born=None),
                    ms(),
                    edss(2.0, on="2026-03-01"),
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                ),
                finds={"MSO-18": "not-met"},
                status="could-not-determine",
            ),
            case(
                "lying length (8306-3)",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    observation(loinc("8306-3"), on="2026-05-01", value=166, unit="cm"),
                ),
                **NOT,
            ),
            case(
                "now 166 without a unit",
                (*MARA, height(170, on="2010-05-01"), height(166, unit=None, on="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "now 95 cm, not possible",
                (*MARA, height(170, on="2010-05-01"), height(95, on="2026-05-01")),
                **UNKNOWN,
            ),
            case(
                "166 without a unit in between, now 169 cm",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, unit=None, on="2018-05-01"),
                    height(169, on="2026-05-01"),
                ),
                **UNKNOWN,
                says=("value or unit not understood",),
            ),
            case(
                "165, then 160, both without a unit",
                (*MARA, height(165, unit=None, on="2015-01-01"), height(160, unit=None, on="2026")),
                **UNKNOWN,
            ),
            case(
                "165 without a unit, now 160 cm: it may be the highest",
                (*MARA, height(165, unit=None, on="2015-01-01"), height(160, on="2026-06-10")),
                **UNKNOWN,
            ),
            case(
                "165 without a unit and 160 cm on the same day",
                (*MARA, height(165, unit=None, on="2026-06-10"), height(160, on="2026-06-10")),
                **NOT,
            ),
            case(
                "165 without unit and date, now 160 cm",
                (*MARA, height(165, unit=None, on=None), height(160, on="2026-06-10")),
                **UNKNOWN,
            ),
            case(
                "165 without a unit when she was 12, now 160 cm",
                (*MARA, height(165, unit=None, on="1999-01-01"), height(160, on="2026-06-10")),
                **NOT,
            ),
            case(
                "165 cm, now 160 cm and a reason why there is no value",
                (
                    *MARA,
                    height(165, on="2015-01-01"),
                    height(160, on="2026-06-10", dataAbsentReason=NO_VALUE),
                ),
                **UNKNOWN,
            ),
            case(
                "165 without a unit, now 160 cm, and the birth date is missing",
                (
                    woman(born=None),
                    ms(),
                    edss(2.0, on="2026-03-01"),
                    height(165, unit=None, on="2015-01-01"),
                    height(160, on="2026-06-10"),
                ),
                finds={"MSO-18": "not-met"},
                status="could-not-determine",
            ),
            case(
                "only one height, without a unit: nothing to compare",
                (*MARA, height(166, unit=None, on="2026-05-01")),
                **NOT,
            ),
            case(
                "now 166 cm, entered in error",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01", status="entered-in-error"),
                ),
                **NOT,
            ),
            case(
                "166 cm on 2027-01-01, in the future",
                (*MARA, height(170, on="2010-05-01"), height(166, on="2027-01-01")),
                **NOT,
            ),
            case(
                "observations were refused",
                MARA,
                unread=("Observation",),
                finds={"MSO-18": "unknown"},
            ),
            case(
                "4 cm lost and vitamin D 19 ng/mL: two MINOR from two domains",
                (*MARA, height(170, on="2010-05-01"), height(166, on="2026-05-01"), LOW_D),
                **BESIDE,
            ),
        ),
    ),
    Spec(
        "Height and wheelchair",
        "What was measured since a wheelchair is on file may be stated or taken lying: a loss by it"
        " cannot be judged.",
        "MSO-18",
        (
            case(
                "166 cm on 2026-05-01, in a wheelchair since 2022-01-01",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    condition(icd("Z99.3"), onset="2022-01-01"),
                ),
                finds={"MSO-18": "unknown", "MSO-04": "met major"},
                status="due",
                says=("perhaps not standing",),
            ),
            case(
                "166 cm on 2021-12-31, the day before",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2021-12-31"),
                    condition(icd("Z99.3"), onset="2022-01-01"),
                ),
                finds={"MSO-18": "met minor"},
            ),
            case(
                "166 cm on 2022-01-01, the same day",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2022-01-01"),
                    condition(icd("Z99.3"), onset="2022-01-01"),
                ),
                finds={"MSO-18": "unknown"},
            ),
            case(
                "a higher height since then is not compared with either",
                (
                    *MARA,
                    height(168, on="2010-05-01"),
                    height(166, on="2015-05-01"),
                    height(172, on="2023-05-01"),
                    condition(icd("Z99.3"), onset="2022-01-01"),
                ),
                finds={"MSO-18": "not-met"},
            ),
            case(
                "a wheelchair use that is over: its end is not known",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    condition(icd("Z99.3"), onset="2022-01-01", clinical="resolved"),
                ),
                **UNKNOWN,
            ),
            case(
                "a wheelchair without a date may always have been there",
                (*MARA, height(170, on="2010-05-01"), height(166, on="2026-05-01"), WHEELCHAIR),
                finds={"MSO-18": "unknown"},
            ),
            case(
                "'uses a wheelchair' answered yes in 2022",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    observation(snomed("105503008"), on="2022-01-01", valueBoolean=True),
                ),
                finds={"MSO-18": "unknown"},
            ),
            case(
                "'uses a wheelchair' as the answer to another question",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    observation(
                        loinc("89423-8"),
                        on="2022-01-01",
                        valueCodeableConcept=concept(snomed("105503008")),
                    ),
                ),
                finds={"MSO-18": "unknown"},
            ),
            case(
                "'uses a wheelchair' answered no",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    observation(snomed("105503008"), on="2022-01-01", valueBoolean=False),
                ),
                **MET,
            ),
            case(
                "'uses a wheelchair' entered in error",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    observation(snomed("105503008"), on="2022-01-01", status="entered-in-error"),
                ),
                **MET,
            ),
            case(
                "wheelchair dependence refuted",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    condition(icd("Z99.3"), onset="2022-01-01", verification="refuted"),
                ),
                **MET,
            ),
        ),
    ),
    Spec(
        "New pain in the back or in a bone",
        "Within 6 months, with no such pain on file in the 12 months before it (local decision), no"
        " other cause on file, and only beside another criterion that is met: here vitamin D.",
        "MSO-18",
        (
            case(
                "M54.50 since 2026-09-01, nothing else",
                (*MARA, condition(icd("M54.50"), onset="2026-09-01")),
                **NOT,
                says=("only beside another criterion",),
            ),
            case(
                "M54.50 since 2026-09-01, and vitamin D 19 ng/mL",
                (*MARA, condition(icd("M54.50"), onset="2026-09-01"), LOW_D),
                **BESIDE,
            ),
            *(
                case(
                    f"{code} since 2026-09-01",
                    (*MARA, condition(icd(code), onset="2026-09-01"), LOW_D),
                    **BESIDE,
                )
                for code in ("M54.5", "M54.51", "M54.59", "M54.6", "M89.8X8")
            ),
            case(
                "M54.2, pain in the neck",
                (*MARA, condition(icd("M54.2"), onset="2026-09-01"), LOW_D),
                **NOT_BESIDE,
            ),
            case(
                "as the diagnosis of a visit, without a clinical status",
                (
                    *MARA,
                    condition(
                        icd("M54.50"),
                        recorded="2026-09-01",
                        category="encounter-diagnosis",
                        clinical=None,
                    ),
                    LOW_D,
                ),
                **BESIDE,
            ),
            case(
                "since 2026-05-22, 6 months ago",
                (*MARA, condition(icd("M54.50"), onset="2026-05-22"), LOW_D),
                **BESIDE,
            ),
            case(
                "since 2026-05-23, a day less",
                (*MARA, condition(icd("M54.50"), onset="2026-05-23"), LOW_D),
                **BESIDE,
            ),
            case(
                "since 2026-05-21, a day more",
                (*MARA, condition(icd("M54.50"), onset="2026-05-21"), LOW_D),
                **NOT_BESIDE,
            ),
            case(
                "onset 2015, written down 2026-09-01: not new",
                (*MARA, condition(icd("M54.50"), onset="2015", recorded="2026-09-01"), LOW_D),
                **NOT_BESIDE,
            ),
            case(
                "in 2026, a month not given",
                (*MARA, condition(icd("M54.50"), onset="2026"), LOW_D),
                **UNKNOWN_BESIDE,
            ),
            case("without a date", (*MARA, condition(icd("M54.50")), LOW_D), **UNKNOWN_BESIDE),
            case(
                "resolved",
                (*MARA, condition(icd("M54.50"), onset="2026-09-01", clinical="resolved"), LOW_D),
                **NOT_BESIDE,
            ),
            case(
                "unconfirmed",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01", verification="unconfirmed"),
                    LOW_D,
                ),
                **NOT_BESIDE,
            ),
            case(
                "entered in error",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01", verification="entered-in-error"),
                    LOW_D,
                ),
                **NOT_BESIDE,
            ),
            case(
                "a verification status that nobody knows",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01", verification="perhaps"),
                    LOW_D,
                ),
                **UNKNOWN_BESIDE,
            ),
            case(
                "the same pain on 2025-09-01, 12 months before it",
                (
                    *MARA,
                    condition(icd("M54.50"), recorded="2025-09-01"),
                    condition(icd("M54.6"), recorded="2026-09-01"),
                    LOW_D,
                ),
                **NOT_BESIDE,
                says=("not new",),
            ),
            case(
                "the same pain on 2025-08-31, a day more",
                (
                    *MARA,
                    condition(icd("M54.50"), recorded="2025-08-31"),
                    condition(icd("M54.6"), recorded="2026-09-01"),
                    LOW_D,
                ),
                **BESIDE,
            ),
            case(
                "written down again a month later: new all the same",
                (
                    *MARA,
                    condition(icd("M54.50"), recorded="2026-09-01"),
                    condition(icd("M54.50"), recorded="2026-10-01"),
                    LOW_D,
                ),
                **BESIDE,
            ),
            case(
                "such pain without a date beside it: whether it is new is not known",
                (
                    *MARA,
                    condition(icd("M54.50"), clinical="resolved"),
                    condition(icd("M54.6"), recorded="2026-09-01"),
                    LOW_D,
                ),
                **UNKNOWN_BESIDE,
                says=("whether it is new is not known",),
            ),
            case(
                "such pain in 2025, refuted",
                (
                    *MARA,
                    condition(icd("M54.50"), recorded="2025-12-01", verification="refuted"),
                    condition(icd("M54.6"), recorded="2026-09-01"),
                    LOW_D,
                ),
                **BESIDE,
            ),
            case(
                "a disc disorder (M51.26) is on file",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01"),
                    condition(icd("M51.26"), recorded="2024-01-01"),
                    LOW_D,
                ),
                **NOT_BESIDE,
                says=("another cause is on file",),
            ),
            case(
                "a disc disorder, resolved",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01"),
                    condition(icd("M51.26"), recorded="2024-01-01", clinical="resolved"),
                    LOW_D,
                ),
                **BESIDE,
            ),
            case(
                "a disc disorder whose verification status nobody knows",
                (
                    *MARA,
                    condition(icd("M54.50"), onset="2026-09-01"),
                    condition(icd("M51.26"), recorded="2024-01-01", verification="perhaps"),
                    LOW_D,
                ),
                **UNKNOWN_BESIDE,
            ),
            case(
                "161891005 back pain (SNOMED CT) is not verified and not read",
                (*MARA, condition(snomed("161891005"), onset="2026-09-01"), LOW_D),
                **NOT_BESIDE,
            ),
            case(
                "nothing else is met, and the medicines handed out could not be read: among them"
                " might be the other criterion",
                (*MARA, condition(icd("M54.50"), onset="2026-09-01")),
                unread=("MedicationDispense",),
                **UNKNOWN,
            ),
            case(
                "pain and loss of height are one criterion: no other is met",
                (
                    *MARA,
                    height(170, on="2010-05-01"),
                    height(166, on="2026-05-01"),
                    condition(icd("M54.50"), onset="2026-09-01"),
                ),
                **MET,
            ),
            case(
                "conditions were refused",
                MARA,
                unread=("Condition",),
                finds={"MSO-18": "unknown"},
            ),
        ),
    ),
)

test_height_and_pain = holds(SPECS)
