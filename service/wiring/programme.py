"""Settings -> the programme's numbers as they may be shown, and how it stands right now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.protocol import effective_for, today_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.report.sheet import Sheet
    from service.screening.protocol import Protocol
    from service.store.cohort_readings import CohortReading
    from service.store.entries import Run
    from service.store.ledger import Ledger
    from service.store.switches import Pause


@dataclass(frozen=True, slots=True)
class Moment:
    """How it stands at this moment: what is written, whether it is paused, what ran last.

    `going_live` is a sentence. The rest is None where there is none.
    """

    going_live: str
    is_written: bool
    pause: Pause | None
    last_sweep: Run | None
    cohort: CohortReading | None


def sheet_source_for(settings: Settings, ledger: Callable[[], Ledger]) -> Callable[[], Sheet]:
    """Counts anew at each call; StoreError passes through."""
    from service.report.sheet import count_sheet

    def count() -> Sheet:
        protocol, _ = effective_for(settings)
        return count_sheet(ledger(), protocol, today_for(settings), settings.zone)

    return count


def moment_for(settings: Settings, ledger: Ledger, protocol: Protocol) -> Moment:
    """How it stands now, for a protocol that was found in force."""
    from service.going_live.leave import GoingLive

    leave = GoingLive(ledger, settings.mode).leave(protocol.digest)
    return Moment(
        going_live=leave.sentence(),
        is_written=leave.approval is not None,
        pause=ledger.switches.paused(),
        last_sweep=ledger.runs.newest_sweep(),
        cohort=next(iter(ledger.readings.newest()), None),
    )
