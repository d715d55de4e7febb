"""The demo EHR with as many people as a benchmark asks for, and BoneFlag's line in front of it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from service.demo_ehr.people import each_person
from service.demo_ehr.server import DemoEHR
from service.inline import run_inline
from service.pipeline import Pipeline
from service.settings import Settings
from service.wiring import pipeline_for


@contextmanager
def hospital(people: int, resources_each: int = 0) -> Iterator[tuple[DemoEHR, Path]]:
    """A running demo EHR, and a directory for ledgers; both are gone afterwards.

    `resources_each` fills charts up with what no criterion reads; 0 leaves them as they are.
    """
    on = datetime.now(UTC).date()
    with DemoEHR(checks_resources=False) as ehr, tempfile.TemporaryDirectory() as folder:
        made = each_person(on, people, resources_per_person=resources_each)
        ehr.load(resource for person in made for resource in person.resources)
        yield ehr, Path(folder)


def line(base_url: str, ledger: Path) -> Pipeline:
    """BoneFlag as its settings make it, in shadow mode, with a ledger in a file."""
    return pipeline_for(Settings(fhir_base_url=base_url, database_url=f"sqlite:///{ledger}"))


def sweep(pipeline: Pipeline) -> dict[str, int]:
    """Sweep in this process; the requests that it took, by kind."""
    before = Counter(pipeline.ehr.client.request_counts)
    run_inline(pipeline, pipeline.start_sweep)
    after = Counter(pipeline.ehr.client.request_counts)
    return {str(kind): after[kind] - before[kind] for kind in sorted(after)}
