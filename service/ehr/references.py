"""What many charts point to and no chart holds: the Medications and the Devices of a hospital.

A newcomer would get three things wrong. Epic gives every medicine by a reference and not as a
contained resource, so that a record without its Medication says nothing at all. A reference to
another server is never followed: our token would go with it. And a hospital's formulary repeats
from chart to chart, so that each is fetched once and kept for some minutes; not longer, for a
Medication may be corrected.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from service.ehr.bundle import Resource
from service.ehr.client import FHIRClient
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
)
from service.ehr.subject import referenced

_log = structlog.get_logger()

MEDICINE_TYPES = (
    "MedicationRequest",
    "MedicationDispense",
    "MedicationAdministration",
    "MedicationStatement",
)
_BATCH = 50
_MOST_KEPT = 5000
_KEPT_FOR_SECONDS = 300.0
_Fetched = Resource | Literal["gone", "withheld"]


@dataclass(frozen=True, slots=True, repr=False)
class Referenced:
    """Resources by "Type/id"; `unread` are the ids that exist and were not given to us."""

    by_reference: Mapping[str, Resource]
    unread: frozenset[str]


class ReferenceReader:
    """Reads resources of one type by id, once for many records; keeps the 5,000 used last.

    They are no patient's. What was withheld is kept as such, and is not asked for again meanwhile.
    """

    def __init__(
        self,
        client: FHIRClient,
        type_: Literal["Medication", "Device"],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._type = type_
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, _Fetched]] = OrderedDict()
        self._can_search = True

    def keep(self, resource: Resource) -> None:
        """Remember one that came in another way."""
        if isinstance(resource.get("id"), str):
            self._keep(resource["id"], resource)

    def read(self, ids: Iterable[str]) -> Referenced:
        """Those with these ids. A dangling reference is in neither part of the answer."""
        wanted = sorted(set(ids))
        found = {id_: self._recall(id_) for id_ in wanted}
        missing = [id_ for id_, known in found.items() if known is None]
        for start in range(0, len(missing), _BATCH):
            found |= self._fetch(missing[start : start + _BATCH])
        return Referenced(
            {f"{self._type}/{id_}": r for id_, r in found.items() if isinstance(r, dict)},
            frozenset(id_ for id_, r in found.items() if r == "withheld"),
        )

    def _recall(self, id_: str) -> _Fetched | None:
        kept = self._kept.get(id_)
        if kept is None or kept[0] + _KEPT_FOR_SECONDS < self._clock():
            return None
        self._kept.move_to_end(id_)
        return kept[1]

    def _keep(self, id_: str, fetched: _Fetched) -> None:
        self._kept[id_] = (self._clock(), fetched)
        self._kept.move_to_end(id_)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def _fetch(self, ids: Sequence[str]) -> dict[str, _Fetched]:
        """What a search by ids gives; what it does not give is read one by one."""
        found: dict[str, _Fetched] = dict(self._search(ids))
        for id_ in ids:
            if id_ not in found:
                found[id_] = self._read_one(id_)
            self._keep(id_, found[id_])
        return found

    def _search(self, ids: Sequence[str]) -> Mapping[str, Resource]:
        if len(ids) < 2 or not self._can_search:
            return {}
        try:
            result = self._client.search(self._type, {"_id": ",".join(ids)})
        except (EHRRejected, EHRNotFound, EHRRefused, EHRMisunderstood, EHRConflict) as error:
            _log.info("reference_search_failed", type=self._type, status=error.status)
            self._can_search = False
            return {}
        wanted = set(ids)
        found = {r["id"]: r for r in result.matches if r.get("id") in wanted}
        # Some take a list of ids for one id that nobody has.
        self._can_search = bool(found)
        return found

    def _read_one(self, id_: str) -> _Fetched:
        try:
            return self._client.read(self._type, id_).resource or "gone"
        except EHRNotFound:
            return "gone"
        except (EHRRefused, EHRRejected, EHRMisunderstood, EHRCutShort, EHRConflict) as error:
            _log.warning("reference_unread", type=self._type, status=error.status)
            return "withheld"


def medication_id_of(medicine: Mapping[str, Any], base_url: str) -> str | None:
    """The id of the Medication on this server that a medicine record points to, if it does."""
    return _own_id(medicine.get("medicationReference"), "Medication", base_url)


def device_id_of(statement: Mapping[str, Any], base_url: str) -> str | None:
    """The id of the Device on this server that a DeviceUseStatement points to, if it does."""
    return _own_id(statement.get("device"), "Device", base_url)


def is_unnamed(medicine: Mapping[str, Any]) -> bool:
    """Whether nothing but the reference tells which drug it is."""
    reference = medicine.get("medicationReference")
    return isinstance(reference, Mapping) and not reference.get("display")


def _own_id(reference: object, type_: str, base_url: str) -> str | None:
    if not isinstance(reference, Mapping):
        return None
    text = reference.get("reference")
    if isinstance(text, str) and "://" in text and not text.startswith(base_url + "/"):
        return None
    ref = referenced(reference)
    return ref.id if ref is not None and ref.type == type_ else None
