"""A whole chart in one request: `Patient/{id}/$everything`, where the server offers it.

A newcomer would get three things wrong. A server may leave `_type` out of account, or answer for a
shorter chart than it holds, so that an answer without its own Patient, or one that says that
something was held back, is not believed: that patient is searched for type by type. A refusal is
final and is not routed around by searches. And a chart in one piece costs one request and much
else: every blood pressure comes along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import structlog

from service.ehr.bundle import Resource
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRError, EHRRefused, EHRUnavailable
from service.ehr.manners import Manners
from service.ehr.search import collect
from service.ehr.subject import patient_id_of
from service.ehr.unread import has_code

_log = structlog.get_logger()

_FAILURES_BEFORE_GIVING_UP = 3
_FAULT = 500
# Come along because a chart points to them; they are no patient's.
_SHARED = ("Medication", "Device")
Refused = Literal["refused"]


@dataclass(frozen=True, slots=True, repr=False)
class WholeChart:
    """One patient's chart: resources by type, and what it points to that is no patient's."""

    resources: Mapping[str, Sequence[Resource]]
    shared: Sequence[Resource]


class EverythingReader:
    """Asks for whole charts, several at a time; gives up where the first three do not come."""

    def __init__(self, client: FHIRClient, manners: Manners, page_size: int) -> None:
        self._client = client
        self._manners = manners
        self._page_size = page_size
        self._has_worked = False
        self._failures = 0

    def read(
        self, patient_ids: Sequence[str], types: Sequence[str]
    ) -> Mapping[str, WholeChart | Refused]:
        """The charts that came, and who was refused; whoever is left out must be searched for.

        EHRUnavailable passes through, but for a 500, which may be the lasting fault of one chart.
        """
        found: dict[str, WholeChart | Refused] = {}
        step = self._client.max_connections
        with ThreadPoolExecutor(step) as threads:
            for start in range(0, len(patient_ids), step):
                if not self._has_worked and self._failures >= _FAILURES_BEFORE_GIVING_UP:
                    _log.warning("everything_given_up")
                    break
                ids = patient_ids[start : start + step]
                charts = threads.map(lambda id_: self._read_one(id_, types), ids)
                for id_, chart in zip(ids, charts, strict=True):
                    if chart is None:
                        self._failures += 1
                        continue
                    found[id_] = chart
                    self._has_worked |= isinstance(chart, WholeChart)
        return found

    def _read_one(self, patient_id: str, types: Sequence[str]) -> WholeChart | Refused | None:
        params = {
            "_type": ",".join(dict.fromkeys((*types, *_SHARED))),
            "_count": str(self._page_size),
        }
        try:
            result = collect(self._client.everything(patient_id, params))
        except EHRUnavailable as error:
            if error.status != _FAULT:
                raise
            return None
        except EHRError as error:
            is_denied = has_code(error, self._manners.never_retry_codes)
            return "refused" if is_denied or isinstance(error, EHRRefused) else None
        told = EHRError("", issues=result.issues)
        if has_code(told, self._manners.never_retry_codes):
            return "refused"
        chart = _sorted(patient_id, types, (*result.matches, *result.included))
        is_cut_short = has_code(told, self._manners.cut_short_codes)
        is_whole = result.is_complete and not is_cut_short and bool(chart.resources["Patient"])
        return chart if is_whole else None


def _sorted(patient_id: str, types: Sequence[str], resources: Sequence[Resource]) -> WholeChart:
    by_type: dict[str, list[Resource]] = {t: [] for t in ("Patient", *types)}
    shared = []
    for resource in resources:
        type_ = str(resource.get("resourceType"))
        if patient_id_of(resource) == patient_id and type_ in by_type:
            by_type[type_].append(resource)
        elif type_ in _SHARED:
            shared.append(resource)
    return WholeChart(by_type, shared)
