"""Who let which protocol be written, for whom; and under which approval a run was opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import KEY_LENGTH, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has approved anything yet: a site that was live runs as shadow until somebody does."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("second_approver", sa.String(), nullable=False),
        sa.Column("protocol_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("software_version", sa.String(), nullable=False),
        sa.Column("overlay_text", sa.Text(), nullable=False),
        sa.Column("most_new_alerts", sa.Integer()),
        sa.Column("most_percent", sa.Float()),
        sa.Column("restores", sa.Integer()),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("ended_why", sa.String(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_approvals_one_current",
        "approvals",
        ["is_current"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "canary_people",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("patient_key", sa.String(KEY_LENGTH), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_canary_people_approval_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_canary_people_patient_key")
        ),
        sa.PrimaryKeyConstraint("approval_id", "patient_key", name=op.f("pk_canary_people")),
    )
    op.add_column("runs", sa.Column("approval_id", sa.Integer()))
    op.add_column("runs", sa.Column("released_by", sa.String(), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("released_at", Instant()))
