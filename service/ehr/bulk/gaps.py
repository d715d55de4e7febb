"""What of an export is missing, and for whom.

A newcomer would get one thing wrong: an error file names what it is about in free text only. What
names a patient costs that patient; what names a type costs everybody that type; and what names
neither costs everybody everything, because nobody knows what is missing. Its text goes nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.ehr.bundle import withholds
from service.ehr.errors import issues_of

_PATIENT = re.compile(r"Patient/([A-Za-z0-9\-.]{1,64})")
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(slots=True, repr=False)
class Gaps:
    """Types that did not come in full, with the reason: for everybody, and by patient."""

    wanted: frozenset[str]
    everybody: dict[str, str] = field(default_factory=dict)
    by_patient: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, patient_id: str) -> Mapping[str, str]:
        """Why types of a patient are unread, by type."""
        return {**self.everybody, **self.by_patient.get(patient_id, {})}

    def add(self, types: Iterable[str], why: str, patient_ids: Iterable[str] = ()) -> None:
        """Note types that are incomplete: for these patients, or for all where none is named."""
        missing = dict.fromkeys(self.wanted & set(types), why)
        named = list(patient_ids)
        if not named:
            self.everybody.update(missing)
        for patient_id in named:
            self.by_patient.setdefault(patient_id, {}).update(missing)

    def add_line(self, line: bytes, file_type: str, why: str) -> None:
        """Note a line that is no resource; the patient whom it names, if it still does."""
        types = {file_type} & self.wanted or self.wanted
        self.add(types, why, set(_PATIENT.findall(line.decode("utf-8", "replace"))))

    def add_outcome(self, outcome: Mapping[str, Any], why: str) -> None:
        """Note what an OperationOutcome says is missing; a mere warning says no such thing."""
        if not any(withholds(issue) for issue in issues_of(outcome)):
            return
        text = msgspec.json.encode(outcome).decode()
        patient_ids = set(_PATIENT.findall(text))
        named = self.wanted & set(_WORD.findall(text))
        if patient_ids:
            named -= {"Patient"}  # That is how the patient was named.
        self.add(named or self.wanted, why, patient_ids)
