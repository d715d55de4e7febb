"""What the chart could not tell and what a reader should know, for the worklist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; whoever was judged before this version has none until they are judged again."""
    for name in ("reported", "notes"):
        op.add_column("assessments", sa.Column(name, Json, nullable=False, server_default="[]"))
