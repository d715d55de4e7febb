"""One channel on one server, to read and to write, whichever is the channel of today.

A newcomer would get one thing wrong: the line speaks by one channel only, the one that the strategy
chose. What an earlier channel told is taken back through that earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from service.ehr.alert_history import Memory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertsRead
from service.ehr.delivery.channel import AlertReading, AlertWriting
from service.ehr.plan_progress import Outcome
from service.screening.alert import AlertPlan, PostedResource


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    """The reader and the writer of one channel."""

    name: str
    reading: AlertReading
    writing: AlertWriting

    def read_alerts(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """See `alerts.AlertReader.read`."""
        return self.reading.read(patient_ids, remembered)

    def apply(self, plan: AlertPlan, remembered: Remembered) -> Outcome:
        """See `writer.Writer.apply`."""
        return self.writing.apply(plan, remembered)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """See `writer.Writer.retire`."""
        return self.writing.retire(duplicates)


OpenChannel = Callable[[str], OpenedChannel]
"""A channel by its name; "" is the channel of today."""
