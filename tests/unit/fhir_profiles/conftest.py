"""What the tests of the packaged codes read: the files as they lie in the package."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from service.screening.protocol import Protocol, packaged_protocol
from service.screening.value_sets import Vocabulary, packaged_vocabulary

PROJECT = Path(__file__).resolve().parents[3]
HOME = PROJECT / "fhir_profiles"


def _load(folder: str) -> dict[str, dict[str, Any]]:
    paths = sorted((HOME / folder).glob("*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


@pytest.fixture(scope="session")
def packaged() -> dict[str, dict[str, Any]]:
    return _load("value_sets")


@pytest.fixture(scope="session")
def unverified() -> dict[str, dict[str, Any]]:
    return _load("unverified")


@pytest.fixture(scope="session")
def profiles() -> dict[str, dict[str, Any]]:
    return _load("profiles")


@pytest.fixture(scope="session")
def rows() -> list[dict[str, str]]:
    with (HOME / "codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return packaged_vocabulary()


@pytest.fixture(scope="session")
def build_script() -> ModuleType:
    """scripts/ is no package, so the file is loaded by its path."""
    path = PROJECT / "scripts" / "build_fhir_profiles.py"
    spec = importlib.util.spec_from_file_location("build_fhir_profiles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Dataclasses look their own module up.
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def home() -> Path:
    return HOME


@pytest.fixture(scope="session")
def package_script() -> ModuleType:
    """scripts/ is no package: its folder goes on the path, as when the script is run."""
    scripts = str(PROJECT / "scripts")
    sys.path.insert(0, scripts)
    try:
        return import_module("build_fhir_package")
    finally:
        sys.path.remove(scripts)


@pytest.fixture(scope="session")
def package(package_script: ModuleType) -> Any:
    return package_script.build(package_script.packaged_source())


@pytest.fixture(scope="session")
def by_name(package: Any) -> dict[str, dict[str, Any]]:
    return {f"{r['resourceType']}-{r['id']}": r for r in (*package.generated, *package.examples)}


@pytest.fixture(scope="session")
def protocol(vocabulary: Vocabulary) -> Protocol:
    return packaged_protocol(vocabulary)
