"""`boneflag explain` on a file of 500 resources, as a whole process (goal: under a second)."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.figures import RUNS, print_table, wall_seconds
from service.demo_ehr.people import each_person

ON = date(2026, 11, 22)
RESOURCES = 500


def measure() -> None:
    """Print the median of several runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patient.json"
        path.write_bytes(_bundle())
        boneflag = str(Path(sys.executable).with_name("boneflag"))
        command = [boneflag, "explain", str(path), "--on", str(ON), "--json"]
        nothing = [sys.executable, "-c", "pass"]
        rows = [
            (name, f"{min(taken):.2f}", f"{statistics.median(taken):.2f}", f"{max(taken):.2f}")
            for name, taken in (
                ("boneflag explain FILE --json", _run(command)),
                ("python -c pass, for comparison", _run(nothing)),
            )
        ]
    columns = ("seconds, whole process", "least", "median", "most")
    print_table(f"Explain a file of {RESOURCES} resources, {RUNS} runs", columns, rows)


def _bundle() -> bytes:
    person = next(each_person(ON, 1, resources_per_person=RESOURCES))
    entries = [{"resource": resource} for resource in person.resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def _run(command: list[str]) -> list[float]:
    def once() -> None:
        subprocess.run(command, capture_output=True, check=True)

    once()
    return [wall_seconds(once) for _ in range(RUNS)]
