"""What the tests of all pages begin with: one Redis for them all, an empty ledger for each."""

import pytest

from tests.lib.fresh_ledger import fresh_ledger
from tests.lib.redis_server import running_redis


@pytest.fixture(scope="session")
def redis_url():
    with running_redis() as url:
        yield url


@pytest.fixture
def ledger(tmp_path):
    with fresh_ledger(tmp_path) as ledger:
        yield ledger
