"""Settings -> a simulation: both protocols, and an EHR that can be read and not written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.ehr import reading_connection_for
from service.wiring.login import redis_for
from service.wiring.protocol import effective_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.screening.protocol import Protocol
    from service.screening.value_sets import Vocabulary
    from service.simulate.outcome import Outcome
    from service.simulate.tally import Simulation
    from service.store.ledger import Ledger
    from service.store.simulations import Simulations


def simulation_for(
    settings: Settings,
    ledger: Ledger,
    changed: tuple[Protocol, Vocabulary],
    on: date,
    *,
    sample: int | None,
    tell: Callable[[Outcome], object],
    progress: Callable[[int, int], object],
    stops_for: tuple[type[Exception], ...] = (),
) -> Simulation:
    """Today's protocol against a changed one, on the cohort as the EHR has it now.

    `stops_for` are the door's own ways to end work (see `Bench`).
    """
    from service.simulate.run import Bench, simulate
    from service.simulate.variant import Variant, Variants

    today = Variant(*effective_for(settings))
    variants = Variants(today, Variant(*changed))
    # Shadow, whatever the site does: an overlay that may not go live may be tried.
    settings = settings.model_copy(update={"mode": "shadow"})
    parser = variants.parser()
    connection = reading_connection_for(settings, variants.vocabulary(), parser)
    with closing(connection) as ehr:
        bench = Bench(ehr, parser, ledger, settings.site_id, settings.batch_size, stops_for)
        return simulate(bench, variants, on, sample=sample, tell=tell, progress=progress)


def simulations_for(settings: Settings) -> Simulations:
    """What was asked for on a page; SettingsInvalid where no Redis is configured."""
    from service.store.simulations import Simulations

    return Simulations(redis_for(settings), settings.site_id)
