"""JSON logs: static event names, variables in fields, no patient in them.

A newcomer would get two things wrong. The libraries leak: httpx logs whole URLs at INFO, uvicorn
every path, and both it and Celery whole exceptions, so they are silenced here; of what any library
still says only the sentence is kept, before values are put into it. And every field of ours passes
an allow-list: what is not on it is dropped, so that a careless log line cannot name a patient.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

# Names, counts and codes only. A free text field is not on the list, and never will be: `reason`
# holds sentences of ours alone.
ALLOWED_FIELDS = frozenset(
    """
    event level timestamp logger run run_kind mode state action kind reason type types status
    count counts came stayed left patients batch batches waiting given_up attempts attempt
    wait_seconds seconds requests pages searches reads writes resources dropped missing
    parameter method strategy version digest limit new_alerts duplicates plans sent
    confirmed failed held queue task error code severity server fhir_version complete host
    port signal instant newcomers changed possible retry_after_seconds outcome_unknown did
    search_number listed unreadable problem alerts to_retire
    withdrawal ended outcome hook cards
    """.split()
)
_LONGEST_VALUE = 200
_LEAKY = (
    "httpx",
    "httpcore",
    "celery.worker.strategy",
    "kombu",
    "urllib3",
    "alembic",
    "uvicorn.access",
)
_OURS = ("service.", "workers.")
# These print by themselves, before anybody who set up logs is asked.
_WITH_HANDLERS_OF_THEIR_OWN = ("uvicorn", "uvicorn.error")


def _drop_what_is_not_allowed(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    return {
        key: value if isinstance(value, int | float | bool | None) else str(value)[:_LONGEST_VALUE]
        for key, value in event.items()
        if key in ALLOWED_FIELDS
    }


class LibraryFormatter(logging.Formatter):
    """One JSON line for what a library logs: who, how severe, and the sentence without its values.

    A text that holds no place for values may have been put together before: only where it comes
    from is told then. Of an exception its name and a line of ours are kept, never its text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "event": "library_message",
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "where": f"{record.module}.{record.funcName}",
        }
        if record.args and isinstance(record.msg, str):
            line["message"] = record.msg[:_LONGEST_VALUE]
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["raised_at"] = _raised_at(record.exc_info[2])
        return json.dumps(line)


def _raised_at(trace: TracebackType | None) -> str:
    """The last line of ours on the way to what was raised, "" for none; no value is in it."""
    places = [
        f"{module}.{frame.f_code.co_name}:{line}"
        for frame, line in traceback.walk_tb(trace)
        if (module := str(frame.f_globals.get("__name__", ""))).startswith(_OURS)
    ]
    return places[-1] if places else ""


class _Expendable:
    """Where lines go: one that cannot be written, to a full disk, is lost and costs nothing else.

    `logging` does so by itself; structlog would end the work that had something to say.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write it if there is room."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Let it go if there is room; what has none is tried again with the next line."""
        with suppress(OSError):
            self._stream.flush()


def _tell_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    """Python itself would print the text of what ended a thread."""
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        raised = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        logging.getLogger("threading").error("a thread ended: %s", "", exc_info=raised)


def configure_logs(level: str, *, as_json: bool = True) -> None:
    """Set up structlog and silence what leaks; call once for each process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LibraryFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _LEAKY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _WITH_HANDLERS_OF_THEIR_OWN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    threading.excepthook = _tell_of_a_thread
    # Celery prints the message and traceback of a failed task, and that is where ids could stand;
    # `workers.app` says which task failed instead.
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_what_is_not_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Expendable(sys.stderr))),
        cache_logger_on_first_use=False,
    )
