"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say here what it does to rows that exist already."""
    ${upgrades if upgrades else "pass"}
