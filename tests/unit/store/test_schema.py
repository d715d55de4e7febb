from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.store.database import Database
from service.store.errors import StoreError, StoreTooNew
from service.store.schema import migrate
from service.store.tables import METADATA

from .builders import people


def test_the_migrations_make_the_tables_that_the_program_uses(url):
    store = Database(url)
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    store.close()


def test_migrating_again_keeps_what_is_there(url, ledger):
    people(ledger, "p1")
    ledger.migrate()
    assert len(ledger.cohort.members()) == 1


def test_a_ledger_made_by_a_newer_program_is_not_touched(empty_url):
    store = Database(empty_url)
    migrate(store)
    with store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew):
        migrate(store)
    store.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_url):
    store = Database(empty_url)
    with store.writing() as connection:
        connection.execute(sa.text("CREATE TABLE watermarks (name TEXT)"))
    with pytest.raises(StoreError):
        migrate(store)
    with store.reading() as connection:
        tables = set(sa.inspect(connection).get_table_names())
    store.close()
    assert tables == {"watermarks"}
