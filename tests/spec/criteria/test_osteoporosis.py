"""Known osteoporosis, its therapy, and the treatment gap."""

from typing import Any

from tests.lib.patients import (
    Resource,
    condition,
    dispensed,
    dxa,
    edss,
    given,
    icd,
    ms,
    ordered,
    rxnorm,
    snomed,
    woman,
)
from tests.spec.book import MARA, Spec, case, holds

KNOWN = (*MARA, condition(icd("M81.0"), recorded="2024-05-01"))
GAP = {
    "finds": {"DONE-2": "met", "GAP-01": "met"},
    "status": "result-needs-action",
    "plan": "keep",
    "gap": "create",
}
TREATED = {"finds": {"DONE-3": "met", "GAP-01": "not-met"}, "status": "satisfied", "gap": None}
OPEN = {"status": "could-not-determine", "plan": "keep", "gap": None}


def last(medicine: str, on: str, **elements: Any) -> Resource:
    return ordered(medicine, on=on, **elements)


def window(name: str, medicine: str, inside: str, outside: str) -> tuple:
    return (
        case(f"{name}, last written {inside}", (*KNOWN, last(medicine, inside)), **TREATED),
        case(
            f"{name}, last written {outside}, a day more", (*KNOWN, last(medicine, outside)), **GAP
        ),
    )


SPECS = (
    Spec(
        "What makes osteoporosis known",
        "A diagnosis or an osteoporotic fracture; without therapy it is a treatment gap with its"
        " own Task and no screening alert.",
        "GAP-01",
        (
            case("M81.0, no therapy", KNOWN, **GAP, example="21"),
            case(
                "64859006 in SNOMED CT",
                (*MARA, condition(snomed("64859006"), recorded="2024-05-01")),
                **GAP,
            ),
            case(
                "M81.0 and EDSS 6.5: still no screening alert",
                (*KNOWN, edss(6.5, on="2026-09-01")),
                **GAP,
            ),
            case(
                "M81.0 and a DXA within its interval", (*KNOWN, dxa(t=-1.8, on="2026-05-01")), **GAP
            ),
            case(
                "M81.0, resolved",
                (*MARA, condition(icd("M81.0"), recorded="2024-05-01", clinical="resolved")),
                finds={"DONE-2": "not-met", "GAP-01": "not-met"},
                status="not-at-risk",
                gap=None,
            ),
            case(
                "M81.0, provisional",
                (*MARA, condition(icd("M81.0"), recorded="2024-05-01", verification="provisional")),
                finds={"DONE-2": "not-met"},
                status="not-at-risk",
                gap=None,
            ),
            case(
                "M81.0, refuted",
                (*MARA, condition(icd("M81.0"), recorded="2024-05-01", verification="refuted")),
                finds={"DONE-2": "not-met"},
                gap=None,
            ),
            case(
                "M81.0 with a verification status that nobody knows",
                (*MARA, condition(icd("M81.0"), recorded="2024-05-01", verification="perhaps")),
                finds={"DONE-2": "unknown", "GAP-01": "unknown"},
                **OPEN,
            ),
            case(
                "310251007 No family history of osteoporosis",
                (*MARA, condition(snomed("310251007"), recorded="2024-05-01")),
                finds={"DONE-2": "not-met"},
                status="not-at-risk",
            ),
            case(
                "M81.0, and the medicines were refused",
                KNOWN,
                unread=("MedicationRequest",),
                finds={"GAP-01": "unknown"},
                **OPEN,
            ),
            case(
                "M81.0, and the administrations were refused: not required",
                KNOWN,
                unread=("MedicationAdministration",),
                **GAP,
            ),
            case(
                "M81.0 at 17: excluded, so no gap",
                (woman(born="2009-06-01"), ms(), condition(icd("M81.0"), recorded="2024-05-01")),
                status="excluded",
                gap=None,
            ),
            case(
                "M81.0, birth date missing: whether she is under 18 is not known",
                (woman(born=None), ms(), condition(icd("M81.0"), recorded="2024-05-01")),
                **OPEN,
            ),
        ),
    ),
    Spec(
        "Therapy and its windows",
        "Counted from the last day written, dispensed, given or covered.",
        "DONE-3",
        (
            *window(
                "alendronate by mouth, 6 months",
                "alendronate 70 mg oral tablet",
                "2026-05-22",
                "2026-05-21",
            ),
            *window("denosumab, 7 months", "denosumab 60 mg injection", "2026-04-22", "2026-04-21"),
            *window(
                "zoledronic acid, 18 months",
                "zoledronic acid 5 mg injection",
                "2025-05-22",
                "2025-05-21",
            ),
            *window(
                "teriparatide, 3 months", "teriparatide pen injector", "2026-08-22", "2026-08-21"
            ),
            *window("romosozumab, 2 months", "romosozumab injection", "2026-09-22", "2026-09-21"),
            case(
                "M81.0, zoledronate given 10 months ago",
                (*KNOWN, given("zoledronic acid 5 mg injection", on="2026-01-22")),
                **TREATED,
                example="22",
            ),
            case(
                "alendronate for 90 days, dispensed 2026-03-01: covered until 2026-05-29",
                (*KNOWN, dispensed("alendronate 70 mg oral tablet", on="2026-03-01", days=90)),
                **TREATED,
            ),
            case(
                "RxNorm 46041 (alendronate)",
                (*KNOWN, ordered(rxnorm("46041"), on="2026-10-01")),
                **TREATED,
            ),
            case(
                "Z79.83 recorded this year",
                (*KNOWN, condition(icd("Z79.83"), recorded="2026-10-01")),
                **TREATED,
            ),
            case(
                "Z79.83 recorded 2020",
                (*KNOWN, condition(icd("Z79.83"), recorded="2020-10-01")),
                **GAP,
            ),
            case(
                "Z79.83 refuted",
                (*KNOWN, condition(icd("Z79.83"), recorded="2026-10-01", verification="refuted")),
                **GAP,
            ),
            case("Z79.83 without a date", (*KNOWN, condition(icd("Z79.83"))), **OPEN),
            case(
                "palopegteriparatide (Yorvipath), which is no osteoporosis medicine",
                (*KNOWN, ordered("palopegteriparatide (Yorvipath)", on="2026-10-01")),
                **GAP,
            ),
            case(
                "“teriparatide 0.3 MG/ML Pen Injector [Yorvipath]”, the same under another name",
                (
                    *KNOWN,
                    ordered("teriparatide 0.3 MG/ML Pen Injector [Yorvipath]", on="2026-10-01"),
                ),
                **GAP,
            ),
            case(
                "alendronate, cancelled",
                (*KNOWN, ordered("alendronate 70 mg", on="2026-10-01", status="cancelled")),
                **GAP,
            ),
            case(
                "alendronate from tomorrow on",
                (*KNOWN, ordered("alendronate 70 mg", on="2026-11-23")),
                **GAP,
            ),
            case(
                "alendronate this year with a status that nobody knows",
                (*KNOWN, ordered("alendronate 70 mg", on="2026-10-01", status="unknown")),
                finds={"DONE-3": "unknown", "GAP-01": "unknown"},
                **OPEN,
            ),
            case(
                "alendronate in 2015 with a status that nobody knows: too long ago either way",
                (*KNOWN, ordered("alendronate 70 mg", on="2015-10-01", status="unknown")),
                **GAP,
            ),
            case(
                "alendronate some time in 2026",
                (*KNOWN, ordered("alendronate 70 mg", on="2026")),
                finds={"DONE-3": "unknown", "GAP-01": "unknown"},
                **OPEN,
            ),
            case(
                "alendronate without a date",
                (*KNOWN, ordered("alendronate 70 mg", on=None)),
                finds={"DONE-3": "unknown"},
                **OPEN,
            ),
            case(
                "on alendronate without known osteoporosis: no screening alert",
                (*MARA, edss(6.5, on="2026-09-01"), ordered("alendronate 70 mg", on="2026-10-01")),
                status="satisfied",
                plan="keep",
                gap=None,
            ),
        ),
    ),
)

test_osteoporosis = holds(SPECS)
