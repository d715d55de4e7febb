"""Charts by lent access, within the time that a clinician may be kept waiting.

A newcomer would get two things wrong. A reading that takes too long is left alone and not broken
off: it ends by its own time limits, and nobody looks at what it brings. And not everybody may wait:
where the EHR is slow, those of whom the ledger could tell at once would find no thread.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from threading import BoundedSemaphore

import structlog

from service.ehr.errors import EHRError
from service.ehr.lent_access import LentAccess, LentReading
from service.ehr.prefetch import BroughtChart
from service.screening.value_sets import DataRequirement

_log = structlog.get_logger()
_AT_ONCE = 8
MOST_WAITING = 24
"""Of the forty calls that a process answers at a time."""


class LentCharts:
    """Reads at most so many charts at once. Thread safe."""

    def __init__(self, reading: LentReading, patience_seconds: float) -> None:
        self._reading = reading
        self._patience_seconds = patience_seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lent")
        self._places = BoundedSemaphore(MOST_WAITING)

    def deadline(self) -> float:
        """When a call that begins now has waited long enough, on the monotonic clock."""
        return time.monotonic() + self._patience_seconds

    def is_possible(self, lent: LentAccess, patient_id: str) -> bool:
        """See `LentReading.is_possible`."""
        return self._reading.is_possible(lent, patient_id)

    def read(
        self,
        lent: LentAccess,
        patient_id: str,
        needs: tuple[DataRequirement, ...],
        deadline: float,
    ) -> BroughtChart | None:
        """What could be read; None where nothing came in time, or too many wait already."""
        if not self._places.acquire(blocking=False):
            _log.warning("lent_access_too_much")
            return None
        try:
            return self._read(lent, patient_id, needs, deadline)
        finally:
            self._places.release()

    def _read(
        self,
        lent: LentAccess,
        patient_id: str,
        needs: tuple[DataRequirement, ...],
        deadline: float,
    ) -> BroughtChart | None:
        reading = self._threads.submit(self._reading.read, lent, patient_id, needs)
        try:
            return reading.result(max(0.0, deadline - time.monotonic()))
        except TooSlowError:
            reading.cancel()
            _log.warning("lent_access_too_slow")
        except EHRError as error:
            _log.warning("lent_access_failed", error=type(error).__name__, status=error.status)
        return None
