"""The whole job on servers that misbehave: nobody is told of wrongly, and nobody twice.

The first half of the stories is enough for it; each fault has a hospital of its own.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import pytest

from service.demo_ehr.presets.exchange import issue, refusal
from service.demo_ehr.presets.proxy import Incident
from service.ehr.errors import EHRUnavailable
from tests.lib.imitated_hospital import ImitatedHospital, imitated

pytestmark = pytest.mark.heavy

PEOPLE = 120
ALERTED = ("due", "result-needs-action")
HARMLESS = (
    "odd",
    "expiring-pages",
    "eventual",
    "racy",
    "no-conditional",
    "lenient",
    "first-patient",
    "racy+eventual+odd",
)


def told_of(hospital: ImitatedHospital) -> Counter[str]:
    """How many open Tasks there are about whom."""
    tasks = [t for t in hospital.held("Task") if t["status"] == "requested"]
    return Counter(t["for"]["reference"].removeprefix("Patient/") for t in tasks)


def to_be_told_of(hospital: ImitatedHospital) -> set[str]:
    return {i for i, status in hospital.expected().items() if status in ALERTED}


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_can_be_worked_around_changes_no_status_and_tells_nobody_twice(fault, tmp_path):
    with imitated(f"hapi+{fault}", tmp_path, PEOPLE) as hospital:
        hospital.sweep()
        hospital.sweep()

        expected = hospital.expected()
        statuses = hospital.statuses()
        assert {i: statuses.get(i) for i in expected} == expected
        assert told_of(hospital) == Counter(to_be_told_of(hospital))


def test_a_server_that_answers_for_the_first_patient_only_hides_no_rare_resource_and_no_decline(
    tmp_path,
):
    with imitated("hapi+first-patient", tmp_path) as hospital:
        hospital.sweep()

        # Of whom was merged away nobody is left to have a status.
        expected = {i: s for i, s in hospital.expected().items() if i != "record-merged-away-01"}
        statuses = hospital.statuses()
        assert {i: statuses.get(i) for i in expected} == expected


def test_a_server_that_understands_lists_costs_at_most_three_requests_for_ten_people(tmp_path):
    with imitated("hapi", tmp_path, 600, mode="shadow") as hospital:
        hospital.sweep()
        hospital.sweep()  # What is learned once in the life of a process counts for the first.

        assert len(hospital.ehr.requests) <= 0.3 * len(hospital.statuses())


@pytest.mark.parametrize("fault", ["partial", "looping"])
def test_an_answer_that_is_not_whole_opens_no_alert_that_a_whole_one_would_not(fault, tmp_path):
    with imitated(f"hapi+{fault}", tmp_path, PEOPLE) as hospital:
        hospital.sweep()

        assert set(told_of(hospital)) <= to_be_told_of(hospital)


def test_a_busy_server_is_served_completely_in_the_end(tmp_path: Path):
    with imitated("hapi+busy", tmp_path, 12) as hospital:
        for _ in range(3):
            hospital.sweep()

        expected = hospital.expected()
        statuses = hospital.statuses()
        assert {i: statuses.get(i) for i in expected} == expected
        assert told_of(hospital) == Counter(to_be_told_of(hospital))


def test_an_absurd_wish_to_wait_ends_the_sweep_and_opens_no_wrong_alert(tmp_path: Path):
    with imitated("hapi+absurd", tmp_path, 12) as hospital:
        with contextlib.suppress(EHRUnavailable):
            hospital.sweep()

        assert set(told_of(hospital)) <= to_be_told_of(hospital)
        assert [r.status for r in hospital.ehr.requests].count(429) == 1


def test_a_chart_that_takes_a_reason_to_open_costs_only_itself_and_is_not_asked_again(tmp_path):
    with imitated("epic", tmp_path, PEOPLE) as hospital:
        closed = sorted(to_be_told_of(hospital))[0]
        hospital.ehr.hospital.closed.add(closed)
        hospital.sweep()

        refused = [r for r in hospital.ehr.requests if r.status == 403]
        statuses = hospital.statuses()
        types = {need.type for need in hospital.line.protocol.needs}
        assert statuses[closed] == "could-not-determine"
        assert sum(status in ALERTED for status in statuses.values()) > 10
        assert len(refused) <= len(types) + 1


def test_one_invalid_resource_costs_only_the_patient_whose_it_is(tmp_path):
    with imitated("oracle-health", tmp_path, PEOPLE) as hospital:
        invalid = sorted(to_be_told_of(hospital))[0]
        hospital.ehr.hospital.invalid.add(invalid)
        hospital.sweep()

        statuses = hospital.statuses()
        assert statuses.get(invalid, "could-not-determine") == "could-not-determine"
        assert sum(status in ALERTED for status in statuses.values()) > 10


def test_an_outage_in_the_middle_of_a_sweep_opens_and_closes_nothing(tmp_path):
    with imitated("epic", tmp_path, PEOPLE) as hospital:
        hospital.sweep()
        before = hospital.statuses()
        down = refusal(503, issue("fatal", "transient"))
        hospital.ehr.incidents.append(Incident(down, path="Observation", times=10_000))
        hospital.sweep()

        assert hospital.statuses() == before
        assert hospital.ehr.writes == []


def test_a_message_whose_answer_was_lost_is_never_sent_a_second_time(tmp_path):
    with imitated("epic", tmp_path, 30) as hospital:
        lost = refusal(504, issue("fatal", "timeout"))
        incident = Incident(lost, "POST", "Communication", times=1000, happens=True)
        hospital.ehr.incidents.append(incident)
        hospital.sweep()
        incident.times = 0
        hospital.sweep()
        hospital.sweep()

        held = Counter(c["subject"]["reference"] for c in hospital.held("Communication"))
        assert max(held.values()) == 1
