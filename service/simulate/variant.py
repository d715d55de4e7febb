"""The two protocols that are compared, and a chart read once for both.

A newcomer would get one thing wrong. A chart is parsed with the value sets of a protocol: a local
code that only the changed one knows is nothing to the other. So where the value sets differ, what
was fetched once is parsed twice, and what is fetched is asked for with the codes of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.ehr.bundle import Resource
from service.ehr.parse import RecordParser
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, ValueSet, Vocabulary


@dataclass(frozen=True, slots=True)
class Variant:
    """A protocol with the value sets that it is read by."""

    protocol: Protocol
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class Variants:
    """Today's protocol and the changed one."""

    today: Variant
    changed: Variant

    @property
    def needs(self) -> tuple[DataRequirement, ...]:
        """What both need; a type may stand there twice, with other value sets."""
        return (*self.today.protocol.needs, *self.changed.protocol.needs)

    def vocabulary(self) -> Vocabulary:
        """The value sets of both as one, for searching the cohort and asking for codes."""
        one, other = self.today.vocabulary, self.changed.vocabulary
        return one if _are_same(one, other) else _union(one, other)

    def parser(self) -> TwoReadings:
        """A parser for both."""
        one, other = self.today.vocabulary, self.changed.vocabulary
        return TwoReadings(one, None if _are_same(one, other) else other)


class TwoReadings:
    """Builds the record of today's protocol, and keeps that of the changed one until asked for.

    It is a `BuildRecord` for the reader, which knows of one record for each chart only. What is
    never asked for goes with `forget`.
    """

    def __init__(self, today: Vocabulary, changed: Vocabulary | None) -> None:
        self._today = RecordParser(today)
        self._changed = RecordParser(changed) if changed is not None else None
        self._kept: dict[str, PatientRecord] = {}

    def __call__(
        self,
        patient_id: str,
        resources: Mapping[str, Sequence[Resource]],
        medications: Mapping[str, Resource],
        unread: frozenset[str],
        read_at: datetime,
    ) -> PatientRecord:
        """Today's record of a chart."""
        chart = (patient_id, resources, medications, unread, read_at)
        if self._changed is not None:
            self._kept[patient_id] = self._changed.record(*chart)
        return self._today.record(*chart)

    def changed(self, record: PatientRecord) -> PatientRecord:
        """The same chart as the changed protocol reads it; once for each."""
        return self._kept.pop(record.patient.id, record)

    def forget(self) -> None:
        """Let go of what a batch left behind."""
        self._kept.clear()


def _are_same(one: Vocabulary, other: Vocabulary) -> bool:
    return one is other or one.fingerprint == other.fingerprint


def _union(one: Vocabulary, other: Vocabulary) -> Vocabulary:
    sets = {value_set.id: value_set for value_set in one}
    for value_set in other:
        known = sets.get(value_set.id)
        sets[value_set.id] = value_set if known is None else _both(known, value_set)
    return Vocabulary(sets.values())


def _both(one: ValueSet, other: ValueSet) -> ValueSet:
    return replace(
        one,
        listed=tuple(dict.fromkeys(one.listed + other.listed)),
        codes=one.codes | other.codes,
        prefixes=tuple(dict.fromkeys(one.prefixes + other.prefixes)),
        names=tuple(dict.fromkeys(one.names + other.names)),
    )
