"""Build everything in fhir_profiles/generated from the protocol, and the FHIR package.

    python scripts/build_fhir_package.py            write the files
    python scripts/build_fhir_package.py --check    exit 1 when one is missing, stale or left over

The value sets and profiles go into the package as they lie in fhir_profiles; run
scripts/build_fhir_profiles.py before this. Nothing here asks a network or looks at the clock.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fhir_package.archive import as_text, file_name, package_files, packed, unpacked
from fhir_package.examples import example_named, examples
from fhir_package.plan import library, plan
from fhir_package.programme import programme_measure
from fhir_package.refusals import refusals
from fhir_package.report import example_report
from fhir_package.source import HOME, Resource, Source, packaged_source
from fhir_package.terminology import terminology

GENERATED = HOME / "generated"
ARCHIVE = GENERATED / "package.tgz"


@dataclass(frozen=True, slots=True)
class Package:
    """What is generated, and every file of the archive by its path in it."""

    generated: tuple[Resource, ...]
    examples: tuple[Resource, ...]
    files: Mapping[str, str]


def build(source: Source) -> Package:
    """Everything, from the source alone."""
    shown = [*examples(source), example_report(source)]
    task = example_named(shown, "Task", "review-open")
    generated = [
        *terminology(source),
        *refusals(source, task),
        library(source),
        plan(source),
        programme_measure(source),
    ]
    resources = sorted([*source.stored, *generated], key=file_name)
    shown.sort(key=file_name)
    return Package(tuple(generated), tuple(shown), package_files(source, resources, shown))


def texts(package: Package, home: Path = GENERATED) -> dict[Path, str]:
    """Every generated file but the archive by path, as it must read."""
    files = {home / file_name(r): as_text(r) for r in package.generated}
    return files | {home / "examples" / file_name(r): as_text(r) for r in package.examples}


def stale_paths(package: Package, home: Path = GENERATED) -> list[Path]:
    """Files that are missing, read differently, or are no longer generated."""
    wanted = texts(package, home)
    present = {p for folder in (home, home / "examples") for p in folder.glob("*.json")}
    stale = {p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text}
    archive = home / ARCHIVE.name
    if not archive.exists() or unpacked(archive.read_bytes()) != package.files:
        stale.add(archive)
    return sorted(stale | (present - wanted.keys()))


def write(package: Package, stale: Iterable[Path], home: Path = GENERATED) -> None:
    """Write what is stale and remove what is left over."""
    wanted = texts(package, home)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == ARCHIVE.name:
            path.write_bytes(packed(package.files))
        elif path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only name it; returns the exit code."""
    package = build(packaged_source())
    stale = stale_paths(package)
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(HOME.parent)}; run scripts/build_fhir_package.py")
        return 1 if stale else 0
    write(package, stale)
    print(f"{len(texts(package)) + 1} files, {len(stale)} of them written or removed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
