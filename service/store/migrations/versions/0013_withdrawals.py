"""Alerts taken back by the hospital, and which protocol told an alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What is known of alerts that were told before: the run of their last plan that was confirmed.
_KNOWN = """
UPDATE alerts SET protocol_digest = COALESCE((
    SELECT runs.protocol_digest FROM plans JOIN runs ON runs.id = plans.run_id
    WHERE plans.alert_key = alerts.key AND plans.state = 'confirmed'
    AND plans.action IN ('create', 'update') ORDER BY plans.id DESC LIMIT 1
), '')
"""


def upgrade() -> None:
    """Add the tables and the column, filled from the plans that the ledger still holds."""
    op.add_column(
        "alerts", sa.Column("protocol_digest", sa.String(), server_default="", nullable=False)
    )
    op.execute(_KNOWN)
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "withdrawal_items",
        sa.Column("withdrawal_id", sa.Integer(), nullable=False),
        sa.Column("alert_key", sa.String(), nullable=False),
        sa.Column("patient_key", sa.String(32), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("not_before", Instant()),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"],
            ["withdrawals.id"],
            name=op.f("fk_withdrawal_items_withdrawal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_withdrawal_items_patient_key")
        ),
        sa.PrimaryKeyConstraint("withdrawal_id", "alert_key", name=op.f("pk_withdrawal_items")),
    )
