"""Reading our alerts back: what we told the EHR, and what people made of it.

A newcomer would get three things wrong. An empty answer is not "no alert": a server may not
understand a list of patients or a search for an identifier's system, so whoever has an alert by
the ledger and is missing from the answer is asked for again, alone and plainly. A patient whose
alerts cannot be read is in `unreadable` and nowhere else: nobody may write about them. And what
comes back is tested again here, because servers ignore parameters that they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from service.ehr.alert_history import (
    NO_MEMORY,
    AlertHistory,
    KeyOf,
    Memory,
    alert_history,
    patient_of,
)
from service.ehr.bundle import SearchResult
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.delivery.flag_and_task import ALERT_TYPES, AlertType
from service.ehr.errors import (
    EHRCutShort,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
)
from service.ehr.message_history import told_elsewhere
from service.ehr.patient_search import (
    TELLING_TYPE,
    is_without_lists,
    learn_how_ids_are_taken,
)
from service.screening.alert import ALERT_IDENTIFIER_SYSTEM
from service.screening.record import ResourceRef

_log = structlog.get_logger()

Resource = dict[str, Any]
_ASKED_TO_LEARN = 5
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, repr=False)
class AlertsRead:
    """The histories by patient id; whoever is in `unreadable` has none, and must be left alone."""

    histories: Mapping[str, AlertHistory]
    unreadable: frozenset[str] = frozenset()


class AlertReader:
    """Reads our alerts of many patients with a few searches.

    `types` are those that the delivery writes, `channel` is its name. An open alert that another
    channel told counts as told, unless it `repeats`. Searches go by POST, which keeps ids out of
    the logs of proxies, until the server shows that it does not take that; `prefer_post` False
    never tries.
    """

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        *,
        types: Iterable[AlertType] = ALERT_TYPES,
        channel: str = "flag-and-task",
        repeats: bool = False,
        snooze_months: int,
        key_of: KeyOf | None = None,
        batch_size: int = 60,
        prefer_post: bool = True,
    ) -> None:
        self._client = client
        self._capability = capability
        self._types = tuple(types)
        self._channel = channel
        self._repeats = repeats
        self._snooze_months = snooze_months
        self._key_of = key_of
        self._batch_size = batch_size
        self._takes_post: bool | None = None if prefer_post else False
        self._knows_form = False
        self._knows_lists = False

    def read(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """The alert histories of these patients; `remembered` is the ledger's memory by patient id.

        EHRUnavailable goes through: the batch is tried again later.
        """
        remembered = remembered or {}
        ids = list(dict.fromkeys(patient_ids))
        found: dict[str, list[Resource]] = {id_: [] for id_ in ids}
        unreadable: set[str] = set()
        self._learn_how_ids_are_taken(ids)
        for type_ in self._types:
            expected = {id_ for id_ in ids if _has_confirmed(type_, remembered.get(id_, {}))}
            for batch in _batches(ids, self._batch_size):
                answer = self._read_batch(type_, batch, expected & set(batch))
                unreadable |= set(batch) - answer.keys()
                for id_, resources in answer.items():
                    found[id_] += resources
        if unreadable:
            _log.warning("alerts_unreadable", patients=len(unreadable))
        histories = {
            id_: self._history(id_, found[id_], remembered.get(id_, NO_MEMORY))
            for id_ in ids
            if id_ not in unreadable
        }
        return AlertsRead(histories, frozenset(unreadable))

    def _history(self, id_: str, found: Iterable[Resource], memory: Memory) -> AlertHistory:
        history = alert_history(
            ResourceRef("Patient", id_),
            found,
            snooze_months=self._snooze_months,
            remembered=memory,
            key_of=self._key_of,
        )
        if self._repeats:
            return history
        seen = [alert.key for alert in history.posted]
        elsewhere = told_elsewhere(memory, self._channel, seen)
        return replace(history, posted=(*history.posted, *elsewhere))

    def _read_batch(
        self, type_: AlertType, ids: Sequence[str], expected: set[str]
    ) -> dict[str, list[Resource]]:
        """Our resources of one type by patient; who is left out could not be read."""
        if len(ids) > 1 and is_without_lists(self._client):
            return self._read_each(type_, ids, {})
        try:
            answer = self._search(type_, ids, is_narrow=True)
        except (EHRRefused, EHRNotFound):
            return {}  # Permission or type: asking one by one would only be refused more often.
        except (EHRRejected, EHRMisunderstood, EHRCutShort):
            answer, alone = {}, list(ids)
        else:
            alone = [id_ for id_ in ids if id_ in expected and not answer[id_]]
        return self._read_each(type_, alone, answer)

    def _read_each(
        self, type_: AlertType, ids: Sequence[str], answer: dict[str, list[Resource]]
    ) -> dict[str, list[Resource]]:
        for id_ in ids:
            try:
                answer |= self._search(type_, [id_], is_narrow=False)
            except (EHRRefused, EHRNotFound, EHRRejected, EHRMisunderstood, EHRCutShort):
                answer.pop(id_, None)
        return answer

    def _learn_how_ids_are_taken(self, ids: Sequence[str]) -> None:
        """Alerts are rare and read before charts: their absence alone shows nothing of the kind."""
        is_list = len(ids) > 1 and self._batch_size > 1
        is_known = self._knows_lists if is_list else self._knows_form
        if is_known or not ids or not self._capability.can_search(TELLING_TYPE):
            return
        has_told = learn_how_ids_are_taken(
            self._client,
            ids[:_ASKED_TO_LEARN],
            prefer_post=self._takes_post is not False,
            one_at_a_time=self._batch_size == 1,
        )
        self._knows_form = self._knows_form or has_told
        self._knows_lists = self._knows_lists or (has_told and is_list)

    def _search(
        self, type_: AlertType, ids: Sequence[str], *, is_narrow: bool
    ) -> dict[str, list[Resource]]:
        params = about(self._capability, type_, [self._client.patient_prefix + i for i in ids])
        if is_narrow and self._capability.can_search(type_, "identifier"):
            params["identifier"] = f"{ALERT_IDENTIFIER_SYSTEM}|"
        result = self._ask(type_, {**params, "_count": "200"})
        if not result.is_complete:
            raise EHRCutShort(f"Not all of our {type_}s could be read", issues=result.issues)
        found: dict[str, list[Resource]] = {id_: [] for id_ in ids}
        for resource in result.matches:
            patient = patient_of(resource)
            if patient is not None and patient.type == "Patient" and patient.id in found:
                found[patient.id].append(resource)
        return found

    def _ask(self, type_: AlertType, params: dict[str, str]) -> SearchResult:
        if self._takes_post is not False:
            try:
                result = self._client.search(type_, params, post=True)
            except (EHRRejected, EHRNotFound, EHRMisunderstood):
                if self._takes_post:
                    raise
            else:
                self._takes_post = True
                return result
        result = self._client.search(type_, params)
        # Only an answer proves that it was POST, and not the search, that was not accepted.
        self._takes_post = False
        return result


def about(capability: Capability, type_: str, ids: Iterable[str]) -> dict[str, str]:
    """The search parameter for patients: `patient`, or `subject` where only that is offered."""
    if capability.can_search(type_, "subject") and not capability.can_search(type_, "patient"):
        return {"subject": ",".join(f"Patient/{i.removeprefix('Patient/')}" for i in ids)}
    return {"patient": ",".join(ids)}


def _has_confirmed(type_: AlertType, memory: Memory) -> bool:
    """Whether the ledger saw a resource of this type in the EHR."""
    return any((k.flag_status if type_ == "Flag" else k.task_status) for k in memory.values())


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
