"""Which lines of the worklist are wanted, and in which order."""

from dataclasses import replace
from datetime import date

import pytest

from service.worklist.choice import Wish, pick, wish_from
from service.worklist.lines import Line
from service.worklist.reasons import Priority

LINE = Line(
    patient_key="k1",
    fhir_id="p1",
    priority=Priority.ROUTINE,
    status="due",
    why="due",
    look_at="Consider bone density assessment",
    due_on=None,
    since=date(2026, 11, 1),
    judged_on=date(2026, 11, 22),
    note="",
    met=frozenset({"MSO-06"}),
)
GAP = replace(LINE, patient_key="k2", fhir_id="p2", why="data-gap", priority=Priority.LOW)
SAID_NO = replace(LINE, patient_key="k3", fhir_id="p3", why="snoozed", status="snoozed")
NUMBERS = frozenset({"MSO-06"})


def picked(*lines, **terms):
    return pick(lines, wish_from({n: str(v) for n, v in terms.items()}, NUMBERS))


def ids(*lines, **terms):
    return [line.fhir_id for line in picked(*lines, **terms).lines]


def test_who_is_due_is_listed_and_who_said_no_is_not():
    assert ids(LINE, SAID_NO, GAP) == ["p1", "p2"]


@pytest.mark.parametrize("terms", [{"show": "all"}, {"why": "snoozed"}, {"status": "snoozed"}])
def test_who_said_no_is_listed_on_request(terms):
    assert "p3" in ids(LINE, SAID_NO, **terms)


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({"status": "due"}, ["p1", "p2"]),
        ({"priority": "low"}, ["p2"]),
        ({"why": "due"}, ["p1"]),
        ({"criterion": "MSO-06"}, ["p1"]),
        ({"criterion": "MSO-06", "priority": "low"}, []),
    ],
)
def test_the_list_is_narrowed_by_what_is_asked_for(terms, found):
    assert ids(LINE, replace(GAP, met=frozenset()), **terms) == found


def test_what_nobody_knows_narrows_nothing_and_does_not_stand_in_an_address():
    wish = wish_from({"status": "Patient/7", "criterion": "Patient/7", "page": "-1"}, NUMBERS)
    assert wish == Wish()
    assert wish.terms() == {}


def test_the_list_is_sorted_by_waiting_time_and_by_the_day_on_which_a_scan_is_due():
    waits = replace(LINE, fhir_id="p4", since=date(2026, 1, 1), priority=Priority.LOW)
    soon = replace(LINE, fhir_id="p5", due_on=date(2026, 12, 1))
    later = replace(LINE, fhir_id="p6", due_on=date(2027, 12, 1))
    assert ids(LINE, waits, sort="waiting") == ["p4", "p1"]
    assert ids(LINE, later, soon, sort="due") == ["p5", "p6", "p1"]


@pytest.mark.parametrize(("page", "shown", "at"), [(1, 50, 1), (3, 20, 3), (9, 20, 3)])
def test_a_page_holds_fifty_lines_and_the_last_one_stands_for_those_after_it(page, shown, at):
    many = [replace(LINE, patient_key=f"k{n}", fhir_id=f"p{n:03}") for n in range(120)]
    found = picked(*many, page=page)
    assert (len(found.lines), found.page, found.pages, found.total) == (shown, at, 3, 120)


def test_people_and_lines_are_counted_apart():
    found = picked(LINE, replace(GAP, patient_key="k1"), replace(LINE, priority=Priority.URGENT))
    assert (found.people, found.total, found.urgent) == (1, 3, 1)
    assert found.by_reason == {"due": 2, "data-gap": 1}
