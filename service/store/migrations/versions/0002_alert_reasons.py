"""What an alert rests on, so that nothing is closed while one of it is unknown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Alerts from before rest on nothing that is remembered."""
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("reasons", sa.String(), nullable=False, server_default=""))
