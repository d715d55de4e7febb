"""Runs whose process died while it read the cohort: nothing of theirs can be delivered."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from service.store.entries import RunState
from service.store.ledger import Ledger

_log = structlog.get_logger()
# Longer than any task may take: a run that still reads its cohort then has lost its process.
_ABANDONED_AFTER = timedelta(hours=1)
_RUNS_LOOKED_BACK_AT = 50


def give_up_abandoned_runs(ledger: Ledger, at: datetime) -> None:
    """Fail every run that began to read its cohort long before `at` and never ended."""
    export = ledger.bulk_jobs.current()
    for run in ledger.runs.newest(_RUNS_LOOKED_BACK_AT):
        is_reading = run.state is RunState.OPEN and not run.is_reading_done
        if export is not None and run.id == export.run_id:
            continue  # An export may take a day and ends by itself.
        if is_reading and run.started_at < at - _ABANDONED_AFTER:
            ledger.runs.fail(run.id, "it never finished reading the cohort")
            _log.warning("run_abandoned", run=run.id)
