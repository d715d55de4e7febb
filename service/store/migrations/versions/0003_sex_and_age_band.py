"""Sex and age band of the latest assessment, for the programme's report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; whoever was judged before this version is unknown until they are judged again."""
    for name in ("sex", "age_band"):
        op.add_column(
            "latest_assessments",
            sa.Column(name, sa.String(), nullable=False, server_default="unknown"),
        )
