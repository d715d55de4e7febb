"""Whether an alert was told by another channel than the one that is to speak now."""

from __future__ import annotations

from service.ehr.alert_state import Remembered
from service.screening.alert import AlertPlan


def is_told_elsewhere(plan: AlertPlan, remembered: Remembered, channel: str) -> bool:
    """Whether an open alert stands in another channel, of which this one sees nothing.

    A closed one that is due again is opened in this channel.
    """
    posted = plan.posted
    return (
        posted is not None
        and remembered.state in ("sent", "confirmed", "unknown")
        and remembered.channel not in ("", channel)
        and posted.flag is None
        and posted.task is None
    )
