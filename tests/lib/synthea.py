"""Other people's patients: Synthea bundles with an MS diagnosis laid over them.

`WORKED` was worked out by hand from each chart for 2026-11-22: age and sex, problem list, fracture
codes, scans, weights, smoking, devices and medicines. The charts end in 2020, so that of everything
with a window (weights, smoking, falls, medicines) nothing is recent enough to count. Nobody has an
EDSS, a vitamin D, a glucocorticoid by mouth or vein, a pregnancy, a refusal or an order for a scan.
Synthea's "Bone density scan" (312681000) comes with LOINC 38265-5, which is the radius and ulna:
a score that counts because nothing of spine or hip was measured with it (specification 2.9).

Three lines were wrong at first and are marked: the person who worked them out, not the code.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "synthea"
MS_RECORDED = "2015-01-01"
# Payers' paperwork makes up half of each bundle and nothing reads it.
_LEFT_OUT = frozenset({"Claim", "ExplanationOfBenefit"})


@dataclass(frozen=True, slots=True)
class Worked:
    """What one person's chart comes to; every criterion that `found` does not name is not met."""

    status: str
    found: Mapping[str, str]
    why: str


COHORT = {"COHORT": "met"}
KNOWN_UNTREATED = {"DONE-2": "met", "GAP-01": "met"}
LOW_SCORE = {"MSO-17": "met major"}
OLD_ENOUGH_ALONE = {"MSO-13": "met major"}
AGE_COUNTS_ONE = {"MSO-13": "met minor"}

WORKED = {
    "Abram_Lemke": Worked(
        "not-at-risk",
        COHORT | AGE_COUNTS_ONE,
        "A man of 61: one MINOR. BMI 30 and a height of 181.2 cm in every year; never smoked; one"
        " short course of paracetamol.",
    ),
    "Alfredo_Alaniz": Worked(
        "result-needs-action",
        COHORT | OLD_ENOUGH_ALONE | {"MSO-06": "met major"} | KNOWN_UNTREATED,
        "A man of 103. Osteoporosis (64859006, 2003) and two osteoporotic fractures (443165006,"
        " 2010 and 2018); healed fractures count. Alendronate was ordered once, in 2003: out"
        " of its window. Fluticasone is inhaled; warfarin is no heparin; the device is a"
        " defibrillator.",
    ),
    "Arnette_Bednar": Worked(
        "result-needs-action",
        COHORT | OLD_ENOUGH_ALONE | KNOWN_UNTREATED,
        "A woman of 84. Osteoporosis (2002), alendronate ordered once, in 2002. A miscarriage of"
        " 1988 is no pregnancy now; the device is a pacemaker.",
    ),
    "Cheryll_Hegmann": Worked(
        "due",
        COHORT | OLD_ENOUGH_ALONE,
        "A woman of 84. The scan of 2019 has a radius score only (T 0.37); its interval is over,"
        " whether that is 24 months or 60. A clavicle is no typical site.",
    ),
    "Chiquita_Little": Worked(
        "result-needs-action",
        COHORT | OLD_ENOUGH_ALONE | KNOWN_UNTREATED | LOW_SCORE,
        "A woman of 67. Osteoporosis by diagnosis (2019) and by T −3.1 of the radius in the scan of"
        " that day; MSO-17 was missed at first: a score of the forearm was taken for none."
        " Alendronate ordered once, in 2019. Breast cancer of 2000 without any hormone medicine.",
    ),
    "Evan_Hagenes": Worked(
        "result-needs-action",
        COHORT
        | OLD_ENOUGH_ALONE
        | KNOWN_UNTREATED
        | LOW_SCORE
        | {"MSO-12": "unknown", "MSO-15": "unknown"},
        "A man of 75. Osteoporosis (2011) and T −3.2 of the radius; alendronate ordered once, in"
        " 2011. Leuprolide for prostate cancer was ordered in 2013 and is active without an end:"
        " whether he still has it cannot be told; “too old, not met” was the answer at first."
        " Alcoholism is a diagnosis, and MSO-14 asks for an amount.",
    ),
    "Fannie_Pacocha": Worked(
        "result-needs-action",
        COHORT | OLD_ENOUGH_ALONE | KNOWN_UNTREATED | LOW_SCORE,
        "A woman of 70. Osteoporosis (2016) and T −3.0 of the radius, missed at first as above;"
        " alendronate ordered once, in 2016. Gout, a sprained wrist and an overdose of 1998 are"
        " nothing of ours.",
    ),
    "Fred_Beer": Worked(
        "not-at-risk",
        COHORT,
        "A man of 30 who stopped smoking by 2018; BMI 22.5.",
    ),
    "Lakeshia_Feeney": Worked(
        "not-at-risk",
        COHORT,
        "A woman of 25 on a contraceptive pill, without amenorrhoea. Her height only grew.",
    ),
    "Mohammad_Conroy": Worked(
        "not-at-risk",
        COHORT,
        "A man of 31. Fluticasone is inhaled; concussion (2010) and whiplash (2015) are no falls.",
    ),
    "Patrica_Mraz": Worked(
        "not-at-risk",
        COHORT,
        "A woman of 28. A BMI of 15.6 was a child's of 13; the last is 24.6. A contraceptive pill.",
    ),
    "Troy_Krajcik": Worked("not-at-risk", COHORT, "A man of 38 with a BMI of 26.3."),
    "Ulrike_Kovacek": Worked(
        "due",
        COHORT | OLD_ENOUGH_ALONE,
        "A woman of 85. The scan of 2016 has a radius score only (T 0.45); its interval is over. A"
        " fracture of the forearm, 65966004, does not say that it was the wrist.",
    ),
    "Wendell_Stanton": Worked(
        "not-at-risk",
        COHORT | AGE_COUNTS_ONE,
        "A man of 66: one MINOR until 70. BMI 27.7; never smoked.",
    ),
    "Winston_Funk": Worked(
        "not-at-risk",
        COHORT | AGE_COUNTS_ONE,
        "A man of 60: one MINOR. A former smoker; BMI 33.",
    ),
}
EXPECTED = {name: worked.status for name, worked in WORKED.items()}


def names() -> list[str]:
    """The bundles, by name."""
    return sorted(path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.json.gz"))


def bundle_with_ms(name: str) -> dict[str, Any]:
    """The transaction bundle of one person, with a confirmed diagnosis of MS added."""
    path = FOLDER / f"{name}.json.gz"
    bundle: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    entries = [e for e in bundle["entry"] if e["resource"]["resourceType"] not in _LEFT_OUT]
    patient = next(e for e in entries if e["resource"]["resourceType"] == "Patient")
    diagnosis = {
        "resourceType": "Condition",
        "subject": {"reference": patient["fullUrl"]},
        "recordedDate": MS_RECORDED,
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G35.A"}],
        },
        "verificationStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                    "code": "confirmed",
                }
            ]
        },
    }
    entries.append(
        {
            "fullUrl": "urn:uuid:00000000-0000-4000-8000-00000000a001",
            "resource": diagnosis,
            "request": {"method": "POST", "url": "Condition"},
        }
    )
    return {**bundle, "entry": entries}
