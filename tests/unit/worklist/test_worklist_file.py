"""The worklist as CSV and in counts."""

import csv
import io
from dataclasses import replace
from datetime import date

from service.worklist.file import COLUMNS, count_lines, write_csv
from service.worklist.lines import Line
from service.worklist.reasons import Priority

LINE = Line(
    patient_key="k1",
    fhir_id="p1",
    priority=Priority.LOW,
    status="could-not-determine",
    why="data-gap",
    look_at="Record EDSS; “mobility”, BMI",
    due_on=None,
    since=date(2026, 11, 1),
    judged_on=date(2026, 11, 22),
    note="",
)


def written(*lines):
    file = io.StringIO(newline="")
    write_csv(lines, file)
    return file.getvalue()


def rows(*lines):
    return list(csv.DictReader(io.StringIO(written(*lines), newline="")))


def test_a_list_of_nobody_has_a_header():
    assert written().split() == [",".join(COLUMNS)]


def test_a_line_holds_the_reference_the_reason_and_the_days():
    assert rows(LINE) == [
        {
            "patient": "Patient/p1",
            "priority": "low",
            "status": "could-not-determine",
            "why": "data-gap",
            "look_at": "Record EDSS; “mobility”, BMI",
            "due_on": "",
            "since": "2026-11-01",
            "judged_on": "2026-11-22",
            "note": "",
        }
    ]


def test_a_day_that_is_known_is_written_and_one_that_is_not_is_empty():
    (row,) = rows(replace(LINE, due_on=date(2027, 1, 2), judged_on=None))
    assert (row["due_on"], row["judged_on"]) == ("2027-01-02", "")


def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe():
    (row,) = rows(replace(LINE, look_at='=HYPERLINK("x")', note="@note"))
    assert (row["look_at"], row["note"]) == ('\'=HYPERLINK("x")', "'@note")


def test_people_lines_and_reasons_are_counted():
    due = replace(LINE, why="due", priority=Priority.URGENT)
    other = replace(LINE, patient_key="k2")
    assert count_lines([LINE, due, other]) == [
        "2 people, 3 lines, 1 urgent",
        "  data-gap: 2",
        "  due: 1",
    ]


def test_a_list_of_nobody_counts_nobody():
    assert count_lines([]) == ["0 people, 0 lines, 0 urgent"]
