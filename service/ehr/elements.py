"""Reading the minimum: which elements of each type we read, and whether a server keeps to them.

A newcomer would get two things wrong. The standard does not say how an element with several types
is named in `_elements` (`effective` or `effectiveDateTime`), so both are named. And a server that
understands one of them otherwise would take away a date or a value without a word, which looks like
a chart that never held it. So the first answer for a type is compared with the same resources read
whole, and where anything that we read differs, that type is read whole ever after.

A list is complete when a record made of these elements alone is the same: a test holds it to that,
over every chart of the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from service.ehr.fields import Json, object_in, objects_in, text_in

_EVERY_TYPE = "id meta modifierExtension contained"
_READ: Mapping[str, str] = {
    "Appointment": "participant status start requestedPeriod serviceType reasonCode basedOn",
    "Condition": (
        "subject code clinicalStatus verificationStatus category onset[x] abatement[x]"
        " recordedDate encounter"
    ),
    "DeviceUseStatement": "subject status device timing[x]",
    "Device": "patient status type",
    "DiagnosticReport": (
        "subject status code effective[x] issued result conclusionCode presentedForm basedOn"
    ),
    "FamilyMemberHistory": "patient status relationship condition",
    "MedicationAdministration": ("subject status medication[x] dosage effective[x] request"),
    "MedicationDispense": (
        "subject status medication[x] dosageInstruction quantity daysSupply whenPrepared"
        " whenHandedOver authorizingPrescription"
    ),
    "MedicationRequest": (
        "subject status intent doNotPerform medication[x] dosageInstruction dispenseRequest"
        " authoredOn basedOn"
    ),
    "MedicationStatement": (
        "subject status medication[x] dosage effective[x] dateAsserted basedOn derivedFrom"
    ),
    "Observation": (
        "subject status code value[x] dataAbsentReason effective[x] issued component bodySite"
        " hasMember derivedFrom basedOn"
    ),
    "Patient": "active birthDate gender deceased[x] link",
    "Procedure": (
        "subject status statusReason code performed[x] reasonCode bodySite basedOn extension"
    ),
    "ServiceRequest": (
        "subject status intent doNotPerform code authoredOn reasonCode bodySite extension"
    ),
}
# http://hl7.org/fhir/R4/resourcelist.html, the page of each type.
_TYPES_OF: Mapping[str, str] = {
    "abatement": "DateTime Age Period Range String",
    "deceased": "Boolean DateTime",
    "effective": "DateTime Period Timing Instant",
    "medication": "CodeableConcept Reference",
    "onset": "DateTime Age Period Range String",
    "performed": "DateTime Period String Age Range",
    "timing": "Timing Period DateTime",
    "value": (
        "Quantity CodeableConcept String Boolean Integer Range Ratio SampledData Time DateTime"
        " Period"
    ),
}
_MAY_POINT_INSIDE = ("medicationReference", "device", "result", "hasMember", "derivedFrom")


def elements_read(type_: str) -> tuple[str, ...]:
    """The elements that are read of a type, as they stand in JSON; empty for one read whole."""
    if type_ not in _READ:
        return ()
    names: list[str] = []
    for element in f"{_EVERY_TYPE} {_READ[type_]}".split():
        base = element.removesuffix("[x]")
        names += [base + kind for kind in _TYPES_OF[base].split()] if base != element else [base]
    return tuple(names)


def elements_asked_for(type_: str) -> str:
    """The value of `_elements`, with both names of what has several types; "" for none."""
    bases = (e.removesuffix("[x]") for e in _READ.get(type_, "").split() if e.endswith("[x]"))
    return ",".join((*elements_read(type_), *bases)) if type_ in _READ else ""


class LeastElements:
    """For which types `_elements` may be used here; learns it, and is shared by threads."""

    def __init__(self, is_used: bool) -> None:
        self._is_used = is_used
        self._proven: set[str] = set()
        self._read_whole: set[str] = set()
        self._lock = Lock()

    def asked_for(self, type_: str) -> str:
        """The value of `_elements` for the next search; "" where the type is read whole."""
        is_asked = self._is_used and type_ not in self._read_whole
        return elements_asked_for(type_) if is_asked else ""

    def is_proven(self, type_: str) -> bool:
        """Whether this server has shown that it keeps what is asked for."""
        return type_ in self._proven

    def compare(self, type_: str, least: Sequence[Json], whole: Sequence[Json]) -> None:
        """Learn from the same search answered in both ways; no resources prove nothing."""
        names = elements_read(type_)
        full = {r.get("id"): _only(r, names) for r in whole}
        told = [(full[r.get("id")], _only(r, names)) for r in least if r.get("id") in full]
        if any(expected != got for expected, got in told):
            self.give_up(type_)
        elif told:
            with self._lock:
                self._proven.add(type_)

    def give_up(self, type_: str) -> None:
        """Read this type whole from now on."""
        with self._lock:
            self._read_whole.add(type_)


def lacks_contained(resources: Iterable[Json]) -> bool:
    """Whether one points to something inside itself that did not come with it."""
    return any(_points_inside(r) for r in resources if not r.get("contained"))


def _points_inside(resource: Json) -> bool:
    for name in _MAY_POINT_INSIDE:
        if name in resource:
            targets = [object_in(resource, name), *objects_in(resource, name)]
            if any(text_in(target, "reference").startswith("#") for target in targets):
                return True
    return False


def _only(resource: Json, names: Sequence[str]) -> dict[str, Any]:
    """What is compared: `meta` is not, for a server marks a shortened resource there."""
    return {name: resource[name] for name in names if name in resource and name != "meta"}
