from __future__ import annotations

from .builders import NOW, begin, people


def counts_of(ledger, run):
    ledger.runs.start_delivery(run)
    ledger.runs.finish(run, NOW)
    return ledger.runs.get(run).counts


def test_a_run_counts_the_spare_alerts_that_it_saw(ledger):
    anna, bert = people(ledger, "anna", "bert")
    run = begin(ledger)

    ledger.duplicates.remember(anna, run, 2)
    ledger.duplicates.remember(bert, run, 1)

    assert counts_of(ledger, run)["duplicates found"] == 3


def test_spare_alerts_seen_twice_in_a_run_count_once(ledger):
    (anna,) = people(ledger, "anna")
    run = begin(ledger)

    for _ in range(2):
        ledger.duplicates.remember(anna, run, 2)

    assert counts_of(ledger, run)["duplicates found"] == 2


def test_a_run_that_saw_none_says_nothing_of_spare_alerts(ledger):
    (anna,) = people(ledger, "anna")
    ledger.duplicates.remember(anna, begin(ledger), 2)

    assert "duplicates found" not in counts_of(ledger, begin(ledger))
