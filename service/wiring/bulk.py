"""Settings -> sweeps by bulk export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.protocol import effective_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.bulk_sweep import BulkSweep, FindCohort
    from service.ehr.bulk.order import ExportOrder
    from service.pipeline import Pipeline

_DISEASE = "multiple-sclerosis"
# What names the members of the exported Group, or nobody yet.
_OF_A_GROUP = frozenset({"group", "bulk-group", "code-search"})
_SEVERAL = 2


def bulk_sweep_for(settings: Settings, pipeline: Pipeline) -> BulkSweep | None:
    """Sweeps by bulk export on this line; None where the settings choose another reading."""
    if settings.reading not in ("auto", "bulk"):
        return None
    from service.bulk_sweep import BulkOptions, BulkSweep
    from service.ehr.cohort.code_search import may_be_in
    from service.ehr.parse import RecordParser

    vocabulary = effective_for(settings)[1]
    return BulkSweep(
        pipeline,
        RecordParser(vocabulary).record,
        BulkOptions(
            _order(settings, pipeline),
            timedelta(hours=settings.bulk_patience_hours),
            settings.batch_size,
            settings.bulk_spool_directory or None,
        ),
        has_diagnosis=partial(may_be_in, vocabulary, _DISEASE),
        find_cohort=_find_cohort(settings, pipeline),
        is_chosen=lambda: pipeline.ehr.strategy.reading.what == "bulk",
        now=lambda: datetime.now(UTC),
    )


def _order(settings: Settings, pipeline: Pipeline) -> ExportOrder:
    from service.ehr.bulk.order import ExportOrder, observation_filters

    filters: tuple[str, ...] = ()
    if settings.bulk_filters_observations:
        filters = observation_filters(pipeline.protocol.needs, effective_for(settings)[1])
    return ExportOrder(
        settings.bulk_level,
        settings.exported_group_id if settings.bulk_level == "group" else "",
        type_filters=filters,
        uses_post=settings.bulk_by_post,
    )


def _find_cohort(settings: Settings, pipeline: Pipeline) -> FindCohort:
    """The Group's members; of a whole hospital those with the disease, or whom the sources name."""
    from service.bulk_sweep import diagnosed_members, exported_members
    from service.cohort_intake import read_cohort

    is_one_group = set(settings.source_names) <= _OF_A_GROUP and len(settings.group_ids) < _SEVERAL
    if settings.bulk_level == "group" and is_one_group:
        return exported_members
    if settings.source_names == ("code-search",):
        return diagnosed_members
    return lambda _exported: read_cohort(pipeline.ehr, pipeline.ledger)
