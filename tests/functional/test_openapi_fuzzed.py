"""What our OpenAPI file promises, tried by schemathesis on a real server, with a signed token each.

It tries the same requests in every run: what it finds, it finds again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from tests.lib.card_world import KEY, CardWorld, card_world
from tests.lib.patients import edss, ms, woman
from tests.lib.redis_server import free_port
from tests.lib.source_tree import HOME

pytestmark = pytest.mark.heavy

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
# 412 is the right answer about somebody of whom nothing is known and nothing came.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["200", "204", "412"]
"""
COMMAND = "--phases examples,coverage,fuzzing,stateful --checks all --max-examples 40"


@contextmanager
def served(world: CardWorld) -> Iterator[str]:
    """The address of a real server."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.web, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def test_schemathesis_finds_no_failure(tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG, "utf-8")
    with card_world(tmp_path) as world:
        world.judge(*ANNA, patient="example")
        with served(world) as url:
            found = _schemathesis(tmp_path, f"{url}/openapi.json")
        shown = [row for row in world.ledger.audit.rows() if row.reason == "shown"]
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    # It got past the door, to where cards are made.
    assert shown


def _schemathesis(folder, location):
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.lib.signed_requests",
        "SIGNING_KEY": KEY.pem.decode(),
        "PYTHONPATH": str(HOME),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file"]
    command += [str(folder / "schemathesis.toml"), "run", *COMMAND.split()]
    command += ["--generation-deterministic", "--no-color", location]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300
    )
