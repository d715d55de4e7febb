"""A clinical lead tries a change on a page, and the worker reads the real server for the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from pydantic import SecretStr

from service.demo_ehr.story import ordinary
from service.simulate.asked import carry_out
from service.web.access.visitor import Role
from service.wiring import simulations_for
from tests.lib.demo_site import fine
from tests.lib.pages import browsing
from tests.lib.redis_server import running_redis
from workers.site import simulation_asked_for

NINE = 9


def edss_of_five(chart):
    """Somebody whom a threshold of 5.0 reaches and one of 6.0 does not."""
    ordinary(chart, "male", 44, edss=5.0)


@pytest.fixture
def site(ward):
    """The ward's pages and what its worker would do, in live mode: nothing may be written."""
    with running_redis() as url:
        settings = ward.settings(mode="live").model_copy(update={"redis_url": SecretStr(url)})
        with ward.ledger() as ledger, browsing(settings, ledger, url) as browser:
            browser.signs_in(Role.CLINICAL_LEAD)
            yield browser, settings


def work(browser, settings):
    """What the worker's task does with the newest question."""
    simulations = simulations_for(settings)
    number = simulations.newest(datetime.now(UTC)).number
    carry_out(simulations, number, partial(simulation_asked_for, settings, browser.desk.ledger()))


def test_a_lower_threshold_is_answered_from_the_ehr_and_nothing_is_written(ward, site):
    browser, settings = site
    ward.admit_all([*[edss_of_five] * NINE, fine])

    browser.sends(
        "/protocol/change", act="simulate", **{"criteria.MSO-02.numbers.edss_at_least": "5"}
    )
    work(browser, settings)

    text = browser.reads("/protocol/simulation?slots=3")
    assert "<b>10</b><span>newly due</span>" in text
    assert "EDSS 6.0 or more" in text
    assert "after 4 months" in text  # Ten of them, as far as the page can tell.
    writes = [r for r in ward.proxy.requests if r.method not in ("GET", "HEAD")]
    assert [r.path for r in writes if not r.path.endswith("_search")] == []


def test_a_pause_that_comes_before_the_worker_ends_it_with_a_sentence(ward, site):
    browser, settings = site
    ward.admit(fine)
    browser.sends("/protocol/change", act="simulate")
    browser.desk.ledger().switches.pause("EHR upgrade", datetime.now(UTC))
    work(browser, settings)
    assert "It ended without an answer. BoneFlag is paused" in browser.reads("/protocol/simulation")
