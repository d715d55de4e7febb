"""What becomes of the servers of a demo that is killed: they are ended, for nobody else would.

A newcomer would get one thing wrong: this is not how a demo ends, but what is left when it could
not. It works where Linux lists the children of a process; elsewhere nothing is done.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOK_SECONDS = 0.5


@contextmanager
def last_will() -> Iterator[None]:
    """As long as the block: if this process is killed, its children and their groups are, too."""
    watched = os.getpid()
    ours, theirs = os.pipe()
    watcher = os.fork()
    if watcher == 0:
        try:
            os.close(theirs)
            os.setsid()
            _let_go_of_the_terminal()
            _watch(watched, ours)
        finally:
            os._exit(0)
    os.close(ours)
    try:
        yield
    finally:
        os.write(theirs, b"ended in good order")
        os.close(theirs)
        os.waitpid(watcher, 0)


def _watch(process: int, pipe: int) -> None:
    children: set[int] = set()
    while not select.select([pipe], [], [], _LOOK_SECONDS)[0]:
        children = _children_of(process) or children
    if os.read(pipe, 1):
        return
    for child in children - {os.getpid()}:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)  # Workers and the web door lead groups of their own.


def _children_of(process: int) -> set[int]:
    found: set[int] = set()
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found |= {int(number) for number in thread.read_text().split()}
    return found


def _let_go_of_the_terminal() -> None:
    """Whoever reads what the command prints waits for its end, and that must not be ours."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for sign in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sign, signal.SIG_IGN)
