"""What is kept of a simulation: small numbers are hidden before anything is."""

from __future__ import annotations

import json
from dataclasses import replace

from service.screening.assess import Status
from service.simulate.kept import kept_counts
from service.simulate.tally import Simulation

from .builders import ON, PROTOCOL, outcome_of

DUE, FINE = Status.DUE, Status.NOT_AT_RISK


def kept(*outcomes, cohort=None):
    found = Simulation(ON, PROTOCOL, PROTOCOL, cohort or len(outcomes), True, len(outcomes))
    for one in outcomes:
        found.add(one)
    return kept_counts(found)


def test_a_step_of_seven_is_left_out_and_one_of_eight_is_rounded():
    seven = kept(*[outcome_of(FINE, DUE)] * 7, *[outcome_of(DUE, DUE)] * 41)
    eight = kept(*[outcome_of(FINE, DUE)] * 8, *[outcome_of(DUE, DUE)] * 41)
    assert {"today": "not-at-risk", "changed": "due", "people": 10} in eight["steps"]
    assert [s for s in seven["steps"] if s["today"] != s["changed"]] == []


def test_how_many_are_newly_due_is_hidden_up_to_seven():
    assert kept(*[outcome_of(FINE, DUE)] * 7)["due"]["newly"] is None
    assert kept(*[outcome_of(FINE, DUE)] * 8)["due"]["newly"] == 10


def test_what_a_criterion_made_is_hidden_too():
    (row,) = kept(*[outcome_of(FINE, DUE, "MSO-13")] * 9, outcome_of(DUE, FINE, "MSO-13"))[
        "criteria"
    ]
    assert (row["number"], row["title"], row["newly"], row["no_longer"]) == (
        *("MSO-13", "Age", 10),
        None,
    )


def test_scans_and_new_alerts_are_of_the_whole_cohort():
    found = kept(*[outcome_of(FINE, DUE, opens=(0, 1), due_in=(2, None))] * 10, cohort=100)
    assert found["new_alerts"] == {"today": None, "changed": 100}
    assert found["scans"]["changed"]["backlog"] == 100
    assert found["scans"]["today"]["monthly"][2] == 100


def test_who_waits_for_a_scan_is_kept_as_it_may_be_shown_or_slots_would_count_them():
    few, other = kept(*[outcome_of(DUE, DUE)] * 7), kept(outcome_of(DUE, DUE))
    assert (few["scans"], few["new_alerts"]) == (other["scans"], other["new_alerts"])
    forty = [kept(*[outcome_of(DUE, DUE)] * due)["scans"]["today"] for due in (38, 42)]
    assert forty[0] == forty[1]
    assert (forty[0]["backlog"], forty[0]["monthly"], forty[0]["a_year"]) == (40, [None] * 12, None)


def test_one_person_of_a_sample_does_not_become_twenty_that_may_be_shown():
    found = kept(outcome_of(DUE, DUE, opens=(1, 1)), cohort=20)
    assert found["scans"]["today"]["backlog"] is None
    assert found["new_alerts"]["today"] is None


def test_a_criterion_that_moves_seven_people_is_not_named_and_one_that_moves_eight_is():
    def named(people):
        return [
            row["number"] for row in kept(*[outcome_of(FINE, DUE, "MSO-13")] * people)["criteria"]
        ]

    assert (named(7), named(8)) == ([], ["MSO-13"])


def test_a_type_that_could_not_be_read_is_named_where_it_is_not_of_a_few():
    blind = replace(outcome_of(FINE, FINE), unread=frozenset({"FamilyMemberHistory"}))
    assert (kept(*[blind] * 7)["unread"], kept(*[blind] * 8)["unread"]) == (
        [],
        ["FamilyMemberHistory"],
    )


def test_it_can_be_kept_as_json_and_names_nobody():
    text = json.dumps(kept(outcome_of(FINE, DUE, patient="somebody")))
    assert "somebody" not in text


def test_a_cohort_of_nobody_has_no_steps():
    assert kept()["steps"] == []
