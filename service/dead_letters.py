"""Dead letters are judged anew: whoever was given up, and whoever an alert could not be told of.

A newcomer would get one thing wrong: nothing is sent again. What failed is forgotten, the person is
read and judged in a run of their own, and whatever is due then is planned anew, looked for, and
written within the limits of that run, where somebody has approved the protocol in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from service.going_live.leave import GoingLive
from service.store.ledger import Ledger

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters: people given up, plans that failed, of one run or (None) of all."""

    people: bool
    plans: bool
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The run that judges so many people anew."""

    run_id: int
    patients: int


def retry(
    ledger: Ledger,
    wanted: Wanted,
    going_live: GoingLive,
    protocol_digest: str,
    at: datetime,
    by: str = "",
) -> Retry | None:
    """Make whoever was given up due again, with all attempts before them; None where nobody was.

    `by` is who answers for it, "" for the account of this process.
    """
    keys: set[str] = set()
    if wanted.people:
        keys |= set(ledger.dead_letters.people(wanted.run_id))
    if wanted.plans:
        keys |= set(ledger.dead_letters.people_of_plans(wanted.run_id))
    if not keys:
        return None
    run_id = going_live.open_run("screen", protocol_digest, at)
    ledger.dead_letters.make_due(run_id, keys, at, by)
    _log.info("dead_letters_retried", run=run_id, patients=len(keys))
    return Retry(run_id, len(keys))
