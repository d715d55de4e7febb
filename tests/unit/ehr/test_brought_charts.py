"""A chart that a CDS Hooks call brings, completed by what was fetched."""

from __future__ import annotations

from service.ehr.prefetch import BroughtChart

BROUGHT = BroughtChart("p", {"Procedure": [{"id": "scan"}]}, unread=frozenset({"Procedure"}))


def fetched(*ids: str, is_whole: bool) -> BroughtChart:
    unread = frozenset() if is_whole else frozenset({"Procedure"})
    return BroughtChart("p", {"Procedure": [{"id": id_} for id_ in ids]}, unread=unread)


def ids_in(chart: BroughtChart) -> list[str]:
    return sorted(resource["id"] for resource in chart.resources["Procedure"])


def test_what_was_fetched_whole_takes_the_place_of_what_came_in_part():
    chart = BROUGHT.completed_by(fetched("other", is_whole=True))
    assert (ids_in(chart), chart.unread) == (["other"], frozenset())


def test_what_came_in_part_still_counts_where_nothing_could_be_fetched():
    chart = BROUGHT.completed_by(fetched(is_whole=False))
    assert (ids_in(chart), chart.unread) == (["scan"], {"Procedure"})


def test_what_came_in_part_both_times_counts_once():
    chart = BROUGHT.completed_by(fetched("other", "scan", is_whole=False))
    assert (ids_in(chart), chart.unread) == (["other", "scan"], {"Procedure"})
