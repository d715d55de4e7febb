"""A file with one patient's resources, as any export gives it, sorted for the record parser.

A newcomer would get four things wrong. Resources may point at each other by `urn:uuid`, which only
the entry's fullUrl resolves. A history bundle holds the same resource in several versions, of which
the newest counts, and a DELETE entry takes it away. Exports hold bundles in bundles. And a broken
entry costs only itself: it is reported and the rest is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.ehr.fields import Json, object_in, objects_in, reference_in, text_in
from service.ehr.resource_types import RESOURCE_TYPES
from service.ehr.subject import patient_id_of, referenced
from service.screening.record import Problem

_DEEPEST_BUNDLE = 5
_DEEPEST_ELEMENT = 50


class BundleUnreadable(ValueError):
    """The file holds no FHIR resources at all; the message says what was expected."""


@dataclass(frozen=True, slots=True, repr=False)
class FileChart:
    """One patient's resources by type, and what could not be used.

    `medications` maps every reference under which a Medication is known to the resource.
    """

    patient_id: str
    resources: Mapping[str, list[Json]]
    medications: Mapping[str, Json]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Gathered:
    found: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    urls: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_bundle(raw: bytes) -> FileChart:
    """Read a Bundle, a list of resources or a single one; BundleUnreadable for anything else."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BundleUnreadable("the file is not JSON: export it as a FHIR Bundle in JSON") from (
            error
        )
    gathered = _Gathered()
    _gather(document, "Bundle", gathered, 0)
    if not gathered.found and not gathered.problems and not _is_bundle(document):
        raise BundleUnreadable("the file holds no FHIR resource: export one patient as a Bundle")
    if gathered.urls:
        for resource in gathered.found.values():
            _resolve(resource, gathered.urls, 0)
    for key in gathered.deleted:
        gathered.found.pop(key, None)
    return _chart(list(gathered.found.values()), gathered.problems, gathered.urls)


def _is_bundle(document: object) -> bool:
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def _gather(document: object, place: str, gathered: _Gathered, depth: int) -> None:
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        entries = document.get("entry")
        entries = entries if isinstance(entries, list) else []
        for number, entry in enumerate(entries):
            _gather_entry(entry, f"{place}.entry[{number}]", gathered, depth)
    elif isinstance(document, list):
        for number, resource in enumerate(document):
            _gather_entry({"resource": resource}, f"[{number}]", gathered, depth)
    elif isinstance(document, dict) and "resourceType" in document:
        _gather_entry({"resource": document}, place, gathered, depth)


def _gather_entry(entry: object, place: str, gathered: _Gathered, depth: int) -> None:
    if not isinstance(entry, dict):
        gathered.problems.append(Problem(place, "entry is not an object"))
        return
    resource, request = entry.get("resource"), object_in(entry, "request")
    if text_in(request, "method").upper() == "DELETE":
        ref = referenced({"reference": text_in(request, "url")})
        if ref is not None and (ref.type, ref.id) not in gathered.found:
            gathered.deleted.add((ref.type, ref.id))
        return
    if not isinstance(resource, dict):
        gathered.problems.append(Problem(place, "entry holds no resource"))
        return
    kind = resource.get("resourceType")
    if kind == "Bundle":
        if depth < _DEEPEST_BUNDLE:
            _gather(resource, place, gathered, depth + 1)
        return
    if kind not in RESOURCE_TYPES or not isinstance(kind, str):
        gathered.problems.append(Problem(place, "unknown resource type"))
        return
    _keep(resource, kind, text_in(entry, "fullUrl"), place, gathered)


def _keep(
    resource: dict[str, Any], kind: str, full_url: str, place: str, gathered: _Gathered
) -> None:
    own = resource.get("id")
    if not isinstance(own, str) or not own:
        own = full_url.rsplit("/", 1)[-1].rsplit(":", 1)[-1] or place.replace(" ", "")
        resource["id"] = own
    if full_url.startswith("urn:"):
        gathered.urls[full_url] = f"{kind}/{own}"
    known = gathered.found.get((kind, own))
    if known is None or _version(resource) > _version(known):
        gathered.found[(kind, own)] = resource


def _version(resource: Json) -> tuple[str, int, str]:
    """Newest by the server's clock, then by version number."""
    meta = object_in(resource, "meta")
    version = text_in(meta, "versionId")
    return text_in(meta, "lastUpdated"), int(version) if version.isdecimal() else 0, version


def _resolve(element: object, urls: Mapping[str, str], depth: int) -> None:
    """Replace urn references by `Type/id`, wherever they stand."""
    if depth > _DEEPEST_ELEMENT:
        return
    if isinstance(element, dict):
        reference = element.get("reference")
        if isinstance(reference, str) and reference in urls:
            element["reference"] = urls[reference]
        for value in element.values():
            if isinstance(value, dict | list):
                _resolve(value, urls, depth + 1)
    elif isinstance(element, list):
        for value in element:
            _resolve(value, urls, depth + 1)


def _chart(
    resources: list[dict[str, Any]], problems: list[Problem], urls: Mapping[str, str]
) -> FileChart:
    patient_id = _patient_of(resources)
    by_type: dict[str, list[Json]] = {}
    medications: dict[str, Json] = {}
    for resource in resources:
        kind, own = resource["resourceType"], resource["id"]
        about = _about(resource)
        if about is not None and about != patient_id:
            problems.append(Problem(f"{kind}/{own}", "about another patient: not used"))
        elif kind == "OperationOutcome":
            problems += _outcome(resource)
        else:
            by_type.setdefault(kind, []).append(resource)
            if kind == "Medication":
                medications[f"Medication/{own}"] = resource
    for url, reference in urls.items():
        if reference in medications:
            medications[url] = medications[reference]
    return FileChart(patient_id, by_type, medications, tuple(problems))


def _about(resource: Json) -> str | None:
    """Whose it is; a Task says it in `for`."""
    if resource.get("resourceType") == "Task":
        ref = reference_in(resource, "for")
        return ref.id if ref is not None and ref.type == "Patient" else None
    if resource.get("resourceType") in ("Group", "List"):
        return None
    return patient_id_of(resource)


def _patient_of(resources: list[dict[str, Any]]) -> str:
    """The Patient whom most resources are about; "unknown" where nobody is named."""
    named = Counter(filter(None, (_about(r) for r in resources if r["resourceType"] != "Patient")))
    people = [r for r in resources if r["resourceType"] == "Patient"]
    ids = [p["id"] for p in people] or list(named)
    return max(ids, key=lambda own: (named[own], own), default="unknown")


def _outcome(resource: Json) -> Iterator[Problem]:
    for issue in objects_in(resource, "issue"):
        if text_in(issue, "severity") in ("error", "fatal"):
            yield Problem("OperationOutcome", "the export reports an error of the server")
