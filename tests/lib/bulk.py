"""Bulk sweeps for tests: put together as `wiring` does, without its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from service.bulk_sweep import BulkOptions, BulkSweep, exported_members
from service.ehr.bulk.intake import Exported
from service.ehr.bulk.order import ExportOrder
from service.ehr.cohort.code_search import may_be_in
from service.ehr.cohort.members import CohortMembers
from service.ehr.parse import RecordParser
from service.pipeline import Pipeline
from service.screening.value_sets import packaged_vocabulary

VOCABULARY = packaged_vocabulary(True)


def bulk_sweep(
    pipeline: Pipeline,
    group_id: str = "",
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    pause: Callable[[float], None] = lambda _: None,
    patience: timedelta = timedelta(hours=72),
    batch_size: int = 60,
    **options: Any,
) -> BulkSweep:
    """A sweep by the export of a Group, or of everything without one."""
    order = ExportOrder("group" if group_id else "system", group_id)
    values: dict[str, Any] = {
        "has_diagnosis": partial(may_be_in, VOCABULARY, "multiple-sclerosis"),
        "find_cohort": members_of_the_test,
        "is_chosen": lambda: True,
    }
    return BulkSweep(
        pipeline,
        RecordParser(VOCABULARY).record,
        BulkOptions(order, patience, batch_size),
        now=now,
        pause=pause,
        **(values | options),
    )


def members_of_the_test(exported: Exported) -> CohortMembers:
    """Everybody in the export, under the name of the source that a test's line asks."""
    return replace(exported_members(exported), source="test")
