"""Which source names whom, who came and went, who was merged and who is left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import KEY_LENGTH, Instant, Json

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A member from before is a member by the source that named them last."""
    op.add_column("patients", sa.Column("merged_into", sa.String(KEY_LENGTH)))
    op.add_column(
        "patients",
        sa.Column("is_left_out", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "cohort_sources",
        sa.Column("patient_key", sa.String(KEY_LENGTH), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_cohort_sources_patient_key")
        ),
        sa.PrimaryKeyConstraint("patient_key", "source", name=op.f("pk_cohort_sources")),
    )
    op.execute(
        "INSERT INTO cohort_sources (patient_key, source)"
        " SELECT key, came_from FROM patients WHERE in_cohort"
    )
    op.create_table(
        "cohort_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("size_before", sa.Integer(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", Instant()),
        sa.Column("sources", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_readings")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cohort_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer()),
        sa.Column("patient_key", sa.String(KEY_LENGTH), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["cohort_readings.id"], name=op.f("fk_cohort_moves_reading_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name=op.f("fk_cohort_moves_patient_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_moves")),
    )
    for column in ("reading_id", "patient_key"):
        op.create_index(f"ix_cohort_moves_{column}", "cohort_moves", [column])
    op.create_table(
        "cohort_identifiers",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("fhir_id", sa.String(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_cohort_identifiers")),
    )
