"""What the programme counts of each latest assessment, in one short line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Json

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_MARKS = {"met": "", "unknown": "?"}


def upgrade() -> None:
    """Add it with the verdicts and what stayed unread; the rest comes with the next judgement."""
    op.add_column(
        "latest_assessments",
        sa.Column("in_short", sa.String(), nullable=False, server_default=""),
    )
    latest = sa.table(
        "latest_assessments",
        sa.column("patient_key", sa.String),
        sa.column("assessment_id", sa.String),
        sa.column("in_short", sa.String),
    )
    kept = sa.table(
        "assessments",
        sa.column("id", sa.String),
        sa.column("findings", Json),
        sa.column("unread", Json),
    )
    connection = op.get_bind()
    keys = list(connection.scalars(sa.select(latest.c.patient_key)))
    judged = sa.select(latest.c.patient_key, kept.c.findings, kept.c.unread).join(
        kept, kept.c.id == latest.c.assessment_id
    )
    change = sa.update(latest).where(latest.c.patient_key == sa.bindparam("whose"))
    for start in range(0, len(keys), _AT_ONCE):
        some = judged.where(latest.c.patient_key.in_(keys[start : start + _AT_ONCE]))
        rows = [
            {"whose": row.patient_key, "short": _in_short(row.findings, row.unread)}
            for row in connection.execute(some).all()
        ]
        if rows:
            connection.execute(change.values(in_short=sa.bindparam("short")), rows)


def _in_short(findings: list[dict[str, str]], unread: list[str]) -> str:
    verdicts = [f"{f['number']}{_MARKS[f['verdict']]}" for f in findings if f["verdict"] in _MARKS]
    return " ".join([*verdicts, *(f"!{type_}" for type_ in unread)])
