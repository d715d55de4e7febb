"""The days of the episodes of gaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; episodes that are open now begin with the next judgement."""
    op.create_table(
        "milestones",
        sa.Column("patient_key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_milestones_patient_key")
        ),
        sa.PrimaryKeyConstraint(
            "patient_key", "kind", "starts_on", "what", name=op.f("pk_milestones")
        ),
    )
