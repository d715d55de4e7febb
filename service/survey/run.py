"""The survey itself: a sample of the cohort is read anew, counted, and let go of.

Read and count, never write: the connection has no writer, and no chart outlives its batch. A
newcomer would get two things wrong. Observations are asked for without the codes that a sweep asks
for, since a code that we do not know is what is looked for; so the batches are small, for a person
may have thousands. And a chart that cannot be judged costs only its own person, while an EHR that
is away costs the survey.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog

from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError
from service.screening.protocol import Protocol
from service.screening.value_sets import DataRequirement
from service.survey.chart import ChartReading, Surveyed, surveyed
from service.survey.codes import CodeCounts

BATCH_SIZE = 10
_log = structlog.get_logger()


@dataclass(slots=True)
class Survey:
    """Exact counts of people, for this process only: what is shown is made in `forms`.

    `steroid_records` counts records, `steroid_people` who has one, both by what can be told;
    `with_steroid` counts who has any.
    """

    on: date
    asked: tuple[str, ...]
    not_listed: frozenset[str]
    cohort: int
    is_cohort_complete: bool
    chosen: int
    people: int = 0
    failed: int = 0
    unreadable: int = 0
    types: Counter[str] = field(default_factory=Counter)
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)
    sights: Counter[str] = field(default_factory=Counter)
    with_steroid: int = 0
    steroid_records: Counter[str] = field(default_factory=Counter)
    steroid_people: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    with_evidence: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    codes: CodeCounts = field(default_factory=CodeCounts)

    def add(self, one: Surveyed) -> None:
        """Count one person."""
        self.people += 1
        self.unreadable += one.is_unreadable
        self.types.update(one.types)
        self.unread.update(one.unread.items())
        self.sights.update(one.sights)
        self.with_steroid += bool(one.steroids)
        self.steroid_records.update(one.steroids)
        self.steroid_people.update(one.steroids.keys())
        self.verdicts.update((number, str(v)) for number, v in one.verdicts.items())
        self.with_evidence.update(one.with_evidence)
        self.problems.update(one.problems)
        self.codes.add(one.codes)


def survey(
    ehr: EHRConnection,
    reading: ChartReading,
    protocol: Protocol,
    on: date,
    *,
    people: int | None,
    progress: Callable[[int, int], object],
    look: Callable[[Sequence[str]], object],
) -> Survey:
    """Survey `people` of the cohort, everybody for None. `reading` is what `ehr` builds with.

    `look` hears whose charts are about to be read, batch by batch, for the audit. Raises EHRError
    where the cohort or everybody's charts cannot be read.
    """
    members = ehr.cohort()
    ids = sorted(members.ids)
    chosen = every_kth(ids, people)
    needs = [need for need in protocol.needs if need.type != "Observation"]
    needs.append(DataRequirement("Observation"))
    asked = tuple(sorted(need.type for need in needs))
    capability = ehr.capability()
    found = Survey(
        on=on,
        asked=asked,
        not_listed=frozenset(t for t in asked if not capability.can_search(t)),
        cohort=len(ids),
        is_cohort_complete=members.is_complete,
        chosen=len(chosen),
    )
    done = 0
    for start in range(0, len(chosen), BATCH_SIZE):
        batch = chosen[start : start + BATCH_SIZE]
        look(batch)
        for one in _looked_at(ehr, reading, protocol, needs, batch, on):
            if one is None:
                found.failed += 1
            else:
                found.add(one)
        done += len(batch)
        progress(done, len(chosen))
    return found


def every_kth(ids: Sequence[str], people: int | None) -> list[str]:
    """`people` of the sorted ids, evenly spread over them and the same ones each time."""
    if people is None or people >= len(ids):
        return list(ids)
    return [ids[number * len(ids) // people] for number in range(people)]


def _looked_at(
    ehr: EHRConnection,
    reading: ChartReading,
    protocol: Protocol,
    needs: Sequence[DataRequirement],
    batch: Sequence[str],
    on: date,
) -> Iterator[Surveyed | None]:
    """Each of a batch, None for whoever could not be looked at."""
    try:
        yield from [
            surveyed(record, reading.seen(record), ehr.why_unread(record.patient.id), protocol, on)
            for record in ehr.read_records(batch, needs)
        ]
    except EHRError:
        raise
    except Exception as error:
        # A chart that broke the reading of its batch: each person again, by themselves.
        _log.warning("survey_chart_failed", patients=len(batch), error=type(error).__name__)
        if len(batch) == 1:
            yield None
        else:
            for patient_id in batch:
                yield from _looked_at(ehr, reading, protocol, needs, [patient_id], on)
    finally:
        reading.forget()
