"""Switches that an operator throws: the pause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing is switched on."""
    op.create_table(
        "switches",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
