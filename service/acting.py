"""Who works in this process: the account and the command, for the audit.

What a newcomer would get wrong: an account of the operating system is all that the command line
knows of the person before it. Where several people share one, the audit cannot tell them apart.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version

_COMMAND: ContextVar[str] = ContextVar("command", default="service")


@contextmanager
def acting_as(command: str) -> Iterator[None]:
    """Let everything that is opened inside be opened by this command, such as `boneflag explain`.

    The name of a command and nothing that was typed behind it: that may be a patient's id.
    """
    token = _COMMAND.set(command)
    try:
        yield
    finally:
        _COMMAND.reset(token)


def process() -> str:
    """The account and the command, as `ward: boneflag explain`."""
    return f"{_account()}: {_COMMAND.get()}"


def software() -> str:
    """Our name and version."""
    try:
        return f"BoneFlag {version('boneflag')}"
    except PackageNotFoundError:
        return "BoneFlag of unknown version"


def _account() -> str:
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # A container may run as a number without a name.
        return f"user {number}"
