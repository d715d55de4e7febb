"""Ten thousand people: the memory of one worker over a sweep, and what a poll costs after it.

Goals: flat memory under 250 MB, and a poll that takes at most 3 % of a sweep's requests when one in
a hundred has changed. The sweep runs in a process of its own (`benchmarks.sweeper`), whose memory
is read after each batch.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import print_note, print_table, wall_seconds
from benchmarks.hospital import hospital, line
from service.demo_ehr.server import DemoEHR
from service.ehr.changes import OVERLAP
from service.inline import run_inline
from service.pipeline import WATERMARK, Pipeline

PEOPLE = 10_000
ONE_IN = 100


def measure() -> None:
    """Load, sweep, change one in a hundred, poll."""
    with hospital(PEOPLE) as (ehr, folder):
        ledger = folder / "ledger.sqlite3"
        sweeps = [_sweep(ehr.base_url, ledger) for _ in range(2)]
        for name, swept in zip(("first", "second"), sweeps, strict=True):
            _print_memory(f"Memory of one process over the {name} sweep", swept)
        _measure_poll(line(ehr.base_url, ledger), ehr, sweeps[-1]["requests"])


def _sweep(base_url: str, ledger: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.sweeper", base_url, str(ledger)]
    done = subprocess.run(command, capture_output=True, check=True)
    swept: dict[str, Any] = json.loads(done.stdout)
    return swept


def _print_memory(title: str, swept: dict[str, Any]) -> None:
    curve = swept["resident_mib"]
    tenths = [curve[len(curve) * tenth // 10] for tenth in range(10)] + [curve[-1]]
    columns = [
        "batch",
        *(str(len(curve) * tenth // 10 + 1) for tenth in range(10)),
        str(len(curve)),
    ]
    print_table(title, columns, [["MiB resident", *(f"{mib:.0f}" for mib in tenths)]])
    print_note(
        f"{swept['patients']} patients, {swept['seconds']:.0f} s, CPU {swept['cpu_seconds']:.0f} s;"
        f" peak {swept['peak_mib']:.0f} MiB; requests {swept['requests']}\n"
    )


def _measure_poll(pipeline: Pipeline, ehr: DemoEHR, swept: dict[str, int]) -> None:
    members = sorted(
        pipeline.ledger.cohort.fhir_ids_of(list(pipeline.ledger.cohort.members())).values()
    )
    changed = members[::ONE_IN]
    # A poll looks back over an overlap, in which the loading of the hospital lies.
    pipeline.ledger.watermarks.advance(
        WATERMARK, datetime.now(UTC) + OVERLAP + timedelta(seconds=1)
    )
    _wait_a_second()
    ehr.load(_body_mass(id_) for id_ in changed)
    seconds = wall_seconds(lambda: run_inline(pipeline, pipeline.start_poll))
    polled = pipeline.ehr.client.request_counts
    latest = pipeline.ledger.runs.newest(1)[0]
    pipeline.ehr.close()
    rows = [
        ("a sweep of all", len(members), swept["searches"], swept.get("pages", 0), ""),
        (
            "a poll of those who changed",
            len(changed),
            polled["searches"],
            polled.get("pages", 0),
            f"{polled['searches'] / swept['searches']:.2%}",
        ),
    ]
    print_table("Requests", ("", "patients", "searches", "pages", "of a sweep's searches"), rows)
    print_note(f"The poll took {seconds:.2f} s; its run is {latest.kind}, {latest.state}.")


def _wait_a_second() -> None:
    """`_lastUpdated` is asked for in whole seconds."""
    time.sleep(2.1)


def _body_mass(patient_id: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{patient_id}-new-bmi",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "39156-5"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": datetime.now(UTC).date().isoformat(),
        "valueQuantity": {"value": 24.0, "unit": "kg/m2", "code": "kg/m2"},
    }
