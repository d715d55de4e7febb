"""The ledger's tables, as the newest migration leaves them (a test compares the two).

What a newcomer would get wrong: nothing here is a copy of the chart. Findings hold statements and
references; the payload of a plan holds the words of an alert and is emptied once it is settled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

OPEN_PLAN_STATES = ("planned", "sent", "shadow")
KEY_LENGTH = 32


class Instant(sa.TypeDecorator[datetime]):
    """An aware instant, always UTC. SQLite has no time zones, so a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Bring it to UTC before it is written."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("The ledger takes aware instants only; this one has no time zone.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Give it back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

# Migrations on SQLite rebuild tables, which needs every constraint to have a name.
METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _patient_key(**options: Any) -> sa.Column[str]:
    return sa.Column(
        "patient_key",
        sa.String(KEY_LENGTH),
        sa.ForeignKey("patients.key"),
        **({"nullable": False} | options),
    )


def _run_id(**options: Any) -> sa.Column[int]:
    return sa.Column("run_id", sa.ForeignKey("runs.id"), nullable=False, **options)


PATIENTS = sa.Table(
    "patients",
    METADATA,
    sa.Column("key", sa.String(KEY_LENGTH), primary_key=True),
    sa.Column("fhir_id", sa.String, nullable=False, unique=True),
    sa.Column("in_cohort", sa.Boolean, nullable=False, index=True),
    sa.Column("came_from", sa.String, nullable=False),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("last_seen", Instant, nullable=False),
    sa.Column("left_on", sa.Date),
    # The key under which a merged record goes on; whoever has one is nobody of their own.
    sa.Column("merged_into", sa.String(KEY_LENGTH)),
    sa.Column("is_left_out", sa.Boolean, nullable=False, server_default=sa.false()),
)

COHORT_SOURCES = sa.Table(
    "cohort_sources",
    METADATA,
    _patient_key(primary_key=True),
    sa.Column("source", sa.String, primary_key=True),
)
"""Which sources name a member now. Whoever is in the cohort has at least one row."""

COHORT_READINGS = sa.Table(
    "cohort_readings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("size_before", sa.Integer, nullable=False),
    sa.Column("came", sa.Integer, nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Column("is_complete", sa.Boolean, nullable=False),
    sa.Column("is_held", sa.Boolean, nullable=False),
    sa.Column("accepted_at", Instant),
    sa.Column("sources", Json, nullable=False),
    sqlite_autoincrement=True,
)

COHORT_MOVES = sa.Table(
    "cohort_moves",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    # None: between two readings, as a merge is found while a chart is read.
    sa.Column("reading_id", sa.ForeignKey("cohort_readings.id"), index=True),
    _patient_key(index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
)

COHORT_IDENTIFIERS = sa.Table(
    "cohort_identifiers",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("fhir_id", sa.String, nullable=False),
    sa.Column("found_at", Instant, nullable=False),
)
"""Record numbers that were looked up, as digests."""

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("protocol_digest", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("is_reading_done", sa.Boolean, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("held_reason", sa.String, nullable=False),
    sa.Column("counts", Json, nullable=False),
    # The approval under which it was opened; none for a shadow run.
    sa.Column("approval_id", sa.Integer),
    sa.Column("released_by", sa.String, nullable=False, server_default=""),
    sa.Column("released_at", Instant),
    sqlite_autoincrement=True,
)

APPROVALS = sa.Table(
    "approvals",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("approver", sa.String, nullable=False),
    sa.Column("second_approver", sa.String, nullable=False),
    sa.Column("protocol_id", sa.String, nullable=False),
    sa.Column("protocol_version", sa.String, nullable=False),
    sa.Column("protocol_digest", sa.String, nullable=False),
    sa.Column("software_version", sa.String, nullable=False),
    sa.Column("overlay_text", sa.Text, nullable=False),
    sa.Column("most_new_alerts", sa.Integer),
    sa.Column("most_percent", sa.Float),
    sa.Column("restores", sa.Integer),
    sa.Column("at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("ended_why", sa.String, nullable=False),
    sa.Column("is_current", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""Who let which protocol be written, for whom. At most one is current."""

sa.Index(
    "uq_approvals_one_current",
    APPROVALS.c.is_current,
    unique=True,
    sqlite_where=APPROVALS.c.is_current,
    postgresql_where=APPROVALS.c.is_current,
)

DRAFT_OVERLAYS = sa.Table(
    "draft_overlays",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("protocol_digest", sa.String, nullable=False),
    sa.Column("overlay_text", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
"""What a clinical lead proposes; it counts for nothing until it is approved as a file."""

CANARY_PEOPLE = sa.Table(
    "canary_people",
    METADATA,
    sa.Column("approval_id", sa.ForeignKey("approvals.id"), primary_key=True),
    _patient_key(primary_key=True),
)
"""For whom an approval of the canary stage holds."""

PENDING = sa.Table(
    "pending",
    METADATA,
    _patient_key(primary_key=True),
    _run_id(index=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("handed_out_at", Instant),
    sa.Column("not_before", Instant),
    sa.Column("is_given_up", sa.Boolean, nullable=False),
    sa.Column("last_problem", sa.String, nullable=False),
)

ASSESSMENTS = sa.Table(
    "assessments",
    METADATA,
    sa.Column("id", sa.String(KEY_LENGTH), primary_key=True),
    _patient_key(index=True),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("on_date", sa.Date, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("protocol_id", sa.String, nullable=False),
    sa.Column("protocol_version", sa.String, nullable=False),
    sa.Column("protocol_digest", sa.String, nullable=False),
    sa.Column("findings", Json, nullable=False),
    sa.Column("unread", Json, nullable=False),
    sa.Column("reported", Json, nullable=False, server_default="[]"),
    sa.Column("notes", Json, nullable=False, server_default="[]"),
)
"""One row for each change of what was found; the oldest `at` at which it was found so."""

LATEST_ASSESSMENTS = sa.Table(
    "latest_assessments",
    METADATA,
    _patient_key(primary_key=True),
    sa.Column("assessment_id", sa.ForeignKey("assessments.id"), nullable=False),
    _run_id(index=True),
    sa.Column("status", sa.String, nullable=False, index=True),
    sa.Column("content_digest", sa.String, nullable=False),
    sa.Column("on_date", sa.Date, nullable=False),
    sa.Column("at", Instant, nullable=False),
    # For the report: coarse, and of the day of judgement. Never a date of birth.
    sa.Column("sex", sa.String, nullable=False, server_default="unknown"),
    sa.Column("age_band", sa.String, nullable=False, server_default="unknown"),
    # What the programme counts of the findings, so that nobody reads those of ten thousand people.
    sa.Column("in_short", sa.String, nullable=False, server_default=""),
)
"""Which of them stands, and when it was last confirmed: the only row a quiet night rewrites."""

ALERTS = sa.Table(
    "alerts",
    METADATA,
    sa.Column("key", sa.String, primary_key=True),
    _patient_key(),
    sa.Column("protocol_id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False, index=True),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("closed_on", sa.Date),
    sa.Column("closing_reason", sa.String, nullable=False),
    sa.Column("content_digest", sa.String, nullable=False),
    sa.Column("reasons", sa.String, nullable=False, server_default=""),
    sa.Column("flag_id", sa.String),
    sa.Column("flag_version", sa.String),
    sa.Column("flag_status", sa.String),
    sa.Column("task_id", sa.String),
    sa.Column("task_version", sa.String),
    sa.Column("task_status", sa.String),
    sa.Column("channel", sa.String, nullable=False, server_default=""),
    sa.Column("message_type", sa.String),
    sa.Column("message_id", sa.String),
    sa.Column("message_version", sa.String),
    sa.Column("message_status", sa.String),
    # Of the protocol by which it was told last; "" where nobody knows.
    sa.Column("protocol_digest", sa.String, nullable=False, server_default=""),
    # The reference of what closed the gap; "" where nothing did that can be referenced.
    sa.Column("closed_by", sa.String, nullable=False, server_default=""),
    sa.Column("changed_at", Instant, nullable=False),
    sa.UniqueConstraint("patient_key", "protocol_id", "kind", "episode"),
)

PLANS = sa.Table(
    "plans",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _patient_key(),
    _run_id(),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("alert_key", sa.String, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("is_outcome_unknown", sa.Boolean, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("last_problem", sa.String, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("confirmed_at", Instant),
    sa.Index("ix_plans_run_id_state", "run_id", "state"),
    # SQLite would give the id of a plan that was taken out to the next one, and whoever still
    # holds the old plan would take the new one for it.
    sqlite_autoincrement=True,
)

sa.Index(
    "uq_plans_one_open",
    PLANS.c.patient_key,
    PLANS.c.kind,
    unique=True,
    sqlite_where=PLANS.c.state.in_(OPEN_PLAN_STATES),
    postgresql_where=PLANS.c.state.in_(OPEN_PLAN_STATES),
)

DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _patient_key(),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("made_on", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("about", sa.String, nullable=False, server_default="ms-bone-health-review"),
    sa.Column("code", sa.String, nullable=False, server_default=""),
    sa.Column("decided_by", sa.String, nullable=False, server_default=""),
    sa.Column("protocol_version", sa.String, nullable=False, server_default=""),
    # A no that was taken back is kept: that it was said, and until when.
    sa.Column("taken_back_at", Instant),
    sa.UniqueConstraint("patient_key", "source", "made_on", "about"),
)

CARDS = sa.Table(
    "cards",
    METADATA,
    # The key of the alert's episode.
    sa.Column("card", sa.String(36), primary_key=True),
    _patient_key(),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("first_shown_at", Instant, nullable=False),
    sa.Column("last_shown_at", Instant, nullable=False),
    sa.Column("times_shown", sa.Integer, nullable=False),
    # What was last said to it, "" while nobody has, and when by the EHR's clock.
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("outcome_at", Instant),
)
"""Cards that were shown, and what was said to them."""

DUPLICATES = sa.Table(
    "duplicates",
    METADATA,
    _patient_key(primary_key=True),
    _run_id(primary_key=True),
    sa.Column("found", sa.Integer, nullable=False),
)
"""Spare Flags and Tasks of ours that a run saw about somebody."""

WITHDRAWALS = sa.Table(
    "withdrawals",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("asked_by", sa.String, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sqlite_autoincrement=True,
)

WITHDRAWAL_ITEMS = sa.Table(
    "withdrawal_items",
    METADATA,
    sa.Column("withdrawal_id", sa.ForeignKey("withdrawals.id"), primary_key=True),
    sa.Column("alert_key", sa.String, primary_key=True),
    _patient_key(),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("problem", sa.String, nullable=False),
    # A request for this alert may be on its way until then.
    sa.Column("not_before", Instant),
    sa.Column("changed_at", Instant, nullable=False),
)
"""The alerts that the hospital takes back, and what became of each."""

WATERMARKS = sa.Table(
    "watermarks",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("instant", Instant, nullable=False),
)

BULK_JOBS = sa.Table(
    "bulk_jobs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _run_id(),
    # Whoever has it may read the whole cohort on some servers: it is emptied with the job.
    sa.Column("status_url", sa.String, nullable=False),
    sa.Column("asked_at", Instant),
    sa.Column("transaction_time", Instant),
    sa.Column("not_before", Instant),
    sa.Column("held_until", Instant),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("restarts", sa.Integer, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
)

sa.Index(
    "uq_bulk_jobs_one_open",
    BULK_JOBS.c.is_open,
    unique=True,
    sqlite_where=BULK_JOBS.c.is_open,
    postgresql_where=BULK_JOBS.c.is_open,
)

MILESTONES = sa.Table(
    "milestones",
    METADATA,
    _patient_key(primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("starts_on", sa.Date, primary_key=True),
    sa.Column("what", sa.String, primary_key=True),
    sa.Column("on_date", sa.Date, nullable=False),
    # What says so, as `Observation/1`; "" where nothing in the chart does.
    sa.Column("source", sa.String, nullable=False),
)
"""The days of the episodes of gaps. A day that was written down stays."""

SWITCHES = sa.Table(
    "switches",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    # Given by us and never by the database: a transaction that is rolled back must leave no gap.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("client", sa.String, nullable=False),
    sa.Column("by_whom", sa.String, nullable=False),
    sa.Column("software", sa.String, nullable=False),
    sa.Column("protocol_digest", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    # No foreign key, here and to runs: the audit outlives whom and what it tells about.
    sa.Column("patient_key", sa.String(KEY_LENGTH), nullable=False, index=True),
    sa.Column("resource", sa.String, nullable=False),
    sa.Column("run_id", sa.Integer),
    sa.Column("run_kind", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("detail", sa.String, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""Each access and each write. Rows are added and, after their span, purged; never changed."""

AUDIT_ANCHORS = sa.Table(
    "audit_anchors",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("why", sa.String, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""How far the chain went on a night, and the last row that was purged."""
