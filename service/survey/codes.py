"""Codes of a chart that are in none of our value sets, and how many people have each.

A newcomer would get three things wrong. A code or its display may have been typed by anybody and
name somebody, so either is told only where more people share it than the report may hide; a code
whose display differs from person to person is told without one. Only codings are looked at, never
the text of a CodeableConcept and never a value. And a resource that has one code of ours is
understood: what stands beside that code is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.ehr.codes import CodeReader
from service.ehr.fields import Json, object_in, objects_in, parse_reference, text_in
from service.ehr.product import medication_reference, product_of
from service.report.disclosure import HIDDEN_UP_TO

CODED_IN = {
    "Condition": "code",
    "Device": "type",
    "DiagnosticReport": "code",
    "Observation": "code",
    "Procedure": "code",
    "ServiceRequest": "code",
}
"""Where a resource of these types says what it is."""
MEDICINES = frozenset(
    {
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
    }
)
_MOST_CODES = 100_000
_MOST_DISPLAYS = 10
_LONGEST = 150

Seen = tuple[str, str, str, str]
"""Resource type, system, code, display; the system is "" where the chart gives none."""
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SharedCode:
    """A code that enough people share to be told. `people` is exact and not for showing."""

    type: str
    system: str
    code: str
    display: str
    people: int


def codes_not_ours(
    resources: Mapping[str, Sequence[Json]], medications: Mapping[str, Json], codes: CodeReader
) -> frozenset[Seen]:
    """The foreign codes of one chart, each once; `medications` are keyed by "Medication/id"."""
    found: set[Seen] = set()
    for type_, element in CODED_IN.items():
        for resource in resources.get(type_, ()):
            _add(found, type_, object_in(resource, element), codes)
            for component in objects_in(resource, "component"):
                _add(found, type_, object_in(component, "code"), codes)
    for type_ in MEDICINES:
        for medicine in resources.get(type_, ()):
            product = product_of(medicine, medications, codes.vocabulary)
            if not isinstance(product, str) and not product.concepts:
                for concept in _named(medicine, medications):
                    _add(found, type_, concept, codes)
    return frozenset(found)


def _named(medicine: Json, medications: Mapping[str, Json]) -> Iterator[Json]:
    """The codes under which a medicine is named, there or in the Medication it points to."""
    yield object_in(medicine, "medicationCodeableConcept")
    reference = parse_reference(medication_reference(medicine) or "")
    medication = medications.get(str(reference)) if reference else None
    for found in (medication, *objects_in(medicine, "contained")):
        if found is not None and found.get("resourceType") == "Medication":
            yield object_in(found, "code")


def _add(found: set[Seen], type_: str, concept: Json, codes: CodeReader) -> None:
    if not concept or codes.concepts_in(concept)[0]:
        return
    for coding in objects_in(concept, "coding"):
        code = _short(text_in(coding, "code"))
        if code:
            system, display = text_in(coding, "system"), text_in(coding, "display")
            found.add((type_, _short(system), code, _short(display)))


def _short(text: str) -> str:
    """The text, or "" where no dictionary can hold it."""
    return text if len(text) <= _LONGEST and text.isprintable() else ""


@dataclass(slots=True)
class _Count:
    people: int = 0
    displays: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class CodeCounts:
    """People by code. It remembers a bounded number of codes; `is_full` says that more came."""

    counts: dict[_Key, _Count] = field(default_factory=dict, repr=False)
    is_full: bool = False

    def add(self, seen: Iterable[Seen]) -> None:
        """Count one person's codes."""
        displays: dict[_Key, set[str]] = {}
        for type_, system, code, display in seen:
            displays.setdefault((type_, system, code), set()).add(display)
        for key, texts in displays.items():
            count = self.counts.get(key)
            if count is None:
                if len(self.counts) >= _MOST_CODES:
                    self.is_full = True
                    continue
                count = self.counts[key] = _Count()
            count.people += 1
            for text in texts:
                if text in count.displays or len(count.displays) < _MOST_DISPLAYS:
                    count.displays[text] = count.displays.get(text, 0) + 1

    def shared(self) -> list[SharedCode]:
        """The codes of more people than a report hides, those of most people first."""
        told = [
            SharedCode(*key, _shared_display(count), count.people)
            for key, count in self.counts.items()
            if count.people > HIDDEN_UP_TO
        ]
        return sorted(told, key=lambda c: (-c.people, c.type, c.system, c.code))


def _shared_display(count: _Count) -> str:
    text, people = max(count.displays.items(), key=lambda item: (item[1], item[0]))
    return text if people > HIDDEN_UP_TO else ""
