"""The weeks before the demo: what a hospital in shadow mode has behind it when it goes live.

The real line runs on each of those days with that day's date, reads the invented hospital and
writes nothing to it: so the run charts of the pages show days that were judged, and nothing that
was made up. A newcomer would get one thing wrong: the charts are those of today, and what is dated
later than such a day does not count on it. Nobody's past is told, only what can be seen of it now.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from service.inline import run_inline
from service.pipeline import Limits, Pipeline
from service.settings import Settings
from service.store.ledger import Ledger
from service.wiring import connection_for, protocol_for, today_for

WEEKS_BEFORE = (10, 8, 6, 4, 2, 1)


def look_back(settings: Settings, ledger: Ledger) -> int:
    """Sweep in shadow mode as of each of those days, the oldest first; on how many days."""
    with closing(connection_for(settings.model_copy(update={"mode": "shadow"}))) as ehr:
        for weeks in WEEKS_BEFORE:
            earlier = timedelta(weeks=weeks)
            pipeline = Pipeline(
                ehr,
                ledger,
                protocol_for(settings),
                site=settings.site_id,
                mode="shadow",
                limits=Limits(settings.max_new_alerts_per_run, settings.batch_size),
                now=lambda earlier=earlier: datetime.now(UTC) - earlier,  # type: ignore[misc]
                today=lambda earlier=earlier: today_for(settings) - earlier,  # type: ignore[misc]
                admits_newcomers=True,
            )
            run_inline(pipeline, pipeline.start_sweep)
    return len(WEEKS_BEFORE)
