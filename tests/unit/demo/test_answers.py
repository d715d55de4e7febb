"""What the clinicians of the demo answer: enough of each, each about another person."""

from __future__ import annotations

from collections import Counter
from datetime import date

from service.demo.answers import answer

TODAY = date(2026, 11, 22)


def task(number: int) -> dict[str, object]:
    """An open Task of ours."""
    return {
        "resourceType": "Task",
        "id": f"t{number}",
        "status": "requested",
        "for": {"reference": f"Patient/p{number}"},
    }


def test_every_kind_of_answer_is_given_and_nobody_gets_two():
    said = answer([task(number) for number in range(100)], TODAY)

    statuses = Counter(str(r["status"]) for r in said.resources if r["resourceType"] == "Task")
    assert statuses == {"accepted": said.accepted, "rejected": said.refused}
    about = [r["for"]["reference"] for r in said.resources if r["resourceType"] == "Task"]
    scanned = {
        r["subject"]["reference"] for r in said.resources if r["resourceType"] == "Procedure"
    }
    assert len(set(about)) == len(about)
    assert scanned.isdisjoint(about)
    assert len(scanned) == said.scanned


def test_a_small_ward_gets_fewer_answers():
    said = answer([task(1)], TODAY)
    assert (said.accepted, said.ordered, said.scanned, said.refused) == (1, 0, 0, 0)
