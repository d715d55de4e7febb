"""What closed the gap, beside the reason of each closing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of alerts that are closed already nobody kept it."""
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("closed_by", sa.String(), nullable=False, server_default=""))
