"""Who is told: the people, roles and groups to whom alerts are addressed.

A newcomer would get two things wrong. A message never goes to the patient or to their family: what
we write is for clinicians, so that other types of recipients are refused here. And the two kinds of
alert may go to different people: that a known osteoporosis is untreated (GAP-01) concerns whoever
treats the bones, while the screening alert concerns whoever treats the multiple sclerosis.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from service.screening.alert import AlertKind

STAFF_TYPES = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Group", "HealthcareService"}
)
# Task.owner and ServiceRequest.performer (R4) take every one of them but a Group.
_OWNER_TYPES = STAFF_TYPES - {"Group"}
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}")
_NOBODY: Mapping[AlertKind, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Recipients:
    """References of staff; `by_kind` takes the place of `everyone` for its kind of alert."""

    everyone: tuple[str, ...] = ()
    by_kind: Mapping[AlertKind, tuple[str, ...]] = field(default_factory=lambda: _NOBODY)

    def of(self, kind: AlertKind) -> tuple[str, ...]:
        """Who is told about this kind of alert."""
        return self.by_kind.get(kind, self.everyone)

    def owners_of(self, kind: AlertKind) -> tuple[str, ...]:
        """Those of them who can own a piece of work: everybody but Groups."""
        return tuple(r for r in self.of(kind) if type_of(r) in _OWNER_TYPES)

    @property
    def all(self) -> frozenset[str]:
        """Everybody who is named."""
        return frozenset(self.everyone).union(*self.by_kind.values())


NO_RECIPIENTS = Recipients()


def type_of(reference: str) -> str:
    """The resource type of a relative reference."""
    return reference.partition("/")[0]


def recipients_from(text: str) -> Recipients:
    """Read a setting such as `Practitioner/a, osteoporosis-treatment-gap=PractitionerRole/b`.

    ValueError, with a sentence that names the entry, for what is no reference to staff.
    """
    everyone: list[str] = []
    by_kind: dict[AlertKind, tuple[str, ...]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        kind, equals, reference = (part.strip() for part in entry.rpartition("="))
        _refuse_others(reference)
        if not equals:
            everyone.append(reference)
        elif kind in set(AlertKind):
            found = AlertKind(kind)
            by_kind[found] = (*by_kind.get(found, ()), reference)
        else:
            kinds = " or ".join(AlertKind)
            raise ValueError(f"'{kind[:40]}' is no kind of alert: write {kinds}")
    return Recipients(tuple(dict.fromkeys(everyone)), MappingProxyType(by_kind))


def _refuse_others(reference: str) -> None:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("an entry is not a reference such as Practitioner/123")
    if match[1] not in STAFF_TYPES:
        types = ", ".join(sorted(STAFF_TYPES))
        raise ValueError(f"a {match[1]} cannot be told: alerts go to staff only ({types})")
