"""A file with one patient's resources, as any export gives it, sorted for the record parser.

A newcomer would get four things wrong. Resources may point at each other by `urn:uuid`, which only
the entry's fullUrl resolves. A history bundle holds the same resource in several versions, of which
the newest counts, and a DELETE entry takes it away. Exports hold bundles in bundles. And a broken
entry costs only itself: it is reported and the rest is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.ehr.fields import Json, object_in, objects_in, reference_in, text_in
from service.ehr.glance import Glance, PassedOver
from service.ehr.resource_types import RESOURCE_TYPES
from service.ehr.subject import is_about_no_patient, patient_id_of, referenced
from service.screening.record import Problem

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # Windows programs put it before JSON.
_DEEPEST_BUNDLE = 5
_DEEPEST_ELEMENT = 50
_NO_PATIENT = ""  # Whose a resource is that says it is about a group, a device or a place.


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


# fullUrl, resource and request as they stand in an entry.
_Entry = tuple[Any, Any, Any]
# A list in the document and the number in it; made into words only where they are needed.
_Place = tuple[str, int]
_Resource = dict[str, Any] | PassedOver
_Found = dict[tuple[str, str], _Resource]


@dataclass(slots=True, repr=False)
class _Gathered:
    found: _Found = field(default_factory=dict)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    urls: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_bundle(raw: bytes, glance: Glance | None = None) -> FileChart:
    """Read a Bundle, a list of resources or a single one; BundleUnreadable for anything else.

    With a `glance` the chart is without the resources that no criterion reads.
    """
    raw = raw.removeprefix(_BYTE_ORDER_MARK)
    gathered = _Gathered()
    entries = None if glance is None else glance.entries(raw)
    if entries:
        _gather_entries(entries, "Bundle.entry", gathered, 0)
    else:
        _gather_document(raw, gathered)
    if gathered.urls:
        for resource in gathered.found.values():
            if not isinstance(resource, PassedOver):
                _resolve(resource, gathered.urls, 0)
    for key in gathered.deleted:
        gathered.found.pop(key, None)
    return _chart(gathered.found, gathered.problems, gathered.urls)


def _gather_document(raw: bytes, gathered: _Gathered) -> None:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleUnreadable("the file is not JSON: export it as a FHIR Bundle in JSON") from (
            error
        )
    _gather(document, "Bundle", gathered, 0)
    if not gathered.found and not _is_bundle(document):
        raise BundleUnreadable("the file holds no FHIR resource: export one patient as a Bundle")


def _is_bundle(document: object) -> bool:
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def _gather(document: object, place: str, gathered: _Gathered, depth: int) -> None:
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        entries = document.get("entry", [])
        if not isinstance(entries, list):
            gathered.problems.append(Problem(f"{place}.entry", "not a list of entries"))
            entries = []
        _gather_entries(map(_opened, entries), f"{place}.entry", gathered, depth)
    elif isinstance(document, list):
        _gather_entries(((None, r, None) for r in document), "", gathered, depth)
    elif isinstance(document, dict) and "resourceType" in document:
        _gather_entry((None, document, None), (place, 0), gathered, depth)


def _name(place: _Place) -> str:
    return f"{place[0]}[{place[1]}]"


def _opened(entry: object) -> _Entry | None:
    if not isinstance(entry, dict):
        return None
    return entry.get("fullUrl"), entry.get("resource"), entry.get("request")


def _gather_entries(
    entries: Iterable[_Entry | None], place: str, gathered: _Gathered, depth: int
) -> None:
    for number, entry in enumerate(entries):
        if entry is not None and isinstance(entry[1], PassedOver) and entry[2] is None:
            passed = entry[1]  # Nine of ten; what follows would find the same more slowly.
            _keep(passed, passed.resource_type, passed.id, entry[0], (place, number), gathered)
        else:
            _gather_entry(entry, (place, number), gathered, depth)


def _gather_entry(entry: _Entry | None, place: _Place, gathered: _Gathered, depth: int) -> None:
    if entry is None:
        gathered.problems.append(Problem(_name(place), "entry is not an object"))
        return
    full_url, resource, request = entry
    if isinstance(request, dict) and text_in(request, "method").upper() == "DELETE":
        ref = referenced({"reference": text_in(request, "url")})
        if ref is not None and (ref.type, ref.id) not in gathered.found:
            gathered.deleted.add((ref.type, ref.id))
        return
    if isinstance(resource, PassedOver):
        _keep(resource, resource.resource_type, resource.id, full_url, place, gathered)
        return
    if not isinstance(resource, dict):
        gathered.problems.append(Problem(_name(place), "entry holds no resource"))
        return
    kind = resource.get("resourceType")
    if kind == "Bundle":
        if depth < _DEEPEST_BUNDLE:
            _gather(resource, _name(place), gathered, depth + 1)
        return
    if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
        gathered.problems.append(Problem(_name(place), "unknown resource type"))
        return
    resource["id"] = _keep(resource, kind, resource.get("id"), full_url, place, gathered)


def _keep(
    resource: _Resource,
    kind: str,
    own: object,
    full_url: object,
    place: _Place,
    gathered: _Gathered,
) -> str:
    """Keep the newest version of each resource; its id, or one made up where it has none."""
    url = full_url.strip() if isinstance(full_url, str) else ""
    if not isinstance(own, str) or not own:
        own = url.rsplit("/", 1)[-1].rsplit(":", 1)[-1] or _name(place)
    if url and url.startswith("urn:"):
        gathered.urls[url] = f"{kind}/{own}"
    known = gathered.found.setdefault((kind, own), resource)
    if known is not resource and _version(resource) > _version(known):
        gathered.found[(kind, own)] = resource
    return own


def _version(resource: _Resource) -> tuple[str, int, str]:
    """Newest by the server's clock, then by version number."""
    if isinstance(resource, PassedOver):
        resource = {"meta": resource.element("meta")}
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


def _chart(found: _Found, problems: list[Problem], urls: Mapping[str, str]) -> FileChart:
    abouts = _abouts(found.values())
    patient_id = _patient_of(found, abouts)
    by_type: dict[str, list[Json]] = {}
    medications: dict[str, Json] = {}
    for ((kind, own), resource), about in zip(found.items(), abouts, strict=True):
        if about is not None and about != patient_id:
            whom = "another patient" if about else "something that is no patient"
            problems.append(Problem(f"{kind}/{own}", f"about {whom}: not used"))
        elif isinstance(resource, PassedOver):
            continue
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


_TELL_WHOSE = ("subject", "patient", "contained")


def _abouts(resources: Iterable[_Resource]) -> list[str | None]:
    # The same few references stand in all those that are passed over, most often in a row.
    known: dict[tuple[bytes, ...], str | None] = {}
    last, of_last = PassedOver(), None
    found = []
    for resource in resources:
        if not isinstance(resource, PassedOver):
            found.append(_about(resource))
            continue
        # A reference may point to what is contained, and mean another thing in each resource.
        if (
            resource.subject != last.subject
            or resource.patient != last.patient
            or resource.contained != last.contained
        ):
            last, written = resource, tuple(bytes(getattr(resource, e)) for e in _TELL_WHOSE)
            if written not in known:
                known[written] = _about({e: resource.element(e) for e in _TELL_WHOSE})
            of_last = known[written]
        found.append(of_last)
    return found


def _about(resource: Json) -> str | None:
    """Whose it is, None where nobody is named; a Task says it in `for`."""
    kind = resource.get("resourceType")
    if kind in ("Group", "List"):
        return None
    if kind == "Task":
        ref = reference_in(resource, "for")
        own = ref.id if ref is not None and ref.type == "Patient" else None
    else:
        own = patient_id_of(resource)
    return _NO_PATIENT if own is None and is_about_no_patient(resource) else own


def _patient_of(found: _Found, abouts: Iterable[str | None]) -> str:
    """The Patient whom most resources are about; "unknown" where nobody is named."""
    people = [own for kind, own in found if kind == "Patient"]
    named = Counter(filter(None, abouts))
    named.subtract(people)  # A Patient is about itself, which says nothing.
    return max(people or list(named), key=lambda own: (named[own], own), default="unknown")


def _outcome(resource: Json) -> Iterator[Problem]:
    for issue in objects_in(resource, "issue"):
        if text_in(issue, "severity") in ("error", "fatal"):
            yield Problem("OperationOutcome", "the export reports an error of the server")
