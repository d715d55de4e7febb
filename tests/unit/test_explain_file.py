"""What a file that is not quite FHIR does to the explanation."""

from __future__ import annotations

import json

import pytest

from tests.lib.patients import bundle, edss, ms, woman
from tests.spec.book import explain, explain_bytes

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))


@pytest.mark.parametrize("patient", ["anna_1", "ann a", "a" * 65])
def test_a_patient_whose_id_fhir_does_not_allow_is_explained_and_the_fault_reported(patient):
    chart = json.dumps(bundle(*ANNA)).replace('"id": "p"', f'"id": "{patient}"')
    answer = explain_bytes(chart.replace("Patient/p", f"Patient/{patient}").encode())
    assert (answer["status"], answer["plan"]["action"], answer["resources"]) == (
        "due",
        "create",
        [],
    )
    assert answer["reported"] == [
        {"source": f"Patient/{patient}", "problem": "the alert could not be made valid FHIR"}
    ]


def test_evidence_whose_id_fhir_does_not_allow_is_told_but_not_linked():
    answer = explain(*ANNA[:2], ANNA[2] | {"id": "edss_1"})
    task = next(r for r in answer["resources"] if r["resourceType"] == "Task")
    assert "input" not in task
    assert "Observation/edss_1" in task["note"][0]["text"].replace("\\", "")
