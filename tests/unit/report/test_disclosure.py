"""What is hidden cannot be computed; what need not be hidden is shown."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.report.disclosure import FEWEST_CANDIDATES, HIDDEN_UP_TO, Sum, rounded, shown


@pytest.mark.parametrize(
    ("count", "as_shown"),
    [(0, None), (1, None), (6, None), (7, None), (8, 10), (12, 10), (13, 15), (103, 105)],
)
def test_seven_or_fewer_are_hidden_and_the_rest_is_rounded_to_five(count, as_shown):
    assert rounded(count) == as_shown


def column(*counts):
    return {f"row {n}": {"due": count} for n, count in enumerate(counts)}


def in_column(*counts):
    table = shown(column(*counts), rows_add_up=False, columns_add_up=True)
    return [row["due"] for row in table.values()]


def test_a_count_that_could_be_computed_from_an_exact_total_is_not_left_alone():
    # 209 in all and 200 shown for 198 to 202: what is hidden could only be 7.
    assert in_column(202, 7) == [None, None]


def test_where_the_total_leaves_it_open_the_other_counts_are_shown():
    # 204 in all and 200 shown: 2 to 6 are possible.
    assert in_column(200, 4) == [200, None]


def test_the_smallest_of_what_is_shown_is_hidden_besides():
    # 22 and 102 are shown as 20 and 100: 131 in all leave only 7.
    assert in_column(102, 22, 7) == [100, None, None]


def test_a_large_count_hidden_besides_protects_the_small_one():
    assert in_column(102, 22, 22, 7).count(None) == 2


def test_without_a_known_total_nothing_is_hidden_besides():
    table = shown(column(202, 7), rows_add_up=False, columns_add_up=False)
    assert [row["due"] for row in table.values()] == [200, None]


def test_a_row_whose_total_is_known_is_looked_at_too():
    table = shown({"MSO-02": {"met": 7, "not-met": 202}}, rows_add_up=True, columns_add_up=False)
    assert table == {"MSO-02": {"met": None, "not-met": None}}


def test_a_count_hidden_for_its_row_leaves_the_other_rows_as_they_are():
    counts = {"a": {"x": 200, "y": 30}, "b": {"x": 202, "y": 7}}
    table = shown(counts, rows_add_up=True, columns_add_up=False)
    assert table == {"a": {"x": 200, "y": 30}, "b": {"x": None, "y": None}}


def test_a_count_hidden_for_its_row_is_reckoned_with_in_its_column():
    # Row b hides its 202, which is large. Of column y, 37 in all and 30 shown leave 5 to 7.
    counts = {"a": {"x": 200, "y": 30}, "b": {"x": 202, "y": 7}}
    table = shown(counts, rows_add_up=True, columns_add_up=True)
    assert table == {"a": {"x": 200, "y": 30}, "b": {"x": None, "y": None}}


def test_a_table_without_rows_is_shown_as_one():
    assert shown({}, rows_add_up=True, columns_add_up=True) == {}


def test_rows_with_different_columns_are_refused():
    with pytest.raises(ValueError, match="the same columns"):
        shown({"a": {"x": 1}, "b": {"y": 1}}, rows_add_up=True, columns_add_up=True)


def beside_total(*counts):
    """The parts of a row as they are shown, and their total that stands beside them."""
    parts = {f"part {n}": count for n, count in enumerate(counts)}
    row = {"": parts | {"all": sum(counts)}}
    line = Sum(tuple(parts), "all")
    *cells, total = shown(row, rows_add_up=False, columns_add_up=False, sums=[line])[""].values()
    return cells, total


def test_parts_that_were_rounded_up_do_not_tell_beside_their_total_that_nobody_is_left():
    # Four tens and 30: each of the four must be 8, the total 32, and the rest nobody.
    assert beside_total(8, 8, 8, 8, 0) == ([None, 10, 10, 10, None], 30)


def test_parts_stay_where_their_rounded_total_leaves_the_rest_open():
    assert beside_total(30, 20, 4) == ([30, 20, None], 55)


def test_a_total_that_is_hidden_gives_nothing_away():
    table = {"": {"due": 9, "done": 9, "left": 0, "all": 7}}
    line = [Sum(("due", "done", "left"), "all")]
    row = shown(table, rows_add_up=False, columns_add_up=False, sums=line)[""]
    assert row == {"due": 10, "done": 10, "left": None, "all": None}


@given(st.lists(st.integers(0, 30), min_size=2, max_size=5))
def test_every_hidden_sum_beside_a_rounded_total_stays_open_among_three_values(counts):
    cells, total = beside_total(*counts)
    hidden = [count for count, text in zip(counts, cells, strict=True) if text is None]
    visible = [text for text in cells if text is not None]
    if visible and hidden and total is not None and max(hidden) <= HIDDEN_UP_TO:
        possible = {
            total + off - sum(visible) - sum(offs)
            for off, *offs in itertools.product(range(-2, 3), repeat=len(visible) + 1)
        }
        most = HIDDEN_UP_TO * len(hidden)
        assert len([p for p in possible if 0 <= p <= most]) >= FEWEST_CANDIDATES


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_every_hidden_sum_of_a_known_total_stays_open_among_three_values(counts):
    as_shown = in_column(*counts)
    hidden = [count for count, text in zip(counts, as_shown, strict=True) if text is None]
    # Whoever reads the table knows the total, and that what is shown was rounded to the nearest 5.
    visible = [text for text in as_shown if text is not None]
    possible = {
        sum(counts) - sum(visible) - sum(off)
        for off in itertools.product(range(-2, 3), repeat=len(visible))
    }
    most = HIDDEN_UP_TO * len(hidden)
    if visible and hidden and max(hidden) <= HIDDEN_UP_TO:
        assert len([p for p in possible if 0 <= p <= most]) >= FEWEST_CANDIDATES


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6))
def test_what_is_shown_is_within_two_of_what_was_counted(counts):
    for count, text in zip(counts, in_column(*counts), strict=True):
        assert text is None or abs(text - count) <= 2
