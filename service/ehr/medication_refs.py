"""The Medications that medicine records point to instead of naming their drug.

A newcomer would get two things wrong. Epic gives every medicine that way and not as a contained
resource, so that a record without its Medication says nothing at all. And a reference to another
server is never followed: our token would go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from service.ehr.bundle import Resource
from service.ehr.client import FHIRClient
from service.ehr.errors import (
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
_CACHE_LIMIT = 5000


@dataclass(frozen=True, slots=True, repr=False)
class ReferencedMedications:
    """Medications by "Medication/id"; `unread` are the ids that exist and were not given to us."""

    by_reference: Mapping[str, Resource]
    unread: frozenset[str]


class MedicationReader:
    """Reads Medications once for many records; keeps up to 5,000, they are no patient's."""

    def __init__(self, client: FHIRClient) -> None:
        self._client = client
        self._kept: dict[str, Resource | None] = {}
        self._can_search = True

    def forget(self) -> None:
        """Begin a new run: a Medication may have been corrected since."""
        self._kept.clear()

    def read(self, ids: Iterable[str]) -> ReferencedMedications:
        """The Medications with these ids. A dangling reference is in neither part of the answer."""
        wanted = sorted(set(ids))
        if len(self._kept) + len(wanted) > _CACHE_LIMIT:
            self._kept.clear()
        missing = [i for i in wanted if i not in self._kept]
        for start in range(0, len(missing), _BATCH):
            self._search(missing[start : start + _BATCH])
        unread = {i for i in missing if i not in self._kept and not self._read_one(i)}
        kept = {f"Medication/{i}": self._kept.get(i) for i in wanted}
        return ReferencedMedications(
            {reference: found for reference, found in kept.items() if found is not None},
            frozenset(unread),
        )

    def _search(self, ids: Sequence[str]) -> None:
        """Keep what a search by ids gives; what it does not give is read one by one."""
        if len(ids) < 2 or not self._can_search:
            return
        try:
            result = self._client.search("Medication", {"_id": ",".join(ids)})
        except (EHRRejected, EHRNotFound, EHRRefused, EHRMisunderstood) as error:
            _log.info("medication_search_failed", status=error.status)
            self._can_search = False
            return
        wanted = set(ids)
        self._kept.update((r["id"], r) for r in result.matches if r.get("id") in wanted)

    def _read_one(self, id_: str) -> bool:
        try:
            self._kept[id_] = self._client.read("Medication", id_).resource
        except EHRNotFound:
            self._kept[id_] = None
        except (EHRRefused, EHRRejected, EHRMisunderstood, EHRCutShort) as error:
            _log.warning("medication_unread", status=error.status)
            return False
        return True


def medication_id_of(medicine: Mapping[str, Any], base_url: str) -> str | None:
    """The id of the Medication on this server that a medicine record points to, if it does."""
    reference = medicine.get("medicationReference")
    if not isinstance(reference, Mapping):
        return None
    text = reference.get("reference")
    if isinstance(text, str) and "://" in text and not text.startswith(base_url + "/"):
        return None
    ref = referenced(reference)
    return ref.id if ref is not None and ref.type == "Medication" else None


def is_unnamed(medicine: Mapping[str, Any]) -> bool:
    """Whether nothing but the reference tells which drug it is."""
    reference = medicine.get("medicationReference")
    return isinstance(reference, Mapping) and not reference.get("display")
