"""Decisions with the alert they are about, their code, who made them, and taken back or not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE = "uq_decisions_patient_key_source_made_on"
_TEXTS = {"about": "ms-bone-health-review", "code": "", "decided_by": "", "protocol_version": ""}


def upgrade() -> None:
    """Until now only what was said to the screening alert was kept; nobody knows by whom."""
    with op.batch_alter_table("decisions") as table:
        for name, before in _TEXTS.items():
            column = sa.Column(name, sa.String(), nullable=False, server_default=before)
            table.add_column(column)
        table.add_column(sa.Column("taken_back_at", Instant()))
        table.drop_constraint(_BEFORE, type_="unique")
        columns = ["patient_key", "source", "made_on", "about"]
        table.create_unique_constraint(f"{_BEFORE}_about", columns)
