"""The night's housekeeping: what is over its span goes, and the end of the audit is written down.

A newcomer would get one thing wrong: the hash goes into the log on purpose. The log stands outside
of the database, so that whoever changes the one has not changed the other, and
`boneflag audit verify --expect` can ask for it. It tells nothing about anybody.
"""

from __future__ import annotations

from datetime import date, datetime

import structlog

from service.store.ledger import Ledger
from service.store.retention import Spans

_log = structlog.get_logger()


def purge_and_anchor(ledger: Ledger, spans: Spans, at: datetime, today: date) -> dict[str, int]:
    """Purge, then anchor the audit; how much of each kind was taken out."""
    counts = ledger.retention.purge(spans, at, today)
    if counts:
        _log.info("purged", count=sum(counts.values()))
    end = ledger.audit.anchor(at)
    _log.info("audit_anchored", count=end.number, digest=end.hash)
    return counts
