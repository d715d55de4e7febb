"""The first ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("state IN ('planned', 'sent', 'shadow')")


def upgrade() -> None:
    """Create every table."""
    _create_patients()
    _create_runs()
    _create_watermarks()
    _create_alerts()
    _create_assessments()
    _create_decisions()
    _create_pending()
    _create_plans()
    _create_latest_assessments()


def _create_patients() -> None:
    op.create_table(
        "patients",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("fhir_id", sa.String(), nullable=False),
        sa.Column("in_cohort", sa.Boolean(), nullable=False),
        sa.Column("came_from", sa.String(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.Column("last_seen", Instant(), nullable=False),
        sa.Column("left_on", sa.Date()),
        sa.PrimaryKeyConstraint("key", name="pk_patients"),
        sa.UniqueConstraint("fhir_id", name="uq_patients_fhir_id"),
    )
    op.create_index("ix_patients_in_cohort", "patients", ["in_cohort"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_reading_done", sa.Boolean(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant()),
        sa.Column("held_reason", sa.String(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_state", "runs", ["state"])


def _create_watermarks() -> None:
    op.create_table(
        "watermarks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instant", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_watermarks"),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("protocol_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date()),
        sa.Column("closing_reason", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("flag_id", sa.String()),
        sa.Column("flag_version", sa.String()),
        sa.Column("flag_status", sa.String()),
        sa.Column("task_id", sa.String()),
        sa.Column("task_version", sa.String()),
        sa.Column("task_status", sa.String()),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["patient_key"], ["patients.key"], name="fk_alerts_patient_key"),
        sa.PrimaryKeyConstraint("key", name="pk_alerts"),
        sa.UniqueConstraint(
            "patient_key",
            "protocol_id",
            "kind",
            "episode",
            name="uq_alerts_patient_key_protocol_id_kind_episode",
        ),
    )
    op.create_index("ix_alerts_state", "alerts", ["state"])


def _create_assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("protocol_id", sa.String(), nullable=False),
        sa.Column("protocol_version", sa.String(), nullable=False),
        sa.Column("protocol_digest", sa.String(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("unread", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name="fk_assessments_patient_key"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
    )
    op.create_index("ix_assessments_patient_key", "assessments", ["patient_key"])


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["patient_key"], ["patients.key"], name="fk_decisions_patient_key"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint(
            "patient_key", "source", "made_on", name="uq_decisions_patient_key_source_made_on"
        ),
    )


def _create_pending() -> None:
    op.create_table(
        "pending",
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("handed_out_at", Instant()),
        sa.Column("not_before", Instant()),
        sa.Column("is_given_up", sa.Boolean(), nullable=False),
        sa.Column("last_problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["patient_key"], ["patients.key"], name="fk_pending_patient_key"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_pending_run_id"),
        sa.PrimaryKeyConstraint("patient_key", name="pk_pending"),
    )
    op.create_index("ix_pending_run_id", "pending", ["run_id"])


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("alert_key", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_outcome_unknown", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Instant()),
        sa.Column("last_problem", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant()),
        sa.Column("confirmed_at", Instant()),
        sa.ForeignKeyConstraint(["patient_key"], ["patients.key"], name="fk_plans_patient_key"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_plans_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_plans_run_id_state", "plans", ["run_id", "state"])
    op.create_index(
        "uq_plans_one_open",
        "plans",
        ["patient_key", "kind"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )


def _create_latest_assessments() -> None:
    op.create_table(
        "latest_assessments",
        sa.Column("patient_key", sa.String(length=32), nullable=False),
        sa.Column("assessment_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name="fk_latest_assessments_assessment_id"
        ),
        sa.ForeignKeyConstraint(
            ["patient_key"], ["patients.key"], name="fk_latest_assessments_patient_key"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_latest_assessments_run_id"),
        sa.PrimaryKeyConstraint("patient_key", name="pk_latest_assessments"),
    )
    op.create_index("ix_latest_assessments_run_id", "latest_assessments", ["run_id"])
    op.create_index("ix_latest_assessments_status", "latest_assessments", ["status"])
