"""The Medications of an export, which medicine records point to.

A newcomer would get one thing wrong: they are no patient's, so they cannot lie in a patient's
bucket, and Epic makes one for nearly every order. Most of those say the same, so that what they say
is kept once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from service.ehr.bundle import Resource

# What tells one Medication from another without saying anything about the drug.
_SAYS_NOTHING = frozenset({"id", "meta", "text", "identifier", "implicitRules", "language"})


class MedicationShelf:
    """Medications by id; `by_reference` gives them as they are needed for a record."""

    def __init__(self) -> None:
        self._by_id: dict[str, bytes] = {}
        self._said: dict[bytes, bytes] = {}

    def add(self, medication: Resource) -> None:
        """Keep one; the last of an id counts."""
        content = {k: v for k, v in medication.items() if k not in _SAYS_NOTHING}
        said = msgspec.json.encode(content)
        self._by_id[str(medication.get("id"))] = self._said.setdefault(said, said)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._by_id

    def by_reference(self, ids: Iterable[str]) -> dict[str, Resource]:
        """Those that are here, keyed by "Medication/id"."""
        return {
            f"Medication/{id_}": {**msgspec.json.decode(self._by_id[id_]), "id": id_}
            for id_ in ids
            if id_ in self._by_id
        }
