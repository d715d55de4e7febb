"""By which channel an alert was told, and the message that carried it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MESSAGE = ("message_type", "message_id", "message_version", "message_status")


def upgrade() -> None:
    """Alerts from before were told by Flag and Task, but for those that were never sent."""
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("channel", sa.String(), nullable=False, server_default=""))
        for name in _MESSAGE:
            table.add_column(sa.Column(name, sa.String()))
    op.execute("UPDATE alerts SET channel = 'flag-and-task' WHERE state <> 'planned'")
