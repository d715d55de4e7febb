"""The generated package says what the protocol and the code say, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from service.screening.alert import CANONICAL_BASE
from service.screening.value_sets import CPT

Resource = dict[str, Any]


def _all_in(package: Any) -> list[Resource]:
    """Every resource of the archive, as it reads there."""
    held = ((p, json.loads(text)) for p, text in package.files.items())
    return [content for _, content in held if "resourceType" in content]


def _every(name: str, node: Any) -> Iterator[Any]:
    """Every value of an element of this name, wherever it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _every(name, value)
    elif isinstance(node, list):
        for item in node:
            yield from _every(name, item)


# --- The files ------------------------------------------------------------------------------------


def test_the_generated_files_and_the_package_are_up_to_date(package_script: ModuleType) -> None:
    assert package_script.main(["--check"]) == 0


def test_the_same_resources_give_the_same_bytes(package_script: ModuleType, package: Any) -> None:
    again = package_script.build(package_script.packaged_source())
    assert package_script.packed(again.files) == package_script.packed(package.files)


def test_what_was_packed_is_what_is_unpacked(package_script: ModuleType, package: Any) -> None:
    assert package_script.unpacked(package_script.packed(package.files)) == package.files


def test_a_missing_a_changed_and_a_left_over_file_are_stale(
    package_script: ModuleType, package: Any, tmp_path: Path
) -> None:
    package_script.write(package, package_script.stale_paths(package, tmp_path), tmp_path)
    assert package_script.stale_paths(package, tmp_path) == []
    (tmp_path / "CodeSystem-status.json").unlink()
    (tmp_path / "CodeSystem-criterion.json").write_text("{}", "utf-8")
    (tmp_path / "examples" / "Flag-of-yesterday.json").write_text("{}", "utf-8")
    (tmp_path / "package.tgz").write_bytes(package_script.packed({"package/package.json": "{}"}))
    stale = [path.name for path in package_script.stale_paths(package, tmp_path)]
    assert stale == [
        "CodeSystem-criterion.json",
        "CodeSystem-status.json",
        "Flag-of-yesterday.json",
        "package.tgz",
    ]


def test_writing_removes_what_is_no_longer_generated(
    package_script: ModuleType, package: Any, tmp_path: Path
) -> None:
    left_over = tmp_path / "CodeSystem-gone.json"
    left_over.write_text("{}", "utf-8")
    package_script.write(package, package_script.stale_paths(package, tmp_path), tmp_path)
    assert not left_over.exists()


def test_the_archive_is_small_enough_to_be_kept(package_script: ModuleType) -> None:
    assert package_script.ARCHIVE.stat().st_size < 300_000


# --- The package ----------------------------------------------------------------------------------


def test_every_resource_is_valid_fhir(package: Any) -> None:
    for resource in _all_in(package):
        type_ = resource["resourceType"]
        model = getattr(import_module(f"fhir.resources.R4B.{type_.lower()}"), type_)
        model.model_validate(resource)


def test_the_manifest_names_the_version_of_fhir_and_what_it_depends_on(package: Any) -> None:
    manifest = json.loads(package.files["package/package.json"])
    assert manifest["name"] == "boneflag.fhir"
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}
    assert manifest["canonical"] == CANONICAL_BASE


def test_the_name_and_version_are_what_a_package_registry_accepts(package: Any) -> None:
    manifest = json.loads(package.files["package/package.json"])
    assert re.fullmatch(r"[a-z][a-z0-9\-]*(\.[a-z0-9\-]+)+", manifest["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])


@pytest.mark.parametrize("folder", ["package", "package/example"])
def test_the_index_lists_every_file_of_its_folder(package: Any, folder: str) -> None:
    index = json.loads(package.files[f"{folder}/.index.json"])
    listed = {f"{folder}/{entry['filename']}" for entry in index["files"]}
    lying = {
        path
        for path, text in package.files.items()
        if path.rpartition("/")[0] == folder and "resourceType" in json.loads(text)
    }
    assert listed == lying


def test_the_implementation_guide_lists_everything_else(package: Any) -> None:
    guide = json.loads(package.files["package/ImplementationGuide-boneflag.fhir.json"])
    listed = [entry["reference"]["reference"] for entry in guide["definition"]["resource"]]
    held = [f"{r['resourceType']}/{r['id']}" for r in _all_in(package)]
    assert sorted([*listed, "ImplementationGuide/boneflag.fhir"]) == sorted(held)


def test_every_packaged_value_set_and_profile_is_in_it(
    package: Any, packaged: Mapping[str, Resource], profiles: Mapping[str, Resource]
) -> None:
    stored = [*packaged.values(), *profiles.values()]
    held = {(r["resourceType"], r["id"]): r for r in _all_in(package)}
    assert [r["id"] for r in stored if held.get((r["resourceType"], r["id"])) != r] == []


def test_nothing_unverified_is_in_it(package: Any, unverified: Mapping[str, Resource]) -> None:
    held = {r["id"] for r in _all_in(package)}
    assert held.isdisjoint(r["id"] for r in unverified.values())


def test_no_descriptor_of_the_ama_is_in_it(package: Any) -> None:
    descriptors = [
        concept
        for resource in _all_in(package)
        if resource["resourceType"] == "ValueSet"
        for include in resource["compose"]["include"]
        if include["system"] == CPT
        for concept in include["concept"]
        if "display" in concept
    ]
    assert descriptors == []


def test_every_canonical_of_ours_that_is_named_is_there(package: Any) -> None:
    resources = _all_in(package)
    known = {r["url"] for r in resources if "url" in r}
    named = {
        url.partition("|")[0]
        for name in (
            "valueSet",
            "library",
            "resource",
            "sourceCanonical",
            "targetCanonical",
            "instantiatesCanonical",
            "measure",
            "profile",
            "fixedUri",
            "system",
        )
        for value in _every(name, resources)
        for url in (value if isinstance(value, list) else [value])
        if isinstance(url, str) and url.startswith(f"{CANONICAL_BASE}/")
    }
    identifiers = {f"{CANONICAL_BASE}/sid/alert"}
    assert named - known - identifiers == set()


def test_everything_that_is_generated_is_an_experimental_draft(package: Any) -> None:
    standing = {(r["status"], r["experimental"]) for r in package.generated}
    assert standing == {("draft", True)}
