"""YAML that clinicians write, read without its surprises."""

from __future__ import annotations

from datetime import date

import pytest

from service.screening.plain_yaml import LONGEST_FILE, Misread, Table, kind_of, nearest, read_yaml


def misread(text: str) -> str:
    with pytest.raises(Misread) as fault:
        read_yaml(text)
    return str(fault.value)


def table(text: str) -> Table:
    return Table(read_yaml(text), "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: 2026-09-01", {"on": date(2026, 9, 1)}),
        ("code: 0010", {"code": "0010"}),
        ("code: 8E10", {"code": "8E10"}),
        ("time: 12:30", {"time": "12:30"}),
        ("country: no", {"country": "no"}),
        ("dose: 2.5", {"dose": 2.5}),
        ("score: -1.8", {"score": -1.8}),
        ("born: 1970-05", {"born": "1970-05"}),
        ("is: true", {"is": True}),
        ("is:", {"is": None}),
        ("most: .inf", {"most": ".inf"}),
    ],
)
def test_a_scalar_is_what_it_looks_like(text, value):
    assert read_yaml(text) == value


def test_what_is_not_yaml_names_its_line():
    assert misread("a: 1\nb: [") == (
        "line 2: not YAML: expected the node content, but found '<stream end>'"
    )


def test_a_name_that_stands_twice_is_refused():
    assert misread("a: 1\na: 2") == "below line 1: a stands twice: keep one"


def test_a_name_that_is_a_table_is_refused():
    with pytest.raises(Misread):
        read_yaml("? {a: 1}\n: x")


def test_a_day_that_no_calendar_has_is_refused():
    assert "date that no calendar has" in misread("on: 2026-02-30")


def test_python_objects_are_not_made():
    assert "not YAML" in misread("x: !!python/object:os.system 1")


def test_a_file_that_is_nested_without_end_is_refused():
    assert "not YAML" in misread("[" * 20_000)


def test_a_file_that_is_far_too_long_is_refused():
    assert "longer than" in misread("a" * (LONGEST_FILE + 1))


def test_what_is_not_a_table_is_refused_with_its_place():
    with pytest.raises(Misread, match=r"^criteria: write names with values, not a list$"):
        Table([], "criteria")


def test_the_file_itself_is_named_as_such():
    with pytest.raises(Misread, match=r"^the file: write names with values, not empty$"):
        Table(None, "")


def test_a_misspelt_name_is_refused_with_the_nearest_one():
    with pytest.raises(Misread, match=r"titel: not a name .* did you mean 'title'"):
        table("titel: x").only(("title", "version"))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (("one", "two"), "known: one, two"),
        ([f"n{i}" for i in range(30)], "see the documentation"),
    ],
)
def test_without_a_near_name_the_known_ones_are_listed_if_they_are_few(known, words):
    assert nearest("zzz", known) == words


@pytest.mark.parametrize(
    ("text", "read", "words"),
    [
        ("a: true", lambda t: t.text("a"), "a: write text, not true or false"),
        ("a: [x]", lambda t: t.text("a"), "a: write text, not a list"),
        ("a: ''", lambda t: t.text("a"), "a: write 1 to 300 printable"),
        ('a: "x\\u0007"', lambda t: t.text("a"), "a: write 1 to 300 printable"),
        ("a: xxxx", lambda t: t.text("a", longest=3), "a: write 1 to 3 printable"),
        ("b: 1", lambda t: t.needed("a"), "a: missing; add it"),
        ("a: fifty", lambda t: t.number("a"), "a: write a number, not 'fifty'"),
        ("a: true", lambda t: t.number("a"), "a: write a number, not true or false"),
        ("a: 9999999999", lambda t: t.number("a"), "a: the number is too large"),
        ("a: 5", lambda t: t.day("a"), "a: write a date as YYYY-MM-DD, not 5"),
        ("a: maybe", lambda t: t.truth("a"), "a: write true or false, not 'maybe'"),
        ("a: 1", lambda t: t.truth("a"), "a: write true or false, not 1"),
        ("a: majr", lambda t: t.choice("a", ("major",)), "'majr' is not a choice; did you mean"),
        ("a: 1", lambda t: t.table("a"), "a: write names with values, not 1"),
        ("a: 1", lambda t: t.items("a"), "a: write a list, not 1"),
        ("a: [1]", lambda t: t.table_list("a"), r"a\[1\]: write names with values, not 1"),
    ],
)
def test_a_wrong_type_is_said_with_its_place(text, read, words):
    with pytest.raises(Misread, match=words):
        read(table(text))


@pytest.mark.parametrize("read", ["text", "number", "day", "truth"])
def test_what_is_not_given_is_none(read):
    assert getattr(table("b: 1"), read)("a") is None


def test_an_absent_choice_is_none():
    assert table("b: 1").choice("a", ("x",)) is None


def test_absent_tables_and_lists_are_empty():
    assert (table("b: 1").table("a").value, table("b: 1").items("a")) == ({}, [])


def test_yes_and_off_are_understood_where_a_truth_is_asked_for():
    assert (table("a: yes").truth("a"), table("a: Off").truth("a")) == (True, False)


def test_words_are_put_on_one_line():
    assert table("a: >\n  one\n  two\n").text("a") == "one two"


def test_a_date_may_stand_for_its_words():
    assert table("a: 2026-01-02").text("a") == "2026-01-02"


def test_a_number_keeps_its_place_in_a_table_below():
    below = dict(table("a: {b: {c: x}}").table("a").tables())["b"]
    with pytest.raises(Misread, match=r"^a\.b\.c: write a number"):
        below.number("c")


def test_long_text_and_odd_things_are_named_by_their_kind():
    assert (kind_of("x" * 50), kind_of(object())) == ("text", "something else")
