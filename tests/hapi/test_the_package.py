"""The FHIR package on a real HAPI server: its installer takes it, and `$validate` finds no fault.

A newcomer would get two things wrong. HAPI's installer passes over drafts unless it is told not to,
and everything of ours is a draft; the test server is told so. And HAPI cannot judge the places
where an extension may stand (see `_judged_as`), so those alone are asked in another way.
"""

from __future__ import annotations

import copy
import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hapi.hapi_server import HAPIServer

ARCHIVE = Path(__file__).parents[2] / "fhir_profiles" / "generated" / "package.tgz"
# What HAPI installs of a package; examples and the ImplementationGuide stay in the archive.
INSTALLED = (
    "CodeSystem",
    "ConceptMap",
    "Library",
    "Measure",
    "PlanDefinition",
    "StructureDefinition",
    "ValueSet",
)
# HAPI knows no content of these systems, so it can only say that it did not look.
NOT_LOADED = ("icd-10-cm", "loinc.org", "rxnorm", "ama-assn.org/go/cpt", "snomed.info/sct")
Resource = dict[str, Any]


def _files() -> dict[str, Resource]:
    with tarfile.open(fileobj=io.BytesIO(ARCHIVE.read_bytes()), mode="r:gz") as tar:
        held = ((entry.name, tar.extractfile(entry)) for entry in tar)
        return {name: json.loads(file.read()) for name, file in held if file is not None}


FILES = _files()
RESOURCES = {path: r for path, r in FILES.items() if "resourceType" in r}


@pytest.fixture(scope="module")
def installed(hapi: HAPIServer) -> dict[str, Any]:
    """The answer of HAPI's installer; the package stays for the rest of the session."""
    manifest = FILES["package/package.json"]
    answer = httpx.post(
        f"{hapi.base_url}/$install-package",
        params={"name": manifest["name"], "version": manifest["version"]},
        content=ARCHIVE.read_bytes(),
        headers={"Content-Type": "application/octet-stream"},
        timeout=120,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


# One for all: each new client would read the machine's certificates anew.
CLIENT = httpx.Client(timeout=60)


def _issues(hapi: HAPIServer, resource: Resource) -> list[tuple[str, str]]:
    answer = CLIENT.post(f"{hapi.base_url}/{resource['resourceType']}/$validate", json=resource)
    return [(issue["severity"], issue.get("diagnostics", "")) for issue in answer.json()["issue"]]


def _judged_as(resource: Resource) -> Resource:
    """The resource as HAPI 8.8 can judge it.

    Its validator wants to fetch another core package from the network wherever an extension names
    an element as its place, because it takes 4.0 and 4.0.1 for two versions ("Unable to resolve
    package id hl7.fhir.r4.core#null"). Asked as a FHIRPath the place is not looked up, and
    everything else of the definition is judged.
    """
    if resource.get("type") != "Extension":
        return resource
    asked = copy.deepcopy(resource)
    for place in asked["context"]:
        place["type"] = "fhirpath"
    return asked


def test_the_installer_takes_everything_that_a_server_installs(installed: dict[str, Any]) -> None:
    in_package = Counter(r["resourceType"] for p, r in RESOURCES.items() if "/example/" not in p)
    assert {t: installed["resourcesInstalled"].get(t) for t in INSTALLED} == {
        t: in_package[t] for t in INSTALLED
    }


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, resource in RESOURCES.items()
        if "/example/" not in path and resource["resourceType"] in INSTALLED
    ],
)
def test_what_was_installed_is_found_under_its_canonical_url(
    hapi: HAPIServer, installed: dict[str, Any], path: str
) -> None:
    resource = RESOURCES[path]
    found = CLIENT.get(
        f"{hapi.base_url}/{resource['resourceType']}",
        params={"url": resource["url"], "_elements": "url,version"},
        headers={"Cache-Control": "no-cache"},
    ).json()
    ids = [(e["resource"]["id"], e["resource"]["version"]) for e in found["entry"]]
    assert ids == [(resource["id"], resource["version"])]


@pytest.mark.parametrize("path", RESOURCES)
def test_every_resource_of_the_package_passes_validation(
    hapi: HAPIServer, installed: dict[str, Any], path: str
) -> None:
    issues = _issues(hapi, _judged_as(RESOURCES[path]))
    assert [said for severity, said in issues if severity in ("error", "fatal")] == []


def test_the_places_of_extensions_are_the_only_thing_that_hapi_cannot_judge(
    hapi: HAPIServer, installed: dict[str, Any]
) -> None:
    # When this fails HAPI has been repaired, and `_judged_as` can go.
    extensions = [r for r in RESOURCES.values() if r.get("type") == "Extension"]
    faults = [
        [said for severity, said in _issues(hapi, r) if severity in ("error", "fatal")]
        for r in extensions
    ]
    assert all(len(f) == 1 and "package id hl7.fhir.r4.core#null" in f[0] for f in faults)


def test_a_broken_resource_would_not_pass(hapi: HAPIServer, installed: dict[str, Any]) -> None:
    plan = copy.deepcopy(RESOURCES["package/PlanDefinition-ms-bone-health.json"])
    plan["action"][0]["condition"][0]["kind"] = "whenever"
    answer = httpx.post(f"{hapi.base_url}/PlanDefinition/$validate", json=plan).json()
    assert any(issue["severity"] in ("error", "fatal") for issue in answer["issue"])


def test_an_example_flag_without_its_identifier_fails_our_profile(
    hapi: HAPIServer, installed: dict[str, Any]
) -> None:
    flag = copy.deepcopy(RESOURCES["package/example/Flag-review-open-flag.json"])
    del flag["identifier"]
    said = [said for severity, said in _issues(hapi, flag) if severity == "error"]
    assert any("Flag.identifier" in text for text in said)


def test_the_installed_value_set_answers_for_a_code(
    hapi: HAPIServer, installed: dict[str, Any]
) -> None:
    answer = httpx.get(
        f"{hapi.base_url}/CodeSystem/$lookup",
        params={"system": "https://boneflag.example/fhir/CodeSystem/status", "code": "due"},
    )
    displays = [p["valueString"] for p in answer.json()["parameter"] if p["name"] == "display"]
    assert displays == ["Due"]


def test_nothing_but_what_is_known_draws_a_warning(
    hapi: HAPIServer, installed: dict[str, Any]
) -> None:
    known = (
        "dom-6",  # No narrative.
        "should have a performer",
        "human readable annotations",
        "MeasurePopulationType",  # Our own populations stand beside HL7's three.
        "deqm-gaps-status",
        "non-adherence-reason-codes",
        "CodeSystem could not be found",
        "the context type should be 'element'",  # It is; see `_judged_as`.
        *NOT_LOADED,
    )
    warnings = {
        (path, said)
        for path, resource in RESOURCES.items()
        for severity, said in _issues(hapi, _judged_as(resource))
        if severity == "warning" and not any(word in said for word in known)
    }
    assert warnings == set()
