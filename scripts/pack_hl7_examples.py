"""Pack the example resources of the FHIR R4 specification into one file for the tests.

Takes the folder of the unpacked npm package `hl7.fhir.r4.examples` 4.0.1 (CC0) and writes
tests/data/hl7-examples.jsonl.gz: one resource a line, sorted by file name, unchanged but for white
space. Definitions (code systems, profiles and the like) are what fills the package and nobody's
chart: of each of these types a few small ones are kept. What is left out is printed, and stands in
tests/data/README-hl7-examples.md.

    python scripts/pack_hl7_examples.py FOLDER
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "tests" / "data" / "hl7-examples.jsonl.gz"
DEFINITIONS = frozenset(
    """
    StructureDefinition CodeSystem ValueSet SearchParameter ImplementationGuide Library ConceptMap
    CapabilityStatement OperationDefinition CompartmentDefinition
    """.split()
)
KEPT_OF_EACH_DEFINITION = 3
MOST_BYTES_OF_A_BUNDLE = 200_000
NOT_RESOURCES = frozenset({"package.json", ".index.json"})


def chosen(folder: Path, left_out: Counter[str]) -> Iterator[tuple[str, Any]]:
    """The resources to keep, by file name."""
    kept: Counter[str] = Counter()
    paths = [p for p in folder.glob("*.json") if p.name not in NOT_RESOURCES]
    small_first = sorted(paths, key=lambda p: (p.stat().st_size, p.name))
    for path in small_first:
        resource = json.loads(path.read_text("utf-8"))
        kind = resource["resourceType"]
        is_spare = kind in DEFINITIONS and kept[kind] >= KEPT_OF_EACH_DEFINITION
        is_huge = kind == "Bundle" and path.stat().st_size > MOST_BYTES_OF_A_BUNDLE
        if is_spare or is_huge:
            left_out[kind] += 1
        else:
            kept[kind] += 1
            yield path.name, resource


def main(folder: Path) -> None:
    """Write the file, and say what was left out."""
    left_out: Counter[str] = Counter()
    lines = [
        json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        for _, resource in sorted(chosen(folder, left_out), key=lambda named: named[0])
    ]
    raw = ("\n".join(lines) + "\n").encode()
    TARGET.write_bytes(gzip.compress(raw, compresslevel=9, mtime=0))
    print(f"{len(lines)} resources, {TARGET.stat().st_size} bytes; left out:")
    print("\n".join(f"  {kind} {count}" for kind, count in sorted(left_out.items())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
