"""Bulk exports under way, so that a process that starts again goes on where the last one was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("is_open")


def upgrade() -> None:
    """Create the table; at most one job is open."""
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("status_url", sa.String(), nullable=False),
        sa.Column("asked_at", Instant()),
        sa.Column("transaction_time", Instant()),
        sa.Column("not_before", Instant()),
        sa.Column("held_until", Instant()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_jobs"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_bulk_jobs_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_bulk_jobs_one_open",
        "bulk_jobs",
        ["is_open"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
