"""What a preset's CapabilityStatement offers, written as a small table.

One line for each type: its name, its interactions in one word (`r` read, `s` search, `c` create,
`u` update, `p` patch, `d` delete), then the search parameters; operations begin with a dollar sign.
Only what bears on reading charts and on delivering alerts is kept of the real statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.demo_ehr.codes import JSON

_INTERACTIONS = {
    "r": "read",
    "s": "search-type",
    "c": "create",
    "u": "update",
    "p": "patch",
    "d": "delete",
}
_REFERENCES = frozenset(("patient", "subject", "encounter", "recipient", "sender", "based-on"))
_DATES = frozenset(("date", "_lastUpdated", "onset-date", "recorded-date", "authoredon", "sent"))


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered for one type; the flags are None where the statement is silent."""

    interactions: frozenset[str]
    parameters: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    conditional_create: bool | None = None
    conditional_update: bool | None = None
    update_create: bool | None = None
    versioning: str = ""

    def as_json(self, type_: str) -> JSON:
        """The entry of a CapabilityStatement."""
        told: JSON = {
            "type": type_,
            "interaction": [{"code": code} for code in sorted(self.interactions)],
            "searchParam": [{"name": n, "type": _parameter_type(n)} for n in self.parameters],
            "operation": [{"name": o.lstrip("$"), "definition": o} for o in self.operations],
            "conditionalCreate": self.conditional_create,
            "conditionalUpdate": self.conditional_update,
            "updateCreate": self.update_create,
            "versioning": self.versioning,
        }
        return {key: value for key, value in told.items() if value not in (None, "", [])}


def offers(
    table: str,
    *,
    conditional_create: bool | None = None,
    conditional_update: bool | None = None,
    update_create: bool | None = None,
    versioning: str = "",
) -> dict[str, Offer]:
    """Read the table; the flags hold for every type in it."""
    found = {}
    for line in filter(None, map(str.strip, table.splitlines())):
        type_, letters, *words = line.split()
        found[type_] = Offer(
            frozenset(_INTERACTIONS[letter] for letter in letters if letter != "-"),
            tuple(word for word in words if not word.startswith("$")),
            tuple(word for word in words if word.startswith("$")),
            conditional_create,
            conditional_update,
            update_create,
            versioning,
        )
    return found


def statement(
    product: JSON,
    offered: Mapping[str, Offer],
    interactions: Iterable[str],
    operations: Iterable[str],
    base_url: str,
) -> JSON:
    """The CapabilityStatement; `product` is what it says of software and publisher."""
    rest: JSON = {
        "mode": "server",
        "resource": [offer.as_json(type_) for type_, offer in offered.items()],
    }
    if codes := [{"code": code} for code in interactions]:
        rest["interaction"] = codes
    if named := [{"name": o.lstrip("$"), "definition": o} for o in operations]:
        rest["operation"] = named
    implementation = product.get("implementation", {}) | {"url": base_url}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        **product,
        "implementation": {"description": "Demo hospital"} | implementation,
        "rest": [rest],
    }


def _parameter_type(name: str) -> str:
    if name in _REFERENCES:
        return "reference"
    return "date" if name in _DATES else "token"
