"""Every story keeps its promise on any day: from FHIR JSON through the parser to the status.

The sweep proves the same through a server, on the day on which it runs. Here the days are those on
which counting back months and years goes wrong: leap days, ends of months, ends of years.
"""

import json
from datetime import UTC, date, datetime

import pytest

from service.demo_ehr.people import make_people
from service.ehr.delivery.flag_and_task import Delivery
from service.explain_file import explain_file
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary

DAYS = ("2026-11-22", "2026-08-31", "2027-01-01", "2027-03-31", "2027-12-31", "2028-02-29")
JUDGED_BY_RISK = ("due", "not-at-risk")
PEOPLE = 350


@pytest.fixture(scope="module")
def explained():
    """What is said of a person on a day: the status, and the risk factors that are met."""
    vocabulary = packaged_vocabulary()
    protocol = packaged_protocol(vocabulary)

    def explain(person, on):
        bundle = {"resourceType": "Bundle", "type": "collection"}
        bundle["entry"] = [{"resource": resource} for resource in person.resources]
        answer = explain_file(
            json.dumps(bundle).encode(),
            protocol,
            vocabulary,
            Delivery(),
            site="invented",
            on=on,
            at=datetime(on.year, on.month, on.day, 8, tzinfo=UTC),
            looks_ahead=False,
        )[1]
        met = [f for f in answer["findings"] if f.get("grade") and f["verdict"] == "met"]
        return answer["status"], sorted(f["number"] for f in met)

    return explain


@pytest.mark.parametrize("day", DAYS)
def test_every_story_gets_its_status_and_its_reasons_on_any_day(explained, day):
    on = date.fromisoformat(day)
    wrong = {}
    for person in make_people(on, PEOPLE):
        status, met = explained(person, on)
        expected = person.expected_status
        reasons = sorted(person.expected_reasons) if expected in JUDGED_BY_RISK else met
        if (status, met) != (expected, reasons):
            wrong[person.id] = (status, met)

    assert wrong == {}
