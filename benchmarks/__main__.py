"""`python -m benchmarks [assess|explain|sweep|large]…`; without a name all of them, ten minutes.

`large` loads 10,000 people into the demo EHR and takes about four of them.
"""

from __future__ import annotations

import sys

from benchmarks import assess, explain, large, sweep
from benchmarks.figures import machine, print_note
from service.logs import configure_logs

BENCHMARKS = {
    "assess": assess.measure,
    "explain": explain.measure,
    "sweep": sweep.measure,
    "large": large.measure,
}


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; 2 where a name is not one of them."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"no benchmark named {unknown[0]}: choose from {', '.join(BENCHMARKS)}\n")
        return 2
    configure_logs("ERROR", as_json=False)
    print_note(machine())
    for name in names or list(BENCHMARKS):
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
