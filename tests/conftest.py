"""For all tests: our own servers need no sparing. What tests the limits sets them itself."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("BONEFLAG_EHR_REQUESTS_PER_SECOND", "1000")


@pytest.fixture(scope="session", autouse=True)
def _new_ledgers_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from service.store import ledger
    from tests.lib.copied_ledgers import copying

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "migrate", copying(tmp_path_factory.mktemp("ledger")))
        yield
