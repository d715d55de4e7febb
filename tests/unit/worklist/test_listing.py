"""The worklist that is kept in memory: never older than the ledger."""

from dataclasses import replace
from datetime import UTC, date

import pytest

from service.store.screenings import Screenings
from service.worklist.listing import Listing
from tests.lib.patients import condition, dxa_done, edss, icd, ms, woman
from tests.spec.book import AT, TODAY

from .builders import judged, keep, leave, of_status
from .test_lines import AN_ALERT

CHART = (woman(born="1986-06-01"), ms())


@pytest.fixture
def reads(monkeypatch):
    """How many people's histories were read, look by look."""
    found, histories = [], Screenings.histories

    def counted(self, keys):
        found.append(len(keys))
        return histories(self, keys)

    monkeypatch.setattr(Screenings, "histories", counted)
    return found


def why(listing):
    return sorted((line.fhir_id, line.why) for line in listing.lines(24))


def test_what_was_found_is_read_once_and_then_only_of_those_with_news(ledger, reads):
    keep(ledger, "p1", judged(CHART))
    keep(ledger, "p2", judged(CHART))
    listing = Listing(ledger, UTC)
    assert why(listing) == why(listing) == [("p1", "data-gap"), ("p2", "data-gap")]
    keep(ledger, "p2", replace(of_status("snoozed"), at=AT))
    assert why(listing) == [("p1", "data-gap"), ("p2", "snoozed")]
    assert reads == [2, 1]


def test_a_night_on_which_nothing_changed_moves_the_day_of_judgement_and_reads_nothing(
    ledger, reads
):
    before = date(2026, 11, 20)
    entry = judged(CHART, on=before)
    keep(ledger, "p1", entry)
    listing = Listing(ledger, UTC)
    assert [line.judged_on for line in listing.lines(24)] == [before]
    keep(ledger, "p1", replace(entry, on=TODAY, at=AT))
    assert [(line.judged_on, line.since) for line in listing.lines(24)] == [(TODAY, before)]
    assert sum(reads) == 1


def test_a_fracture_grows_old_while_nothing_else_changes(ledger):
    chart = (woman(born="1976-06-01"), ms(), edss(2.0, on="2026-03-01"))
    scan, fracture = dxa_done(on="2026-01-01"), condition(icd("S72.001A"), onset="2024-11-22")
    entry = judged(chart, fracture, scan)
    keep(ledger, "p1", entry)
    listing = Listing(ledger, UTC)
    assert [line.priority for line in listing.lines(24)] == ["urgent"]
    keep(ledger, "p1", replace(entry, on=date(2026, 11, 23), at=AT))
    assert [line.priority for line in listing.lines(24)] == ["routine"]


def test_an_alert_that_opens_and_somebody_who_leaves_show_at_the_next_look(ledger):
    key = keep(ledger, "p1", of_status("not-in-cohort"))
    listing = Listing(ledger, UTC)
    assert why(listing) == []
    ledger.alerts.remember(key, AN_ALERT, AT)
    assert why(listing) == [("p1", "alert-without-ms")]
    keep(ledger, "p2", judged(CHART))
    leave(ledger)
    assert why(listing) == [("p1", "alert-without-ms")]


def test_whose_chart_has_a_risk_factor_is_found_by_its_number(ledger):
    keep(ledger, "p1", judged(CHART, edss(6.5, on="2026-03-01")))
    (line,) = Listing(ledger, UTC).lines(24)
    assert line.why == "due"
    assert line.met
    assert all(f"({number})" in line.look_at for number in line.met)
