"""The npm-style FHIR package: manifest, index, ImplementationGuide, and the archive itself.

A newcomer would get two things wrong. The same resources always give the same bytes on one machine
(sorted, no times, no owners), but another zlib compresses otherwise: contents are compared, never
the archive. And examples lie in a folder of their own, which no server installs.

Layout: https://hl7.org/fhir/packages.html
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from fhir_package.source import PUBLISHER, Resource, Source
from service.screening.alert import CANONICAL_BASE

PACKAGE_NAME = "boneflag.fhir"
FHIR_VERSION = "4.0.1"
LICENCE = "Apache-2.0"
TITLE = "BoneFlag: bone health in multiple sclerosis"
DESCRIPTION = (
    "What BoneFlag reads, decides and writes, in FHIR: value sets, profiles, criteria, the "
    "protocol as a PlanDefinition, the Measure of its report. A proposal; not validated on "
    "patients."
)
CORE = {"hl7.fhir.r4.core": FHIR_VERSION}
_INDEXED = ("id", "url", "version", "kind", "type")


def implementation_guide(
    source: Source, resources: Iterable[Resource], examples: Iterable[Resource]
) -> Resource:
    """The list of everything in the package, which package registries ask for."""
    listed = [
        *({"reference": _reference(r), "name": r["title"]} for r in resources),
        *({"reference": _reference(r), "exampleBoolean": True} for r in examples),
    ]
    return {
        "resourceType": "ImplementationGuide",
        "id": PACKAGE_NAME,
        "url": f"{CANONICAL_BASE}/ImplementationGuide/{PACKAGE_NAME}",
        "version": source.version,
        "name": "BoneFlag",
        "title": TITLE,
        "status": "draft",
        "experimental": True,
        "date": source.published,
        "publisher": PUBLISHER,
        "description": DESCRIPTION,
        "copyright": source.copyright,
        "packageId": PACKAGE_NAME,
        "license": LICENCE,
        "fhirVersion": [FHIR_VERSION],
        "definition": {"resource": listed},
    }


def _reference(resource: Resource) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def manifest(source: Source) -> dict[str, Any]:
    """package.json."""
    return {
        "name": PACKAGE_NAME,
        "version": source.version,
        "type": "IG",
        "date": source.published.replace("-", "") + "000000",
        "title": TITLE,
        "description": DESCRIPTION,
        "author": PUBLISHER,
        "license": LICENCE,
        "canonical": CANONICAL_BASE,
        "url": CANONICAL_BASE,
        "fhirVersions": [FHIR_VERSION],
        "dependencies": CORE,
    }


def index(resources: Iterable[Resource]) -> dict[str, Any]:
    """.index.json: what is in a folder, for readers that do not want to open every file."""
    files = [
        {"filename": file_name(r), "resourceType": r["resourceType"]}
        | {name: r[name] for name in _INDEXED if isinstance(r.get(name), str)}
        for r in resources
    ]
    return {"index-version": 1, "files": sorted(files, key=lambda f: str(f["filename"]))}


def file_name(resource: Resource) -> str:
    """The name of a resource's file, here and in the package."""
    return f"{resource['resourceType']}-{resource['id']}.json"


def as_text(content: Mapping[str, Any]) -> str:
    """JSON as it is kept in files: one element a line, but for a report of many hundred counts."""
    indent = None if content.get("resourceType") == "MeasureReport" else 2
    return json.dumps(content, indent=indent, ensure_ascii=False) + "\n"


def package_files(
    source: Source, resources: list[Resource], examples: list[Resource]
) -> dict[str, str]:
    """Every file of the package by its path in it."""
    everything = [*resources, implementation_guide(source, resources, examples)]
    files = {f"package/{file_name(r)}": as_text(r) for r in everything}
    files |= {f"package/example/{file_name(r)}": as_text(r) for r in examples}
    files["package/package.json"] = as_text(manifest(source))
    files["package/.index.json"] = as_text(index(everything))
    files["package/example/.index.json"] = as_text(index(examples))
    return files


def packed(files: Mapping[str, str]) -> bytes:
    """The .tgz; package.json first, because readers stream."""
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(files, key=lambda p: (p != "package/package.json", p)):
            content = files[path].encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    compressed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, compressed, mtime=0) as file:
        file.write(tar_bytes.getvalue())
    return compressed.getvalue()


def unpacked(archive: bytes) -> dict[str, str]:
    """The files of a .tgz by their path in it."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        held = ((entry.name, tar.extractfile(entry)) for entry in tar)
        return {name: file.read().decode() for name, file in held if file is not None}
