"""JSON logs: static event names, variables in fields, no patient in them.

A newcomer would get one thing wrong: the libraries leak. httpx logs whole URLs at INFO and Celery
logs return values and messages of exceptions, so both are silenced here, and every field passes an
allow-list: what is not on it is dropped, so that a careless log line cannot name a patient.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

# Names, counts and codes only. A free text field is not on the list, and never will be.
ALLOWED_FIELDS = frozenset(
    """
    event level timestamp logger run run_kind mode state action kind reason type status
    count counts came stayed left patients batch batches waiting given_up attempts attempt
    wait_seconds seconds requests pages searches reads writes resources dropped missing
    parameter method strategy version digest limit new_alerts duplicates plans sent
    confirmed failed held queue task error code severity server fhir_version complete host
    port signal instant newcomers changed possible retry_after_seconds outcome_unknown did
    """.split()
)
_LEAKY = (
    "httpx",
    "httpcore",
    "celery.app.trace",
    "celery.worker.strategy",
    "kombu",
    "urllib3",
    "alembic",
)


def _drop_what_is_not_allowed(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    return {
        key: value if isinstance(value, int | float | bool | None) else str(value)[:200]
        for key, value in event.items()
        if key in ALLOWED_FIELDS
    }


def configure_logs(level: str, *, as_json: bool = True) -> None:
    """Set up structlog and silence what leaks; call once for each process."""
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    for name in _LEAKY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Celery prints the message and traceback of a failed task, and that is where ids could stand.
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
