"""Signing in takes turns where the login server is the EHR's own, and only there."""

from __future__ import annotations

from datetime import UTC

import pytest

from service.ehr.errors import EHRNotAsked, EHRUnavailable
from service.ehr.pace import Pace
from service.ehr.politeness import Politeness
from service.ehr.turns import Breaker, LocalTurns
from tests.lib.login_server import LoginServer
from tests.lib.wire import answer

REFUSED = 401


@pytest.fixture
def server():
    return LoginServer()


@pytest.fixture
def turns():
    return LocalTurns(Breaker(failures=2))


@pytest.fixture
def politeness(turns):
    return Politeness(turns, Pace(1000.0, 0, None, UTC))


def client(server, politeness, **login):
    return server.client(server.auth(politeness=politeness, **login), politeness=politeness)


def test_discovery_and_token_count_beside_the_request(server, politeness):
    client(server, politeness).search("Patient", {})
    assert politeness.look().requests_today == 3


def test_a_request_that_is_repeated_with_a_new_token_counts_twice(server, politeness):
    refusals = iter([answer({}, REFUSED)])
    server.instead_of_chart = lambda _: next(refusals, None)
    client(server, politeness).search("Patient", {})
    assert politeness.look().requests_today == 5  # Discovery, two tokens, two searches.


def test_a_login_server_elsewhere_is_not_the_ehr(server, politeness):
    url = "https://login.example.org/oauth2/token"
    client(server, politeness, token_url=url).search("Patient", {})
    assert politeness.look().requests_today == 2  # Discovery is the EHR's own.


def test_a_login_server_that_asks_us_to_wait_holds_everybody_up(server, politeness):
    server.instead_of_token = lambda _: answer({}, 429, Retry_After="600")
    with pytest.raises(EHRUnavailable):
        client(server, politeness).search("Patient", {})
    assert politeness.look().asked_seconds == pytest.approx(600, abs=1)


def test_the_one_request_after_an_outage_may_sign_in(server, politeness, turns):
    ehr = client(server, politeness)
    politeness.answered(503, None)
    politeness.answered(503, None)
    turns._open_until = 0.0
    ehr.search("Patient", {})
    assert politeness.standstill() is None


def test_nothing_is_signed_while_it_is_paused(server):
    paused = Politeness(LocalTurns(), Pace(10.0, 0, None, UTC), is_paused=lambda: True)
    with pytest.raises(EHRNotAsked):
        client(server, paused).grant()
    assert server.requests == []
