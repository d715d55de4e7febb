"""How BoneFlag stands towards the EHR: paused, left alone, told to wait, how much it asked today.

For `boneflag report`. What is known here comes from the ledger (the pause) and from Redis (the
rest): without Redis only the processes themselves know it, and nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.ehr.turns import Look
from service.store.switches import Pause


@dataclass(frozen=True, slots=True)
class Standing:
    """`look` is what the shared turns tell; `requests_per_day` 0 is no budget."""

    pause: Pause | None
    look: Look
    requests_per_day: int

    def sentences(self) -> tuple[str, ...]:
        """What is out of the ordinary, and today's requests where any were counted."""
        look, told = self.look, []
        if self.pause is not None:
            why = f": {self.pause.reason}" if self.pause.reason else ""
            since = f"{self.pause.since:%Y-%m-%d %H:%M %Z}"
            told.append(f"PAUSED since {since}{why}. `boneflag resume` lets it go on")
        if look.outage_seconds or look.is_probe_due:
            told.append(
                "The EHR failed many times in a row and is left alone for another"
                f" {look.outage_seconds:.0f} s; then one request finds out whether it is back"
            )
        if look.asked_seconds:
            told.append(f"The EHR asked us to wait: for another {look.asked_seconds:.0f} s")
        if look.requests_today:
            most = f" of {self.requests_per_day}" if self.requests_per_day else ""
            told.append(f"Requests to the EHR today: {look.requests_today}{most}")
        return tuple(told)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        pause = self.pause
        return {
            "paused_since": None if pause is None else pause.since.isoformat(),
            "pause_reason": "" if pause is None else pause.reason,
            "left_alone_seconds": round(self.look.outage_seconds),
            "asked_to_wait_seconds": round(self.look.asked_seconds),
            "requests_today": self.look.requests_today,
            "requests_per_day": self.requests_per_day,
        }
