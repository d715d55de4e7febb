"""The export under way, as the ledger keeps it."""

from datetime import timedelta

import pytest

from .builders import MINUTE, NOW, begin


@pytest.fixture
def run_id(ledger):
    return begin(ledger, [])


@pytest.fixture
def job(ledger, run_id):
    ledger.bulk_jobs.open(run_id, NOW)
    return ledger.bulk_jobs.current()


def test_without_an_export_there_is_no_job(ledger):
    assert ledger.bulk_jobs.current() is None


def test_a_second_job_is_not_opened_while_one_is_open(ledger, run_id):
    assert ledger.bulk_jobs.open(run_id, NOW)
    assert not ledger.bulk_jobs.open(run_id, NOW)


def test_a_closed_job_makes_room_for_the_next(ledger, run_id, job):
    ledger.bulk_jobs.close(job.id)
    assert ledger.bulk_jobs.current() is None
    assert ledger.bulk_jobs.open(run_id, NOW)
    assert ledger.bulk_jobs.current().id != job.id


def test_a_job_is_held_by_one_process_at_a_time(ledger, job):
    assert ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)
    assert not ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)


def test_a_job_that_its_process_let_go_can_be_held_again(ledger, job):
    ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)
    ledger.bulk_jobs.let_go(job.id)
    assert ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)


@pytest.mark.parametrize(("seconds", "is_free"), [(59, False), (60, True), (61, True)])
def test_the_job_of_a_process_that_died_is_free_when_its_time_is_over(
    ledger, job, seconds, is_free
):
    ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)
    later = NOW + timedelta(seconds=seconds)
    assert ledger.bulk_jobs.hold(job.id, later, later + MINUTE) is is_free


def test_a_job_that_is_kept_is_not_free_when_its_first_time_is_over(ledger, job):
    ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)
    ledger.bulk_jobs.keep(job.id, NOW + 3 * MINUTE)
    assert not ledger.bulk_jobs.hold(job.id, NOW + 2 * MINUTE, NOW + 4 * MINUTE)


def test_the_status_url_is_there_for_the_next_process(ledger, job):
    ledger.bulk_jobs.store_kick_off(job.id, "https://ehr/status/1", NOW, NOW + MINUTE)
    found = ledger.bulk_jobs.current()
    assert (found.status_url, found.asked_at, found.not_before) == (
        "https://ehr/status/1",
        NOW,
        NOW + MINUTE,
    )


def test_the_status_url_is_forgotten_when_the_job_is_over(ledger, url, job):
    import sqlalchemy as sa

    from service.store.database import Database

    ledger.bulk_jobs.store_kick_off(job.id, "https://ehr/status/1", NOW, NOW)
    ledger.bulk_jobs.close(job.id)
    store = Database(url)
    with store.reading() as connection:
        kept = connection.scalars(sa.text("SELECT status_url FROM bulk_jobs")).all()
    store.close()
    assert kept == [""]


def test_failures_are_counted_until_something_works(ledger, job):
    ledger.bulk_jobs.store_failure(job.id, NOW)
    ledger.bulk_jobs.store_failure(job.id, NOW)
    assert ledger.bulk_jobs.current().failures == 2
    ledger.bulk_jobs.store_running(job.id, NOW)
    assert ledger.bulk_jobs.current().failures == 0


def test_an_export_that_begins_again_knows_that_it_did_and_nothing_of_the_first(ledger, job):
    ledger.bulk_jobs.store_kick_off(job.id, "https://ehr/status/1", NOW, NOW)
    ledger.bulk_jobs.store_ready(job.id, NOW)
    ledger.bulk_jobs.restart(job.id, NOW)
    found = ledger.bulk_jobs.current()
    assert (found.status_url, found.transaction_time, found.restarts) == ("", None, 1)


def test_a_closed_job_is_not_changed_any_more(ledger, job):
    ledger.bulk_jobs.close(job.id)
    assert not ledger.bulk_jobs.hold(job.id, NOW, NOW + MINUTE)
