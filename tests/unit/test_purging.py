"""A night's purge leaves the end of the audit in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from service.purging import purge_and_anchor
from service.store.acts import Act
from service.store.ledger import Ledger
from service.store.retention import Spans

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_the_hash_of_the_last_row_goes_into_the_log_and_beside_the_chain(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", attempts_in_a_run=1) as ledger:
        ledger.migrate()
        ledger.audit.record([Act("list")] * 3, NOW - timedelta(days=2))
        with structlog.testing.capture_logs() as logs:
            counts = purge_and_anchor(ledger, Spans(1, 0, 0), NOW, NOW.date())
        (row,) = ledger.audit.rows()
        assert counts == {"audit rows": 3}
        assert logs == [
            {"event": "purged", "count": 3, "log_level": "info"},
            {"event": "audit_anchored", "count": 4, "digest": row.hash, "log_level": "info"},
        ]
        with ledger.audit.chain() as chain:
            assert chain.anchors[4] == row.hash
