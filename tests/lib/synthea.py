"""Other people's patients: Synthea bundles with an MS diagnosis laid over them.

`EXPECTED` was worked out by hand from each chart (age and sex on 2026-11-22, problem list, fracture
codes, scans, medicines); none has an EDSS, a glucocorticoid or a low weight. Where the reasons need
a word they stand beside the line.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "synthea"
MS_RECORDED = "2015-01-01"
# Payers' paperwork makes up half of each bundle and nothing reads it.
_LEFT_OUT = frozenset({"Claim", "ExplanationOfBenefit"})

EXPECTED = {
    "Abram_Lemke": "not-at-risk",  # a man of 61: one MINOR
    "Alfredo_Alaniz": "result-needs-action",  # osteoporosis and fractures; therapy of 2003 only
    "Arnette_Bednar": "result-needs-action",  # osteoporosis; therapy of 2002 only
    "Cheryll_Hegmann": "due",  # a woman of 84; scan of 2019 without a central score
    "Chiquita_Little": "result-needs-action",  # osteoporosis of 2019
    "Evan_Hagenes": "result-needs-action",  # osteoporosis of 2011
    "Fannie_Pacocha": "result-needs-action",  # osteoporosis of 2016
    "Fred_Beer": "not-at-risk",  # a man of 30
    "Lakeshia_Feeney": "not-at-risk",  # a woman of 25
    "Mohammad_Conroy": "not-at-risk",  # a man of 31
    "Patrica_Mraz": "not-at-risk",  # a woman of 28
    "Troy_Krajcik": "not-at-risk",  # a man of 38
    "Ulrike_Kovacek": "due",  # a woman of 85; scan of 2016 without a central score
    "Wendell_Stanton": "not-at-risk",  # a man of 66: one MINOR
    "Winston_Funk": "not-at-risk",  # a man of 60: one MINOR
}


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
