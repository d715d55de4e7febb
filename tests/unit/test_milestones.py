"""The days of an episode: which judgement brings which of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from service.ehr.parse import RecordParser
from service.milestones import reached
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.assess import Assessment, assess
from service.screening.protocol import packaged_protocol
from service.screening.record import Decision, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import Milestone
from tests.lib.any_chart import AnyChart

VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
PARSER = RecordParser(VOCABULARY)
FIRST = date(2026, 3, 1)
LATER = date(2026, 5, 1)
SCREENING, GAP = AlertKind.SCREENING, AlertKind.TREATMENT_GAP
DUE = Milestone(SCREENING, FIRST, "due", FIRST)
TASK = ResourceRef("Task", "t1")


def a_chart(born: date = date(1990, 6, 1), **facts: Any) -> AnyChart:
    """Somebody with MS and EDSS 6.5 since the first day."""
    return AnyChart("anna", born, [(1, FIRST, 6.5)], **facts)


def judged(chart: AnyChart, on: date) -> Assessment:
    by_type: dict[str, list[Any]] = {}
    for resource in chart.resources():
        by_type.setdefault(resource["resourceType"], []).append(resource)
    return assess(PARSER.record(chart.id, by_type, unread=chart.unread), PROTOCOL, on)


def brought(
    chart: AnyChart, on: date, *before: Milestone, posted: Any = (), said: Any = ()
) -> list[tuple[str, str, date]]:
    found = reached(judged(chart, on), posted, said, before)
    return [(str(m.kind), m.what, m.on) for m in found]


def posted(status: str, state: AlertState = AlertState.ACTIVE) -> tuple[PostedAlert, ...]:
    task = PostedResource(TASK, status, "2")
    return (PostedAlert("key", SCREENING, 1, state, FIRST, "digest", None, task),)


def test_an_episode_begins_on_the_day_on_which_somebody_is_first_due() -> None:
    assert brought(a_chart(), FIRST) == [(SCREENING, "due", FIRST)]


def test_whoever_is_still_due_begins_no_second_episode() -> None:
    assert brought(a_chart(), LATER, DUE) == []


def test_a_task_that_waits_untouched_was_not_seen() -> None:
    assert brought(a_chart(), LATER, DUE, posted=posted("requested")) == []


def test_a_task_that_somebody_accepted_was_seen_on_the_day_of_our_look() -> None:
    found = brought(a_chart(), LATER, DUE, posted=posted("accepted"))
    assert found == [(SCREENING, "seen", LATER)]


def test_a_decision_was_seen_on_its_own_day() -> None:
    on = date(2026, 4, 2)
    said = Decision("snoozed", on, date(2027, 4, 2), "Task rejected", TASK, about=SCREENING)
    assert (SCREENING, "seen", on) in brought(a_chart(), LATER, DUE, said=[said])


def test_an_order_counts_on_its_own_day() -> None:
    on = date(2026, 4, 2)
    assert brought(a_chart(orders=[(2, on)]), LATER, DUE) == [(SCREENING, "ordered", on)]


def test_an_order_from_before_the_episode_is_none_of_its_days() -> None:
    order = (2, date(2026, 2, 28))
    assert brought(a_chart(orders=[order]), LATER, DUE) == []


def test_a_scan_is_done_on_its_own_day_and_says_which_resource_tells_it() -> None:
    on = date(2026, 4, 2)
    found = reached(judged(a_chart(scans=[(2, on, -0.5)]), LATER), (), (), [DUE])
    (done,) = [m for m in found if m.what == "done"]
    assert (done.on, done.source) == (on, ResourceRef("Observation", "anna-2"))


def test_a_low_score_without_treatment_begins_an_episode_of_its_own() -> None:
    chart = a_chart(date(1970, 6, 1), scans=[(2, date(2026, 4, 2), -2.7)])
    assert (GAP, "due", LATER) in brought(chart, LATER, DUE)


def test_a_therapy_ends_the_episode_of_a_low_score_as_treated() -> None:
    chart = a_chart(date(1970, 6, 1), scans=[(2, date(2026, 4, 2), -2.7)])
    chart.therapies.append((3, date(2026, 5, 20)))
    gap = Milestone(GAP, LATER, "due", LATER)
    on = date(2026, 6, 1)
    assert (GAP, "treated", on) in brought(chart, on, DUE, gap)


def test_a_gap_that_went_without_a_scan_is_ended() -> None:
    chart = a_chart(is_dead=True)
    assert (SCREENING, "ended", LATER) in brought(chart, LATER, DUE)


def test_what_could_not_be_read_ends_no_episode() -> None:
    chart = a_chart(unread=frozenset({"Condition"}))
    assert brought(chart, LATER, DUE) == []


def test_somebody_due_again_after_the_end_begins_a_new_episode() -> None:
    ended = Milestone(SCREENING, FIRST, "ended", date(2026, 4, 1))
    assert brought(a_chart(), LATER, DUE, ended) == [(SCREENING, "due", LATER)]
