"""`python -m benchmarks [NAME]…`, one of those in `BENCHMARKS`.

Without a name all, which takes a quarter of an hour or more.

`large` loads 10,000 people into the demo EHR and takes about four of them.
"""

from __future__ import annotations

import os
import sys

from benchmarks import assess, bulk, card_load, cards, explain, large, pages, sweep, turns
from benchmarks.figures import machine, print_note
from service.logs import configure_logs

BENCHMARKS = {
    "assess": assess.measure,
    "explain": explain.measure,
    "sweep": sweep.measure,
    "large": large.measure,
    "bulk": bulk.measure,
    "turns": turns.measure,
    "cards": cards.measure,
    "card_load": card_load.measure,
    "pages": pages.measure,
}


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; 2 where a name is not one of them."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"no benchmark named {unknown[0]}: choose from {', '.join(BENCHMARKS)}\n")
        return 2
    configure_logs("ERROR", as_json=False)
    # The demo EHR needs no sparing, and a limit would be all that is measured.
    os.environ.setdefault("BONEFLAG_EHR_REQUESTS_PER_SECOND", "1000000")
    print_note(machine())
    for name in names or list(BENCHMARKS):
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
