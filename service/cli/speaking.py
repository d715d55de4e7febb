"""How every command speaks: an operator's mistake gives one clear sentence and an exit code.

The codes go by kind, and there is never a traceback: 2 settings or input, 3 EHR unavailable, 4 EHR
refused, 5 EHR rejected or not understood, 6 store or queue.
"""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import typer

from service.acting import acting_as
from service.settings import Settings, SettingsInvalid, load_settings

EXIT_DIFFERS = 1
"""A check that found an error, a case that came out otherwise than expected."""
EXIT_SETTINGS, EXIT_UNAVAILABLE, EXIT_REFUSED, EXIT_REJECTED, EXIT_STORE = 2, 3, 4, 5, 6
_SPOOL = "service.ehr.bulk.spool"
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM = (
    "there is no room for what this command writes ({}): make room on the disk where its output"
    " goes, and run it again"
)
P = ParamSpec("P")
R = TypeVar("R")


class Stop(Exception):
    """Ends a command with a sentence for the operator and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that an operator can act on into one sentence and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with acting_as(f"boneflag {command.__name__}"):
                return command(*args, **kwargs)
        except Exception as error:
            code = exit_code(error)
            if code is None:
                raise
            said = _NO_ROOM.format(error.strerror) if isinstance(error, OSError) else error
            typer.echo(f"boneflag: {said}", err=True)
            raise typer.Exit(code) from None

    return wrapped


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that speaks to the operator; None for a fault of ours."""
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, SettingsInvalid) or _is_about_the_protocol(error):
        return EXIT_SETTINGS
    if isinstance(error, OSError) and error.errno in _FULL:
        return EXIT_STORE
    room = type(error).__module__
    if room.startswith(("service.store", "service.queue", "service.working", _SPOOL)):
        return EXIT_STORE
    if room.startswith("service.ehr"):
        return _ehr_code(error)
    if room.startswith("service.demo"):
        return EXIT_SETTINGS
    return None


def _is_about_the_protocol(error: Exception) -> bool:
    from service.protocol_bench.cases import CasesInvalid
    from service.screening.protocol import ProtocolInvalid

    return isinstance(error, ProtocolInvalid | CasesInvalid)


def _ehr_code(error: Exception) -> int:
    from service.ehr.bundle_file import BundleUnreadable
    from service.ehr.errors import EHRRefused, EHRUnavailable, EHRUnsuitable

    if isinstance(error, BundleUnreadable | EHRUnsuitable):
        return EXIT_SETTINGS
    if isinstance(error, EHRUnavailable):
        return EXIT_UNAVAILABLE
    return EXIT_REFUSED if isinstance(error, EHRRefused) else EXIT_REJECTED


def start() -> Settings:
    """Settings and logs for a command."""
    from service.logs import configure_logs

    settings = load_settings()
    configure_logs(
        "WARNING" if settings.log_level == "INFO" else settings.log_level,
        as_json=not sys.stderr.isatty(),
    )
    return settings


def day_of(text: str | None, settings: Settings) -> date:
    from service.wiring import today_for

    if text is None:
        return today_for(settings)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Stop(f"--on {text!r} is not a date: write YYYY-MM-DD", EXIT_SETTINGS) from None


def text_of(path: Path) -> str:
    """The text of a file that was named; Stop where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Stop(f"{path} is not UTF-8 text", EXIT_SETTINGS) from None
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}", EXIT_SETTINGS) from None


def fhir_id_in(patient: str) -> str:
    """The id in what was typed; with a comma in it, a search would be about several people."""
    fhir_id = patient.removeprefix("Patient/")
    if not _FHIR_ID.fullmatch(fhir_id):
        raise Stop("that is neither a file nor the id of a FHIR Patient", EXIT_SETTINGS)
    return fhir_id
