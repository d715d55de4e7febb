"""`POST /notices`: who may tell, that nobody waits, and what becomes of a notice that is lost."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

import httpx
import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway
from starlette.applications import Starlette

from service.notice import SOMEBODY_CHANGED
from service.queue import QueueUnavailable
from service.settings import Settings
from service.subscribing import SECRET_HEADER
from service.web.app import wanted_routes
from service.web.notices import MOST_BYTES, notice_routes

SECRET = "between us"
SHOWN = {SECRET_HEADER: SECRET}


def signed(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def taken():
    return []


@pytest.fixture
def send(taken):
    def send(headers, body=b"", path="/notices", method="POST", take=taken.append):
        async def ask():
            transport = httpx.ASGITransport(Starlette(routes=notice_routes(SECRET, take)))
            async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
                return await client.request(method, path, headers=headers, content=body)

        return asyncio.run(ask())

    return send


def test_a_notice_with_the_secret_is_taken_and_answered(send, taken):
    assert send(SHOWN).status_code == 200
    assert taken == [SOMEBODY_CHANGED]


@pytest.mark.parametrize("header", ["X-Hub-Signature", "X-Hub-Signature-256"])
def test_a_notice_that_is_signed_is_taken(send, taken, header):
    assert send({header: signed(b"{}")}, b"{}").status_code == 200
    assert len(taken) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SECRET_HEADER: "another"},
        {SECRET_HEADER: ""},
        {SECRET_HEADER: "another", "X-Hub-Signature": signed(b"{}")},
        {"Authorization": f"Bearer {SECRET}"},
        {"X-Hub-Signature": signed(b"{} ")},
        {"X-Hub-Signature": signed(b"{}", "another")},
        {"X-Hub-Signature": signed(b"{}").removeprefix("sha256=")},
        {"X-Hub-Signature": "sha256="},
    ],
)
def test_whoever_cannot_show_the_secret_is_refused_without_a_word(send, taken, headers):
    answer = send(headers, b"{}")
    assert (answer.status_code, answer.content, taken) == (401, b"", [])


def test_r4_sends_the_resource_to_an_address_below_and_only_that_it_came_is_taken(send, taken):
    body = b'{"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}'
    assert send(SHOWN, body, "/notices/Condition/c1", "PUT").status_code == 200
    assert taken == [SOMEBODY_CHANGED]


def test_a_notice_that_is_too_long_is_taken_unread(send, taken):
    assert send(SHOWN, b"x" * (MOST_BYTES + 1)).status_code == 200
    assert taken == [SOMEBODY_CHANGED]


def test_a_notice_that_is_too_long_cannot_be_signed(send, taken):
    body = b"x" * (MOST_BYTES + 1)
    assert send({"X-Hub-Signature": signed(body)}, body).status_code == 401
    assert taken == []


@pytest.mark.parametrize("error", [RedisAway(), QueueUnavailable("away"), OSError()])
def test_a_notice_that_cannot_be_noted_is_to_come_again(send, error):
    def away(_):
        raise error

    answer = send(SHOWN, take=away)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_it_cannot_be_looked_at(send):
    assert send(SHOWN, method="GET").status_code == 405


def test_without_a_secret_in_the_settings_there_is_no_such_page():
    assert wanted_routes(Settings(_secrets_dir=None)) == []


def test_the_web_door_takes_notices_while_redis_is_away(tmp_path):
    settings = Settings(
        _secrets_dir=None,
        notice_secret=SecretStr(SECRET),
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
        database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
    )

    async def ask():
        transport = httpx.ASGITransport(Starlette(routes=wanted_routes(settings)))
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
            return await client.post("/notices", headers=SHOWN)

    assert asyncio.run(ask()).status_code == 503
