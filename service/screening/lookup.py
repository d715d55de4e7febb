"""The parts of one record by value set, and what was worked out about the record already.

Thirty criteria ask the same few parts for their value sets, and several of them for the same scans
and doses; `boneflag explain` asks again for sixty days to come. So this is made once for a record,
when it is first asked for, and lives and dies with it. It holds patient data, and nothing in it
outlives the record. A newcomer would get one thing wrong: what is kept depends on more than the
record, so that every number and the day of judgement belong into its name (`kept`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from service.screening.record import Condition, Observation, PatientRecord

_Part = TypeVar("_Part", "Condition", "Observation")
_Made = TypeVar("_Made")


class Lookup:
    """Made of a record once; see the module. `concepts` are the value sets of all its parts."""

    __slots__ = ("_conditions", "_kept", "_observations", "concepts")

    def __init__(self, record: PatientRecord) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._conditions = _by_concept(record.conditions)
        self._observations = _by_concept(record.observations)
        found = {*self._conditions, *self._observations}
        for observation in record.observations:
            found |= observation.value_concepts
        for medicine in record.medicines:
            found |= medicine.concepts
        for procedure in record.procedures:
            found |= procedure.concepts | procedure.reason_concepts
        for report in record.reports:
            found |= report.concepts | report.conclusions
        for order in record.orders:
            found |= order.concepts | order.reason_concepts
        for appointment in record.appointments:
            found |= appointment.concepts
        for device in record.devices:
            found |= device.concepts
        for member in record.family:
            found |= member.concepts | member.relationship
        self.concepts = frozenset(found)

    def conditions(self, record: PatientRecord, concepts: Sequence[str]) -> Sequence[Condition]:
        """The conditions with a code in one of these value sets, in the record's order."""
        if len(concepts) == 1:
            return self._conditions.get(concepts[0], ())
        return _chosen(self._conditions, record.conditions, concepts)

    def observations(self, record: PatientRecord, concepts: Sequence[str]) -> Sequence[Observation]:
        """The observations with a code in one of these value sets, in the record's order."""
        if len(concepts) == 1:
            return self._observations.get(concepts[0], ())
        return _chosen(self._observations, record.observations, concepts)

    def kept(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` gives, made once; `name` holds all that it depends on beside the record."""
        if name in self._kept:
            known: _Made = self._kept[name]
            return known
        made = self._kept[name] = make()
        return made


def _by_concept(parts: Iterable[_Part]) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = {}
    for part in parts:
        for concept in part.concepts:
            found.setdefault(concept, []).append(part)
    return found


def _chosen(
    by_concept: dict[str, list[_Part]], parts: Sequence[_Part], concepts: Sequence[str]
) -> Sequence[_Part]:
    held = [by_concept[concept] for concept in concepts if concept in by_concept]
    if len(held) > 1:
        # One part may be in several of them, and stands once.
        return [part for part in parts if not part.concepts.isdisjoint(concepts)]
    return held[0] if held else ()
