"""Up to when the EHR's changes are known, as far as that can be believed.

A watermark is the EHR's clock, or ours. Set by a clock that was a year ahead, it would let polls
find nothing for a year after the clock is right: it is forgotten, and a sweep looks at everybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from service.store.ledger import Ledger

_log = structlog.get_logger()
# An EHR whose clock is some hours ahead, as by a wrong time zone, is no reason for a sweep.
_FURTHEST_AHEAD = timedelta(days=1)


def known_until(ledger: Ledger, name: str, now: datetime) -> datetime | None:
    """The watermark of this name; None before the first, and where it lies a day ahead of now."""
    since = ledger.watermarks.get(name)
    if since is not None and since > now + _FURTHEST_AHEAD:
        ledger.watermarks.forget(name)
        _log.warning("watermark_lies_ahead")
        return None
    return since
