"""The real command line in this process, with settings of its own and everything it said caught."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from typer.testing import CliRunner

from service import cli
from service.settings import PREFIX, load_settings


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended. `sentences` are for the operator; `output` is all, logs too."""

    code: int
    sentences: tuple[str, ...]
    output: str


def boneflag(*words: str, **settings: str) -> Said:
    """Run a command with exactly these settings, named in lower case and without the prefix."""
    given = {PREFIX + name.upper(): value for name, value in settings.items()}
    with _only(given), _own_logs():
        result = CliRunner().invoke(cli.app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    told = [line for line in result.stderr.splitlines() if line.startswith("boneflag: ")]
    return Said(result.exit_code, tuple(told), result.output)


@contextmanager
def _only(variables: Mapping[str, str]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    for name in kept:
        del os.environ[name]
    os.environ.update(variables)
    load_settings.cache_clear()
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(kept)
        load_settings.cache_clear()


@contextmanager
def _own_logs() -> Iterator[None]:
    """A command points the logs at a standard error that is closed after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configuration = structlog.get_config()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configuration)
