"""Who changed since the last look, where the server can say.

A newcomer would get four things wrong. The watermark is the server's clock at the first answer,
never ours, and never the newest `lastUpdated` seen. Every look goes back over an overlap, because
servers index late and commit out of order. A server that does not know `_lastUpdated` may answer
with everything, so the dates of what comes are tested. And this is only a short cut: deletions and
birthdays show up in no search, and the nightly sweep stays the truth. Epic and MEDITECH have no
`_lastUpdated` at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from service.ehr.bundle import Page, Resource, instant, withholds
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.cohort.code_search import may_be_in
from service.ehr.errors import EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected
from service.ehr.subject import patient_id_of
from service.ehr.type_search import BY_CODE, BY_PART, TypeSearch, searches_for
from service.screening.value_sets import DataRequirement, Vocabulary

_log = structlog.get_logger()

OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, repr=False)
class Changes:
    """Patients with something new.

    `patient_ids` may hold anybody of the hospital: keep those who are watched. `newcomers` are
    those with a changed Condition of the cohort's value set. `unseen_types` are the types about
    which this server cannot say what changed, or withheld something; where any is left,
    `is_possible` is False and only a sweep sees all. `watermark` is the instant to ask from next
    time; store it when the work that follows from this is stored, not before.
    """

    patient_ids: frozenset[str]
    newcomers: frozenset[str]
    watermark: datetime
    unseen_types: frozenset[str] = frozenset()

    @property
    def is_possible(self) -> bool:
        """Whether the server could say for every type what changed."""
        return not self.unseen_types


@dataclass(slots=True, repr=False)
class _Seen:
    patient_ids: set[str]
    newcomers: set[str]
    server_time: datetime | None = None


def changed_since(
    client: FHIRClient,
    capability: Capability,
    vocabulary: Vocabulary,
    needs: Iterable[DataRequirement],
    since: datetime,
    *,
    overlap: timedelta = OVERLAP,
    cohort_value_set: str = "multiple-sclerosis",
    page_size: int = 500,
) -> Changes:
    """Ask each needed type for what changed since `since` (aware) minus `overlap`.

    EHRUnavailable and EHRCutShort pass through: the watermark stays where it was. Where no answer
    shows the server's clock, the new watermark is ours at the start.
    """
    if since.tzinfo is None:
        raise ValueError("A watermark without a time zone cannot be compared")
    started = datetime.now(UTC)
    asked_from = since - overlap
    seen = _Seen(set(), set())
    unseen: set[str] = set()
    for search in searches_for(needs, vocabulary, capability):
        if not capability.can_search(search.type):
            unseen.add(search.type)
            continue
        says_so = capability.can_search(search.type, "_lastUpdated")
        ways = (search, replace(search, by=BY_CODE)) if search.by == BY_PART else (search,)
        for way in ways:
            params = _params(way, asked_from, page_size)
            try:
                for page in client.pages(search.type, params):
                    _check_dates(page.matches, asked_from, says_so)
                    _note(page, seen, vocabulary, cohort_value_set)
                    if any(map(withholds, page.issues)):
                        unseen.add(search.type)
            except (EHRRejected, EHRNotFound, EHRRefused, EHRMisunderstood) as error:
                _log.info("changes_unseen", type=search.type, status=error.status)
                if way == ways[-1] and not search.is_extra:
                    unseen.add(search.type)
            else:
                break
    return Changes(
        frozenset(seen.patient_ids),
        frozenset(seen.newcomers),
        seen.server_time or started,
        frozenset(unseen),
    )


def _params(search: TypeSearch, asked_from: datetime, page_size: int) -> dict[str, str]:
    moment = asked_from.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    params = {"_lastUpdated": f"ge{moment}", "_count": str(page_size)}
    if search.codes:
        params[search.by] = ",".join(search.codes)
    return params


def _check_dates(matches: Sequence[Resource], asked_from: datetime, says_so: bool) -> None:
    """EHRMisunderstood where what came is older than asked for, or cannot be told."""
    dates = [instant(_meta(resource).get("lastUpdated")) for resource in matches]
    known = [d for d in dates if d is not None]
    # A second of slack: some servers round what they compare and not what they show.
    too_old = any(d < asked_from - timedelta(seconds=1) for d in known)
    if too_old or (matches and not known and not says_so):
        raise EHRMisunderstood("The EHR does not seem to understand _lastUpdated")


def _note(page: Page, seen: _Seen, vocabulary: Vocabulary, cohort_value_set: str) -> None:
    seen.server_time = seen.server_time or page.server_time
    for resource in page.matches:
        patient_id = patient_id_of(resource)
        if patient_id is None:
            continue
        seen.patient_ids.add(patient_id)
        if resource["resourceType"] == "Condition" and may_be_in(
            vocabulary, cohort_value_set, resource
        ):
            seen.newcomers.add(patient_id)


def _meta(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = resource.get("meta")
    return meta if isinstance(meta, dict) else {}
