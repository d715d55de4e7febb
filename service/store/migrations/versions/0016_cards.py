"""Cards that were shown, and what was said to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; no card was ever shown."""
    op.create_table(
        "cards",
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("patient_key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_shown_at", Instant(), nullable=False),
        sa.Column("last_shown_at", Instant(), nullable=False),
        sa.Column("times_shown", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("outcome_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_cards_patient_key")
        ),
        sa.PrimaryKeyConstraint("card", name=op.f("pk_cards")),
    )
