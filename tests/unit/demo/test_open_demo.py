"""A demo that outlives its command: it says when it is up, is closed by name, orphans nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STAYS = """
import sys, time
from pathlib import Path
from contextlib import suppress
import signal
from service.demo.open_demo import leave_open

def play(detach):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("told", flush=True)
    detach(Path(sys.argv[1]))
    with suppress(KeyboardInterrupt):
        time.sleep(60)
    Path(sys.argv[1]).write_text("ended in good order")

leave_open(play)
"""
FAILS = """
import sys
from service.demo.open_demo import leave_open
leave_open(lambda detach: sys.exit(4))
"""
CLOSES = "from service.demo.open_demo import close_open_demo; print(close_open_demo())"
STARTS_A_CHILD = """
import subprocess, time
from service.demo.last_will import last_will
with last_will():
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    time.sleep(1.2)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def runs(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs some lines as a command of an account with a temporary directory of its own."""

    def run(lines: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", lines, str(tmp_path / "log")],
            env=os.environ | {"TMPDIR": str(tmp_path)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


def test_the_command_returns_when_all_is_up_and_closing_ends_it(runs, tmp_path):
    told = runs(STAYS)
    assert (told.returncode, told.stdout) == (0, "told\n")

    assert runs(CLOSES).stdout == "True\n"
    assert (tmp_path / "log").read_text() == "ended in good order"
    assert runs(CLOSES).stdout == "False\n"


def test_a_second_one_ends_the_first(runs, tmp_path):
    runs(STAYS)
    runs(STAYS.replace("ended in good order", "the second"))
    assert (tmp_path / "log").read_text() == "ended in good order"

    runs(CLOSES)
    assert (tmp_path / "log").read_text() == "the second"


def test_a_story_that_fails_fails_the_command(runs):
    assert runs(FAILS).returncode == 4


def test_a_number_in_a_file_that_nobody_holds_is_not_believed(runs, tmp_path):
    with subprocess.Popen(["sleep", "30"]) as somebody:
        (tmp_path / f"boneflag-demo-{os.getuid()}.pid").write_text(str(somebody.pid))
        assert runs(CLOSES).stdout == "False\n"
        assert somebody.poll() is None
        somebody.kill()


@pytest.mark.heavy
def test_what_a_killed_demo_had_started_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_A_CHILD], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        child = int(demo.stdout.readline())
        demo.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 10
    while _is_running(child) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # Where nobody collects orphans, a dead one keeps its number.
