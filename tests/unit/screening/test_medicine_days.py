"""The days of a group of medicines: put together, never added up."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.screening.medicine_days import Days, count_days, coverage_of, merged
from service.screening.record import MedicationUse, ResourceRef, When

ON = date(2026, 11, 22)


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(first: str, last: str) -> Days:
    return Days(day(first), day(last))


def use(
    number,
    kind="request",
    first=None,
    last=None,
    *,
    supplied=None,
    open_ended=False,
    based_on=(),
    counts=True,
) -> MedicationUse:
    """A record of one medicine; `first` and `last` are days, or a When."""
    start = first if isinstance(first, When) or first is None else When.day(day(first))
    names = {"request": "MedicationRequest", "dispense": "MedicationDispense"}
    names |= {"administration": "MedicationAdministration", "statement": "MedicationStatement"}
    return MedicationUse(
        ref=ResourceRef(names[kind], str(number)),
        kind=kind,
        concepts=frozenset({"antidepressant"}),
        name="",
        is_recognised_by_name=False,
        counts=counts,
        is_open_ended=open_ended,
        route="systemic",
        start=start,
        end=When.day(day(last)) if last else None,
        renewed=start,
        supplied_until=day(supplied) if supplied else None,
        based_on=based_on,
    )


def covered(*uses, reasons=None, lasting_days=1):
    return coverage_of(
        uses, ON, renewal_months=12, reasons=reasons or {}, lasting_days=lasting_days
    )


def test_stretches_that_overlap_or_touch_become_one():
    found = merged(
        [
            days("2026-03-01", "2026-03-10"),
            days("2026-03-05", "2026-03-08"),
            days("2026-03-11", "2026-03-12"),
        ]
    )
    assert found == [days("2026-03-01", "2026-03-12")]


def test_a_gap_is_bridged_up_to_its_length_and_not_beyond():
    parts = [days("2026-03-01", "2026-03-10"), days("2026-03-14", "2026-03-20")]
    assert merged(parts, 3) == [days("2026-03-01", "2026-03-20")]
    assert merged(parts, 2) == parts


def test_days_are_counted_once_and_only_between_the_two_days():
    parts = [days("2026-03-01", "2026-03-10"), days("2026-03-05", "2026-03-12")]
    assert count_days(parts, day("2026-03-03"), day("2026-03-11")) == 9


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), max_size=8))
def test_the_count_is_that_of_the_different_days(parts):
    stretches = [
        Days(ON - timedelta(days=back), ON - timedelta(days=back) + timedelta(days=length))
        for back, length in parts
    ]
    each = {
        d.first + timedelta(days=n) for d in stretches for n in range((d.last - d.first).days + 1)
    }
    since, until = ON - timedelta(days=300), ON
    assert count_days(stretches, since, until) == sum(since <= d <= until for d in each)


def test_nothing_lasts_beyond_the_day_of_judgement():
    coverage = covered(use(1, first="2026-11-01", last="2026-12-31"))
    assert coverage.days == [Days(day("2026-11-01"), ON)]


def test_what_begins_later_is_left_out():
    unclear = use(2, first="2026-11-23", counts=None)
    coverage = covered(use(1, first="2026-11-23", last="2026-12-31"), unclear)
    assert (coverage.days, coverage.unclear) == ([], ())


def test_a_dispense_renews_the_order_behind_it():
    order = use(1, first="2024-03-01", open_ended=True)
    dispense = use(2, "dispense", first="2026-10-01", supplied="2026-10-30", based_on=(order.ref,))
    assert merged(covered(order, dispense).days) == [Days(day("2024-03-01"), ON)]


def test_a_dispense_of_another_order_renews_nothing():
    order = use(1, first="2024-03-01", open_ended=True)
    other = (ResourceRef("MedicationRequest", "other"),)
    dispense = use(2, "dispense", first="2026-10-01", supplied="2026-10-30", based_on=other)
    coverage = covered(order, dispense)
    assert coverage.days == [days("2026-10-01", "2026-10-30")]
    assert [u.source for u in coverage.unclear] == [order.ref]


def test_an_order_renewed_itself_later_than_dispensed_stays_as_it_is():
    order = use(1, first="2026-10-01", open_ended=True)
    dispense = use(2, "dispense", first="2026-02-01", supplied="2026-02-28")
    found = merged(covered(order, dispense).days)
    assert found == [days("2026-02-01", "2026-02-28"), Days(day("2026-10-01"), ON)]


def test_what_a_linked_record_tells_is_not_unclear():
    order = use(1, first="2026-03-01")
    dispense = use(2, "dispense", first="2026-03-01", supplied="2026-03-30", based_on=(order.ref,))
    assert covered(order).unclear != ()
    assert covered(order, dispense).unclear == ()


def test_a_dispense_without_a_supply_is_told_by_its_order():
    order = use(1, first="2026-03-01", last="2026-03-30")
    dispense = use(2, "dispense", first="2026-03-01", based_on=(order.ref,))
    assert covered(order, dispense).unclear == ()


def test_a_reason_turns_every_day_into_a_doubt():
    order = use(1, first=When(day("2026-03-01"), day("2026-03-31")), last="2026-06-30")
    coverage = covered(order, reasons={order.ref: "as needed"})
    assert coverage.days == []
    assert merged(coverage.possible) == [days("2026-03-01", "2026-06-30")]


def test_what_has_no_date_may_have_been_taken_at_any_time():
    coverage = covered(use(1, counts=None))
    assert merged(coverage.possible) == [Days(date.min, ON)]


def test_an_injection_lasts_as_long_as_it_is_said_to():
    coverage = covered(use(1, "dispense", first="2026-03-01"), lasting_days=91)
    assert merged(coverage.days) == [days("2026-03-01", "2026-05-30")]
    assert coverage.unclear == ()


def test_an_injection_of_an_unknown_status_lasts_no_day_for_certain():
    coverage = covered(use(1, "dispense", first="2026-03-01", counts=None), lasting_days=91)
    assert coverage.days == []
    assert len(coverage.unclear) == 1


def test_an_injection_of_an_unknown_day_is_not_lengthened():
    month = When(day("2026-03-01"), day("2026-03-31"))
    coverage = covered(use(1, "dispense", first=month), lasting_days=91)
    assert coverage.days == []
    assert len(coverage.unclear) == 1


def test_the_order_of_records_changes_nothing():
    order = use(1, first="2024-03-01", open_ended=True)
    dispense = use(2, "dispense", first="2026-10-01", supplied="2026-10-30")
    there, back = covered(order, dispense), covered(dispense, order)
    assert sorted(there.days) == sorted(back.days)
