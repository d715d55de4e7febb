"""One sweep by bulk export in a process of its own, which says what it took.

`python -m benchmarks.bulk_sweeper BASE_URL LEDGER_FILE` prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from service.inline import run_bulk_inline
from service.logs import configure_logs
from service.settings import Settings
from service.wiring.bulk import bulk_sweep_for
from service.wiring.line import pipeline_for


def main(base_url: str, ledger: Path) -> None:
    """Sweep and print."""
    configure_logs("ERROR", as_json=False)
    settings = Settings(
        fhir_base_url=base_url,
        database_url=f"sqlite:///{ledger}",
        reading="bulk",
        bulk_group_id="ms",
    )
    pipeline = pipeline_for(settings)
    bulk = bulk_sweep_for(settings, pipeline)
    if bulk is None or not bulk.is_chosen():
        raise SystemExit("bulk export was not chosen")
    before = _peak_mib()
    started = time.perf_counter()
    # The export is ready at once: what the EHR would take is not what is measured.
    run_bulk_inline(pipeline, bulk)
    print(
        json.dumps(
            {
                "patients": len(pipeline.ledger.cohort.members()),
                "seconds": time.perf_counter() - started,
                "cpu_seconds": time.process_time(),
                "requests": pipeline.ehr.client.request_counts,
                "started_mib": before,
                "peak_mib": _peak_mib(),
            }
        )
    )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
