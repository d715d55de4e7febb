"""Running two protocols on a cohort: whose fault costs whom, and who is read at all."""

from datetime import date

import pytest

from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRUnavailable
from service.screening.protocol import packaged_protocol
from service.simulate.run import Bench, sample_of, simulate
from service.simulate.variant import TwoReadings, Variant, Variants
from service.store.errors import StoreUnavailable
from service.store.ledger import Ledger
from tests.lib.small_line import VOCABULARY, NoAlerts, SmallEHR
from tests.lib.wire import Wire

ON = date(2026, 11, 22)
VARIANT = Variant(packaged_protocol(VOCABULARY), VOCABULARY)


class Breaking(TwoReadings):
    """A parser that breaks on one person's chart."""

    def __init__(self, breaks_on, error=ZeroDivisionError):
        super().__init__(VOCABULARY, None)
        self._breaks_on = breaks_on
        self._error = error

    def __call__(self, patient_id, *chart):
        if patient_id == self._breaks_on:
            raise self._error
        return super().__call__(patient_id, *chart)


class TimeIsOver(Exception):
    """What a door raises in the middle of work."""


class Cancelling(list):
    """Progress that nobody wants any more."""

    def append(self, _):
        raise TimeIsOver


class Hospital:
    """Three people on a fake wire, an SQLite ledger, and what was told."""

    def __init__(self, directory):
        self.ehr = SmallEHR()
        self.ledger = Ledger(f"sqlite:///{directory / 'ledger.sqlite3'}", attempts_in_a_run=5)
        self.ledger.migrate()
        self.parser = TwoReadings(VOCABULARY, None)
        self.told = []
        self.progress = []

    def simulate(self, sample=None, stops_for=()):
        connection = EHRConnection(
            Wire(self.ehr).client(),
            VOCABULARY,
            self.parser,
            cohort_sources=[CohortSource("test", self.ehr.cohort)],
            open_reading=lambda _: NoAlerts(),
        )
        return simulate(
            Bench(connection, self.parser, self.ledger, "test", 2, stops_for),
            Variants(VARIANT, VARIANT),
            ON,
            sample=sample,
            tell=self.told.append,
            progress=lambda done, total: self.progress.append((done, total)),
        )


@pytest.fixture
def hospital(tmp_path):
    hospital = Hospital(tmp_path)
    yield hospital
    hospital.ledger.close()


def test_everybody_is_judged_by_both_and_told_of(hospital):
    found = hospital.simulate()
    assert (found.cohort, found.chosen, found.judged, found.failed) == (3, 3, 3, 0)
    assert [one.patient_id for one in hospital.told] == ["p1", "p2", "p3"]


def test_progress_comes_batch_by_batch(hospital):
    hospital.simulate()
    assert hospital.progress == [(0, 3), (2, 3), (3, 3)]


def test_who_cancels_while_the_cohort_is_searched_for_has_no_chart_read(hospital):
    hospital.progress = Cancelling()
    with pytest.raises(TimeIsOver):
        hospital.simulate()
    assert list(hospital.ledger.audit.rows()) == []


def test_a_chart_that_cannot_be_judged_costs_its_own_person_alone(hospital):
    hospital.parser = Breaking("p1")
    found = hospital.simulate()
    assert (found.judged, found.failed) == (2, 1)
    assert [one.patient_id for one in hospital.told] == ["p2", "p3"]


def test_a_time_limit_ends_the_simulation_and_is_no_charts_fault(hospital):
    hospital.parser = Breaking("p1", TimeIsOver)
    with pytest.raises(TimeIsOver):
        hospital.simulate(stops_for=(TimeIsOver,))
    assert hospital.told == []


def test_an_ehr_that_is_away_ends_the_simulation(hospital):
    hospital.ehr.is_down = True
    with pytest.raises(EHRUnavailable):
        hospital.simulate()


def test_a_ledger_that_is_away_ends_the_simulation(hospital, monkeypatch):
    def gone(_):
        raise StoreUnavailable("away")

    monkeypatch.setattr(hospital.ledger.decisions, "of", gone)
    with pytest.raises(StoreUnavailable):
        hospital.simulate()


def test_a_cohort_that_was_cut_short_is_said_to_be(hospital):
    hospital.ehr.is_complete = False
    assert hospital.simulate().is_cohort_complete is False


def test_the_ledger_is_told_only_who_was_read(hospital):
    hospital.simulate()
    counts = hospital.ledger.report.counts()
    assert (counts.in_cohort, counts.statuses, counts.plans) == (0, {}, {})
    rows = list(hospital.ledger.audit.rows())
    assert {(row.what, row.reason) for row in rows} == {("read", "simulate")}
    assert len({row.patient_key for row in rows}) == 3


def test_a_sample_reads_so_many_people_and_scales_to_the_cohort(hospital):
    found = hospital.simulate(sample=2)
    assert (found.cohort, found.chosen, found.judged, found.scale) == (3, 2, 2, 1.5)


def test_a_sample_is_the_same_each_time_in_whatever_order_the_ids_come():
    ids = [f"p{n}" for n in range(100)]
    assert sample_of(ids, 10) == sample_of(ids[::-1], 10)
    assert len(set(sample_of(ids, 10))) == 10


def test_a_larger_sample_holds_the_smaller_one():
    ids = [f"p{n}" for n in range(100)]
    assert sample_of(ids, 20)[:10] == sample_of(ids, 10)


@pytest.mark.parametrize("number", [None, 3, 4])
def test_a_sample_of_everybody_is_everybody(number):
    assert sample_of(["a", "b", "c"], number) == ["a", "b", "c"]
