"""The numbers as text, JSON and CSV."""

import csv
import io
import json

from rich.console import Console

from service.report.forms import print_programme, programme_csv, programme_json
from service.report.programme import count_programme

from .builders import CRITERIA, DIGEST, judged

PEOPLE = [judged()] * 40 + [judged(sex="male")] * 5


def programme(people=PEOPLE):
    return count_programme(people, CRITERIA, DIGEST)


def text_of(people=PEOPLE):
    console = Console(file=io.StringIO(), width=120)
    print_programme(programme(people), console)
    return console.file.getvalue()


def lines_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_json_gives_null_for_what_is_hidden():
    answer = json.loads(json.dumps(programme_json(programme())))
    assert answer["divisions"]["sex"]["male"]["due"] is None
    assert answer["divisions"]["sex"]["female"]["due"] == 40


def test_the_json_says_what_was_done_to_small_numbers():
    answer = programme_json(programme())["small_numbers"]
    assert (answer["hidden_up_to"], answer["rounded_to"]) == (7, 5)


def test_the_json_of_nobody_has_no_days():
    answer = programme_json(programme([]))
    assert answer["first_day"] is answer["last_day"] is None


def test_a_hidden_count_is_an_empty_cell_that_says_so():
    lines = lines_of(programme_csv(programme(), "0.2.0"))
    (male,) = [x for x in lines if (x["stratum"], x["population"]) == ("male", "due")]
    assert (male["count"], male["is_hidden"]) == ("", "True")


def test_the_csv_names_the_protocol_and_the_days():
    first = lines_of(programme_csv(programme(), "0.2.0"))[0]
    assert first["protocol_version"] == "0.2.0"
    assert first["first_day"] == first["last_day"] == "2026-11-22"


def test_the_csv_holds_the_whole_cohort_every_division_and_the_criteria():
    divisions = {line["division"] for line in lines_of(programme_csv(programme(), "0.2.0"))}
    assert divisions == {
        "all",
        "sex",
        "age-band",
        "sex-and-age",
        "criterion-met",
        "criterion-unknown",
        "criterion",
    }


def test_the_text_leaves_out_groups_of_which_nothing_can_be_shown():
    text = text_of()
    assert "Female" in text
    assert "│ Male" not in text


def test_the_text_names_the_criteria():
    assert "EDSS 6.0 or more" in text_of()


def test_the_text_says_that_an_older_protocol_judged_some():
    assert "1 were judged by another protocol" in text_of([*PEOPLE, judged(digest="older")])
    assert "another protocol" not in text_of()


def test_nothing_is_printed_about_nobody():
    assert text_of([]) == ""
