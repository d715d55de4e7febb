"""A demo that stays open when its command has ended, and how it is closed.

A newcomer would get three things wrong. The file names a process, and a number alone says nothing:
it is believed only while somebody holds a lock on the file, which ends with whoever holds it. The
command returns when the child says so and not before, so that a story that fails fails the command.
And a child whose command is gone before it was told so ends: nobody would know its address.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_LONGEST_CLOSING_SECONDS = 45.0
Detach = Callable[[Path], None]
"""Tells the command that all is up; from now on what is printed goes to this file."""


class DemoNotClosed(Exception):
    """It was asked to end and did not: the message names its process."""


def leave_open(play: Callable[[Detach], None]) -> None:
    """Run `play` in a process of its own session until it detaches; return when it has.

    SystemExit with its exit code where it ends before. Only in the child, `play` returns here.
    """
    told, telling = os.pipe()
    sys.stdout.flush()
    # Whoever ends the command while the story is told ends the story, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    child = os.fork()
    if child == 0:
        os.close(told)
        os.setsid()
        _claim()
        play(lambda log: _detach(telling, log))
        return
    os.close(telling)
    _follow(child, told)


def close_open_demo() -> bool:
    """End the demo that was left open, False where there is none."""
    lock = _open_lock_file()
    try:
        return _close(lock)
    finally:
        os.close(lock)


def _follow(child: int, told: int) -> None:
    """Wait until the child says that it is up; a signal to us is for both."""
    try:
        is_up = bool(os.read(told, 1))
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(told)
    if not is_up:
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _detach(telling: int, log: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    with log.open("ab") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.write(telling, b"1")  # BrokenPipeError where nobody reads it any more.
    os.close(telling)


def _claim() -> None:
    """Be the one that `--close` ends; one that was open before is closed.

    The lock is held to the very end of this process: whoever closes it waits for that.
    """
    lock = _open_lock_file()
    _close(lock)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _open_lock_file() -> int:
    """The file of this account in the temporary directory, never one that somebody else made."""
    path = Path(tempfile.gettempdir()) / f"boneflag-demo-{os.getuid()}.pid"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(lock).st_uid != os.getuid():
        os.close(lock)
        raise DemoNotClosed(f"{path} belongs to another account: remove it, or set TMPDIR")
    return lock


def _close(lock: int) -> bool:
    """End whoever holds the lock, and hold it; False where nobody did."""
    give_up = time.monotonic() + _LONGEST_CLOSING_SECONDS
    asked = 0
    while not _is_ours(lock):
        process = int(os.pread(lock, 20, 0) or b"0")
        if process and process != asked:
            asked = process
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        if time.monotonic() > give_up:
            raise DemoNotClosed(f"the demo is still open: end process {process}")
        time.sleep(0.1)
    return bool(asked)


def _is_ours(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
