"""What may be watched: names, labels and what never stands in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.ehr.turns import Look
from service.gauges import METRICS, gauges_of_ledger, gauges_of_redis
from service.store.tallies import Tally

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
REVIEW = "ms-bone-health-review"
EMPTY = Tally(
    people={},
    known=0,
    in_cohort=0,
    waiting=0,
    given_up=0,
    oldest_waiting=None,
    alerts={},
    closed={},
    decisions={},
    plans={},
    plans_given_up=0,
    plans_unknown=0,
    oldest_open_plan=None,
    runs={},
    runs_held=0,
    finished={},
    judged_last=None,
    watermarks={},
    duplicates=0,
    approval_stage="none",
    is_paused=False,
    is_cohort_held=False,
    open_withdrawals=0,
    audit_head=0,
    audit_kept=0,
)


def values(tally, codes=frozenset(), *, is_live=False):
    told = gauges_of_ledger(tally, is_live=is_live, codes=codes)
    return {(gauge.name, *gauge.labels): gauge.value for gauge in told}


def test_every_value_is_of_a_metric_that_is_declared_with_as_many_labels():
    full = replace(
        EMPTY,
        oldest_waiting=NOW,
        oldest_open_plan=NOW,
        finished={"sweep": NOW},
        judged_last=NOW,
        watermarks={"changes": NOW},
        closed={(REVIEW, "satisfied"): 1},
        decisions={("declined", ""): 1},
    )
    declared = {metric.name: len(metric.labels) for metric in METRICS}
    told = [
        *gauges_of_ledger(full, is_live=True, codes=frozenset()),
        *gauges_of_redis(Look(0, 0, False, 0), 0, {"find": 0}),
    ]
    assert {gauge.name: len(gauge.labels) for gauge in told} == {
        name: number for name, number in declared.items() if name != "boneflag_source_up"
    }


def test_a_status_that_nobody_has_is_zero():
    assert values(EMPTY)["boneflag_people", "due"] == 0


def test_what_never_happened_is_left_out():
    assert not [name for name, *_ in values(EMPTY) if name.endswith("timestamp_seconds")]


def test_a_planned_alert_was_not_opened():
    told = values(replace(EMPTY, alerts={(REVIEW, "planned"): 4, (REVIEW, "closed"): 2}))
    assert told["boneflag_alerts_opened", REVIEW] == 2


@pytest.mark.parametrize(
    ("code", "told"), [("limited-time", "limited-time"), ("", "none"), ("Jane Doe", "other")]
)
def test_a_code_that_the_protocol_does_not_know_is_other(code, told):
    tally = replace(EMPTY, decisions={("declined", code): 3})
    assert values(tally, frozenset({"limited-time"}))["boneflag_decisions", "declined", told] == 3


def test_two_unknown_codes_are_added_up():
    tally = replace(EMPTY, decisions={("declined", "a"): 3, ("declined", "b"): 4})
    assert values(tally)["boneflag_decisions", "declined", "other"] == 7


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("another alert of this kind stood beside it", "spare"),
        ("withdrawn by the hospital", "withdrawn-by-hospital"),
        ("satisfied", "satisfied"),
    ],
)
def test_a_closing_is_told_in_one_word(reason, told):
    assert (
        values(replace(EMPTY, closed={(REVIEW, reason): 1}))["boneflag_alerts_closed", REVIEW, told]
        == 1
    )


def test_exactly_one_stage_of_approval_holds():
    told = values(replace(EMPTY, approval_stage="canary"))
    stages = {labels[0]: value for (name, *labels), value in told.items() if name.endswith("stage")}
    assert stages == {"none": 0, "canary": 1, "full": 0}


def test_an_instant_is_told_in_seconds_since_1970():
    told = values(replace(EMPTY, judged_last=NOW))
    assert told["boneflag_last_screened_timestamp_seconds",] == NOW.timestamp()
