"""The project's own files, for tests that hold the house to its rules."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

HOME = Path(__file__).resolve().parents[2]
PACKAGES = ("service", "workers")


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is or will be committed; the test is skipped outside a git checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOME,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: nobody can say which files are the project's")
    paths = (HOME / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def python_modules(*folders: str) -> Iterator[Path]:
    """The modules of these folders, of our packages where none is given."""
    for folder in folders or PACKAGES:
        yield from sorted((HOME / folder).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """The first parts of everything that a module imports, also inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def strings_in(path: Path) -> set[str]:
    """Every string constant of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def attributes_in(path: Path) -> set[str]:
    """Every name that a module reads off something: `x` of `settings.x`."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def compose_file() -> dict[str, Any]:
    """docker-compose.yml, with its anchors resolved."""
    document: dict[str, Any] = yaml.safe_load((HOME / "docker-compose.yml").read_text("utf-8"))
    return document


def our_services() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    services = compose_file()["services"]
    return {n: s for n, s in services.items() if s["image"].startswith("boneflag:")}


def seconds(duration: str) -> int:
    """A duration of docker-compose.yml, such as 1m30s."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([hms])", duration))
