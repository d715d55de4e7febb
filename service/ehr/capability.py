"""What this server says that it can do.

A newcomer would get two things wrong. A CapabilityStatement differs from tenant to tenant of the
same product, so it is read at the hospital and nothing is assumed from a product's name. And it is
a promise, not a proof: types that are not listed are not asked for, but what is listed may still be
refused or ignored, which is why the reader tests every answer.

Where the statement is broken or silent, nothing is assumed and `gaps` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from service.ehr.bundle import Resource
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRMisunderstood, EHRNotFound, issues_of

# R4 and R4B do not differ in the resources that are read and written here.
_READABLE_VERSIONS = ("4.0", "4.3")


@dataclass(frozen=True, slots=True)
class TypeCapability:
    """What is offered for one resource type."""

    interactions: frozenset[str]
    search_parameters: frozenset[str]
    conditional_create: bool
    conditional_update: bool
    update_create: bool
    versioning: str
    includes: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()


ExportLevel = Literal["group", "patient", "system"]


@dataclass(frozen=True, slots=True)
class Capability:
    """What one server offers to us. `gaps` are sentences for an operator about what it left unsaid.

    `ungranted` are types that the server offers and our access token does not cover: they count as
    not offered.
    """

    fhir_version: str
    software: str
    types: Mapping[str, TypeCapability]
    system_interactions: frozenset[str]
    common_search_parameters: frozenset[str]
    gaps: tuple[str, ...] = ()
    operations: frozenset[str] = frozenset()
    ungranted: frozenset[str] = frozenset()

    def can_read(self, type_: str) -> bool:
        """Whether single resources of this type can be read by id."""
        return "read" in self._interactions(type_)

    def can_search(self, type_: str, parameter: str | None = None) -> bool:
        """Whether the type can be searched, and by `parameter` where one is given.

        True for a parameter means that the server says so; False may also mean that it forgot.
        """
        if "search-type" not in self._interactions(type_):
            return False
        return parameter is None or parameter in (
            self.types[type_].search_parameters | self.common_search_parameters
        )

    def can_create(self, type_: str) -> bool:
        """Whether resources of this type can be created; updating them is another question."""
        return "create" in self._interactions(type_)

    def can_write(self, type_: str) -> bool:
        """Whether resources of this type can be both created and updated."""
        return {"create", "update"} <= self._interactions(type_)

    def can_include(self, type_: str, include: str) -> bool:
        """Whether a search for the type can bring `include` along, such as `Condition:subject`."""
        listed = self.types[type_].includes if type_ in self.types else frozenset()
        return bool(listed & {include, "*", include.replace(":", "."), f"{type_}:*"})

    def can_export(self, level: ExportLevel) -> bool:
        """Whether Bulk Data is offered at this level; a server may hold it back all the same."""
        if f"{level}-export" in self.operations:  # Some list all three at the top (Azure).
            return True
        own = {
            "group": self._operations("Group"),
            "patient": self._operations("Patient"),
            "system": self.operations,
        }
        return bool(own[level] & {"export", f"{level}-export"})

    @property
    def has_everything(self) -> bool:
        """Whether `Patient/{id}/$everything` is offered."""
        return bool(self._operations("Patient") & {"everything", "patient-everything"})

    @property
    def takes_elements(self) -> bool:
        """Whether `_elements` is listed, so that less than whole resources may be asked for."""
        listed = [
            self.common_search_parameters,
            *(t.search_parameters for t in self.types.values()),
        ]
        return any("_elements" in names for names in listed)

    @property
    def has_subscriptions(self) -> bool:
        """Whether a Subscription can be created."""
        return self.can_create("Subscription")

    @property
    def has_batches(self) -> bool:
        """Whether several requests can be sent in one."""
        return "batch" in self.system_interactions

    def within(self, unread: Iterable[str], unwritable: Iterable[str]) -> Capability:
        """The same server through an access token that does not cover these types."""
        unread, unwritable = frozenset(unread), frozenset(unwritable)
        types = {
            name: replace(
                offered,
                interactions=offered.interactions
                - (_READING if name in unread else frozenset())
                - (_WRITING if name in unwritable else frozenset()),
            )
            for name, offered in self.types.items()
        }
        hidden = frozenset(name for name in unread if self.can_search(name))
        return replace(self, types=MappingProxyType(types), ungranted=self.ungranted | hidden)

    def without_parameters(self, unusable: Mapping[str, Iterable[str]]) -> Capability:
        """The same server less the search parameters, by type, that are not to be relied on."""
        types = {
            name: replace(
                offered,
                search_parameters=offered.search_parameters - frozenset(unusable.get(name, ())),
            )
            for name, offered in self.types.items()
        }
        return replace(self, types=MappingProxyType(types))

    def can_create_conditionally(self, type_: str) -> bool:
        """Whether If-None-Exist is offered. It races on most servers: never rely on it alone."""
        return type_ in self.types and self.types[type_].conditional_create

    @property
    def has_transactions(self) -> bool:
        """Whether several resources can be written in one step, all or none."""
        return "transaction" in self.system_interactions

    def _interactions(self, type_: str) -> frozenset[str]:
        return self.types[type_].interactions if type_ in self.types else frozenset()

    def _operations(self, type_: str) -> frozenset[str]:
        return self.types[type_].operations if type_ in self.types else frozenset()


_READING = frozenset({"read", "vread", "search-type"})
_WRITING = frozenset({"create", "update", "patch"})


def read_statement(client: FHIRClient) -> Resource:
    """Ask `/metadata`. EHRMisunderstood where something else answers than a FHIR server."""
    try:
        statement = client.get_json("metadata")
    except EHRNotFound as error:
        raise EHRMisunderstood(
            "There is no FHIR server at the base URL: check BONEFLAG_FHIR_BASE_URL",
            status=error.status,
        ) from None
    if statement.get("resourceType") != "CapabilityStatement":
        raise EHRMisunderstood(
            "The base URL answers, but not with a CapabilityStatement: check"
            " BONEFLAG_FHIR_BASE_URL",
            issues=issues_of(statement),
        )
    return statement


def read_capability(client: FHIRClient) -> Capability:
    """What the server says that it can do. EHRMisunderstood for another FHIR version."""
    return capability_from(read_statement(client))


def capability_from(statement: Mapping[str, Any]) -> Capability:
    """Reduce a CapabilityStatement to what BoneFlag asks of it."""
    gaps: list[str] = []
    version = _text(statement.get("fhirVersion"))
    if not version:
        gaps.append("It does not say which FHIR version it speaks; R4 is assumed.")
    elif not version.startswith(_READABLE_VERSIONS):
        raise EHRMisunderstood(
            f"The server speaks FHIR {version[:12]}; BoneFlag needs R4 (4.0) or R4B (4.3)"
        )
    rest = next(
        (r for r in _mappings(statement.get("rest")) if r.get("mode", "server") == "server"), {}
    )
    types = {
        str(resource["type"]): _type_from(resource)
        for resource in _mappings(rest.get("resource"))
        if isinstance(resource.get("type"), str)
    }
    if not types:
        gaps.append("It does not list a single resource type; nothing can be assumed of it.")
    elif not any(t.search_parameters for t in types.values()):
        gaps.append("It does not list search parameters; each will be tried.")
    software = _mapping(statement.get("software"))
    return Capability(
        fhir_version=version,
        software=" ".join(filter(None, (_text(software.get(k)) for k in ("name", "version")))),
        types=MappingProxyType(types),
        system_interactions=_named(rest.get("interaction"), "code"),
        common_search_parameters=_named(rest.get("searchParam"), "name"),
        gaps=tuple(gaps),
        operations=_operations(rest),
    )


def _type_from(resource: Mapping[str, Any]) -> TypeCapability:
    return TypeCapability(
        interactions=_named(resource.get("interaction"), "code"),
        search_parameters=_named(resource.get("searchParam"), "name"),
        conditional_create=resource.get("conditionalCreate") is True,
        conditional_update=resource.get("conditionalUpdate") is True,
        update_create=resource.get("updateCreate") is True,
        versioning=_text(resource.get("versioning")) or "no-version",
        includes=_texts(resource.get("searchInclude")),
        operations=_operations(resource),
    )


def _operations(holder: Mapping[str, Any]) -> frozenset[str]:
    """The names of operations, and the ends of their definitions' addresses."""
    listed = _mappings(holder.get("operation"))
    names = {_text(operation.get("name")).lstrip("$") for operation in listed}
    ends = {_text(operation.get("definition")).rsplit("/", 1)[-1] for operation in listed}
    return frozenset(filter(None, names | {end.split("|")[0] for end in ends}))


def _texts(items: object) -> frozenset[str]:
    return frozenset(i for i in items if isinstance(i, str)) if isinstance(items, list) else _NONE


_NONE: frozenset[str] = frozenset()


def _named(items: object, key: str) -> frozenset[str]:
    return frozenset(str(i[key]) for i in _mappings(items) if isinstance(i.get(key), str))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
