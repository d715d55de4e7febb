"""How many spare alerts a run found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing is counted yet."""
    op.create_table(
        "duplicates",
        sa.Column("patient_key", sa.String(32), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_duplicates_patient_key")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_duplicates_run_id")),
        sa.PrimaryKeyConstraint("patient_key", "run_id", name=op.f("pk_duplicates")),
    )
