"""A simulation as text, JSON and CSV."""

import csv
import io
import json
from dataclasses import replace

from rich.console import Console

from service.screening.assess import Status
from service.simulate.forms import simulation_csv, simulation_json
from service.simulate.printing import print_simulation
from service.simulate.tally import Simulation

from .builders import ON, PROTOCOL, outcome_of

CHANGED = replace(PROTOCOL, version="0.2.0+here-1", digest="sha256:changed")
DUE, FINE = Status.DUE, Status.NOT_AT_RISK
OUTCOMES = (
    *[outcome_of(DUE, DUE)] * 20,
    *[outcome_of(FINE, DUE, "MSO-11", due_in=(0, None))] * 3,
    *[outcome_of(FINE, FINE)] * 20,
    *[outcome_of(FINE, FINE, sex="male")] * 5,
)


def simulation(outcomes=OUTCOMES, *, cohort=48, changed=CHANGED, complete=True):
    found = Simulation(ON, PROTOCOL, changed, cohort, complete, len(outcomes))
    for one in outcomes:
        found.add(one)
    return found


def text_of(found):
    console = Console(file=io.StringIO(), width=140)
    print_simulation(found, console)
    return console.file.getvalue()


def lines_of(found):
    return list(csv.DictReader(io.StringIO(simulation_csv(found))))


def test_the_json_tells_who_would_be_due_with_shares_and_their_methods():
    due = json.loads(json.dumps(simulation_json(simulation())))["due"]
    assert (due["today"]["people"], due["changed"]["people"]) == (20, 23)
    assert (due["newly_due"], due["no_longer_due"]) == (3, 0)
    assert due["difference"]["people"] == 3
    assert due["today"]["low"] < due["today"]["value"] < due["today"]["high"]
    assert due["methods"] == {
        "share": "Wilson score, 95 %",
        "difference": "Newcombe 1998, method 10, 95 %",
    }


def test_small_groups_are_hidden_and_the_criteria_are_exact():
    answer = simulation_json(simulation())
    assert answer["divisions"]["sex"]["male"]["with-confirmed-ms"] is None
    assert answer["made_the_difference"] == {"MSO-11": {"newly-due": 3, "no-longer-due": 0}}


def test_a_groups_share_is_that_of_its_shown_counts():
    shares = simulation_json(simulation())["division_shares"]["sex"]
    # 20 of 45 as they are shown; 20 of 43 as they were counted.
    assert shares["female"]["due-today"]["value"] == 0.4444
    assert shares["male"]["due-today"] is None


def test_slots_of_a_sample_are_scaled_to_the_cohort():
    slots = simulation_json(simulation(cohort=96))["dxa_slots"]
    assert slots["people_for_each_judged"] == 2
    assert slots["today"]["backlog"] == 40
    assert slots["today"]["monthly"][0] == 6
    assert slots["today"]["a_month"] == 3.8


def test_nobody_judged_has_no_shares():
    due = simulation_json(simulation([]))["due"]
    assert due["today"] == {"people": 0, "value": None, "low": None, "high": None}


def test_the_csv_holds_every_table_of_the_json():
    tables = {line["table"] for line in lines_of(simulation())}
    assert tables == {
        "people",
        "due",
        "made-the-difference",
        "sex",
        "age-band",
        "sex-and-age",
        "transitions",
        "dxa-slots",
    }


def test_a_hidden_count_of_the_csv_says_so():
    (male,) = [
        x for x in lines_of(simulation()) if (x["row"], x["column"]) == ("male", "due-today")
    ]
    assert (male["value"], male["is_hidden"]) == ("", "True")


def test_the_csv_names_the_months():
    months = [x["column"] for x in lines_of(simulation()) if x["table"] == "dxa-slots"]
    assert "2026-12-01" in months


def test_the_text_says_that_nothing_was_written_and_which_protocols_spoke():
    text = text_of(simulation())
    assert "nothing was written" in text
    assert "0.2.0+here-1" in text


def test_the_text_names_the_criterion_that_made_the_difference():
    assert "Vitamin D low" in text_of(simulation())


def test_the_text_names_a_change_that_no_criterion_made():
    assert "decision rule or interval" in text_of(simulation([outcome_of(FINE, DUE)]))


def test_the_text_leaves_out_a_group_of_which_nothing_can_be_shown():
    text = text_of(simulation())
    assert "│ Female" in text
    assert "│ Male" not in text


def test_the_text_of_nobody_has_no_shares():
    assert "–" in text_of(simulation([]))


def test_what_the_numbers_lack_is_said():
    found = simulation(complete=False)
    found.failed = 2
    text = text_of(found)
    assert "2 could not be judged" in text
    assert "did not name the whole cohort" in text
    assert "could not be judged" not in text_of(simulation())


def test_two_protocols_that_are_the_same_are_told_of():
    assert "Both protocols are the same" in text_of(simulation(changed=PROTOCOL))
