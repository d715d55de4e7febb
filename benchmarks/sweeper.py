"""One sweep in a process of its own, which says how much memory it held after each batch.

`python -m benchmarks.sweeper BASE_URL LEDGER_FILE` prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.hospital import line, sweep
from service.logs import configure_logs

_PAGE_BYTES = resource.getpagesize()
_MIB = 2**20


def main(base_url: str, ledger: Path) -> None:
    """Sweep and print."""
    configure_logs("ERROR", as_json=False)
    pipeline = line(base_url, ledger)
    screen, curve = pipeline.screen, []

    def screen_and_look(keys: object) -> int:
        judged = screen(keys)  # type: ignore[arg-type] # what the line hands out
        curve.append(_resident_mib())
        return judged

    pipeline.screen = screen_and_look  # type: ignore[method-assign] # looks on, changes nothing
    started = time.perf_counter()
    requests = sweep(pipeline)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "patients": len(pipeline.ledger.cohort.members()),
                "seconds": seconds,
                "cpu_seconds": time.process_time(),
                "requests": requests,
                "resident_mib": curve,
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _resident_mib() -> float:
    """What the kernel says now (Linux)."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE_BYTES / _MIB


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
