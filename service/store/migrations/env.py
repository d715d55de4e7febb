"""Runs migrations on the connection that `service.store.schema` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from service.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can roll tables back; Alembic does not believe it because Python's driver once could
    # not. `database` begins the transaction itself.
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
