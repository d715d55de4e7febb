"""Today's protocol and a changed one, side by side on the cohort as the EHR has it now.

Read and think, never write: the connection has no writer, nothing of a chart is kept, and the
ledger is asked for what people decided and told only who was read, for the audit. A newcomer would
get two things wrong. Whoever has an open alert is judged too, as in a sweep, though no source names
them any more. And a chart that cannot be judged costs only its own person; an EHR that is away
costs the simulation, since half a cohort would answer another question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import structlog

from service.alert_memory import remembered_from
from service.audit_looks import record_look
from service.ehr.alert_history import AlertHistory
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError
from service.screening.alert import Action
from service.screening.assess import Assessment
from service.screening.record import Decision, PatientRecord
from service.simulate.outcome import Outcome, outcome
from service.simulate.tally import Simulation
from service.simulate.variant import TwoReadings, Variant, Variants
from service.store.errors import StoreError
from service.store.ledger import Ledger
from service.thought import think

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a simulation reads. `parser` is the one that `ehr` was made with.

    `stops_for` are the exceptions by which a door ends work in its middle, as in the pipeline: they
    are no chart's fault.
    """

    ehr: EHRConnection
    parser: TwoReadings
    ledger: Ledger
    site: str
    batch_size: int
    stops_for: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class _Known:
    """What is known of a batch besides the charts."""

    alerts: dict[str, AlertHistory]
    decisions: dict[str, tuple[Decision, ...]]


def simulate(
    bench: Bench,
    variants: Variants,
    on: date,
    *,
    sample: int | None,
    tell: Callable[[Outcome], object],
    progress: Callable[[int, int], object],
) -> Simulation:
    """Judge the cohort, or `sample` people of it, by both protocols.

    `tell` hears each outcome as it comes; `progress` how many of how many are done. Raises EHRError
    where the cohort or everybody's charts cannot be read, StoreError for the ledger.
    """
    members = bench.ehr.cohort()
    ids = sorted({*members.ids, *_with_open_alert(bench.ledger)})
    chosen = sample_of(ids, sample)
    found = Simulation(
        on=on,
        today=variants.today.protocol,
        changed=variants.changed.protocol,
        cohort=len(ids),
        is_cohort_complete=members.is_complete,
        chosen=len(chosen),
    )
    done = 0
    progress(done, len(chosen))  # Whoever stopped meanwhile has no chart read.
    for start in range(0, len(chosen), bench.batch_size):
        batch = chosen[start : start + bench.batch_size]
        for one in _judged(bench, variants, batch, on):
            if one is None:
                found.failed += 1
            else:
                found.add(one)
                tell(one)
        done += len(batch)
        progress(done, len(chosen))
    return found


def sample_of(ids: Sequence[str], number: int | None) -> list[str]:
    """`number` of the ids, the same ones each time, so that two simulations can be compared.

    By the order of their digests: it has nothing to do with when somebody was registered, or where.
    """
    if number is None or number >= len(ids):
        return list(ids)
    return sorted(ids, key=lambda id_: hashlib.sha256(id_.encode()).digest())[:number]


def _with_open_alert(ledger: Ledger) -> Iterable[str]:
    return ledger.cohort.fhir_ids_of(ledger.alerts.patients_with_open()).values()


def _judged(
    bench: Bench, variants: Variants, batch: Sequence[str], on: date
) -> Iterator[Outcome | None]:
    """An outcome for each of a batch, None for whoever could not be judged."""
    nobodys_chart: tuple[type[Exception], ...] = (EHRError, StoreError, *bench.stops_for)
    try:
        yield from list(_outcomes(bench, variants, batch, on))
    except nobodys_chart:
        raise
    except Exception as error:
        # A chart that broke the reading of its batch: each person again, by themselves.
        _log.warning("simulation_chart_failed", patients=len(batch), error=type(error).__name__)
        if len(batch) == 1:
            yield None
        else:
            for patient_id in batch:
                yield from _judged(bench, variants, [patient_id], on)
    finally:
        bench.parser.forget()


def _outcomes(
    bench: Bench, variants: Variants, batch: Sequence[str], on: date
) -> Iterator[Outcome]:
    known = _known(bench, batch)
    record_look(bench.ledger, "read", batch, variants.today.protocol, datetime.now(UTC), "simulate")
    for record in bench.ehr.read_records(batch, variants.needs):
        alerts = known.alerts.get(record.patient.id, AlertHistory())
        said = known.decisions.get(record.patient.id, ())
        other = bench.parser.changed(record)
        today = _Mind(record, variants.today, alerts, said, bench.site)
        changed = _Mind(other, variants.changed, alerts, said, bench.site)
        opens = today.opens(on), changed.opens(on)
        yield outcome(record, today.judge, changed.judge, on, opens)


class _Mind:
    """One person by one protocol; what was thought of a day is kept for the second question."""

    def __init__(
        self,
        record: PatientRecord,
        variant: Variant,
        alerts: AlertHistory,
        decisions: Iterable[Decision],
        site: str,
    ) -> None:
        said = tuple(decisions)
        self._think = cache(
            lambda day: think(record, alerts, variant.protocol, day, site=site, decisions=said)
        )

    def judge(self, day: date) -> Assessment:
        """The assessment on a day."""
        return self._think(day).assessment

    def opens(self, day: date) -> int:
        """How many alerts would open on a day."""
        return sum(plan.action is Action.CREATE for plan in self._think(day).plans)


def _known(bench: Bench, batch: Sequence[str]) -> _Known:
    """Our alerts as the EHR shows them, and what the ledger remembers of people's decisions."""
    keys = bench.ledger.cohort.keys_of(batch)
    fhir_ids = {key: fhir_id for fhir_id, key in keys.items()}
    entries = bench.ledger.alerts.history(list(fhir_ids))
    remembered = {
        fhir_ids[key]: {entry.key: remembered_from(entry) for entry in of_patient}
        for key, of_patient in entries.items()
    }
    decisions = bench.ledger.decisions.of(list(fhir_ids))
    return _Known(
        alerts=dict(bench.ehr.read_alerts(list(batch), remembered).histories),
        decisions={fhir_ids[key]: said for key, said in decisions.items()},
    )
