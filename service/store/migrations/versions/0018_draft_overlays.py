"""Drafts of overlays that a clinical lead saved on the Protocol page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing was ever drafted."""
    op.create_table(
        "draft_overlays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("overlay_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_overlays")),
        sqlite_autoincrement=True,
    )
