from __future__ import annotations

from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from service.store.database import Database
from service.store.errors import StoreError, StoreTooNew
from service.store.schema import MIGRATIONS, migrate
from service.store.tables import METADATA

from .builders import NOW, begin, entry, people, screening


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


_JUDGED_BEFORE = {
    "patients": {
        "key": "k",
        "fhir_id": "p1",
        "in_cohort": True,
        "came_from": "search",
        "first_seen": "2026-11-22",
        "last_seen": "2026-11-22",
    },
    "runs": {
        "id": 1,
        "kind": "sweep",
        "mode": "shadow",
        "protocol_digest": "d",
        "state": "done",
        "is_reading_done": True,
        "started_at": "2026-11-22",
        "held_reason": "",
        "counts": "{}",
    },
    "assessments": {
        "id": "a",
        "patient_key": "k",
        "status": "due",
        "on_date": "2026-11-22",
        "at": "2026-11-22",
        "protocol_id": "p",
        "protocol_version": "1",
        "protocol_digest": "d",
        "findings": """[{"number": "MSO-02", "verdict": "met"},
            {"number": "MSO-07", "verdict": "unknown"},
            {"number": "MSO-10", "verdict": "not-met"}]""",
        "unread": '["Procedure"]',
    },
    "latest_assessments": {
        "patient_key": "k",
        "assessment_id": "a",
        "run_id": 1,
        "status": "due",
        "content_digest": "c",
        "on_date": "2026-11-22",
        "at": "2026-11-22",
    },
}


def test_what_the_programme_counts_is_made_of_the_findings_that_an_older_ledger_kept(empty_url):
    store = Database(empty_url)
    with store.writing() as connection:
        before = Config()
        before.set_main_option("script_location", str(MIGRATIONS))
        before.attributes["connection"] = connection
        command.upgrade(before, "0016")
        for table, values in _JUDGED_BEFORE.items():
            names = ", ".join(values)
            given = ", ".join(f":{name}" for name in values)
            insert = f"INSERT INTO {table} ({names}) VALUES ({given})"
            connection.execute(sa.text(insert), values)
    migrate(store)
    with store.reading() as connection:
        found = connection.scalar(sa.text("SELECT in_short FROM latest_assessments"))
    store.close()
    assert found == "MSO-02 MSO-07? !Procedure"


def test_a_ledger_of_the_first_version_is_brought_up_with_its_alerts(empty_url):
    store = Database(empty_url)
    with store.writing() as connection:
        first = Config()
        first.set_main_option("script_location", str(MIGRATIONS))
        first.attributes["connection"] = connection
        command.upgrade(first, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO patients (key, fhir_id, in_cohort, came_from, first_seen, last_seen)"
                " VALUES ('k', 'p1', true, 'search', '2026-11-22', '2026-11-22')"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO alerts (key, patient_key, protocol_id, kind, episode, state,"
                " opened_on, closing_reason, content_digest, changed_at) VALUES ('a', 'k', 'p',"
                " 'ms-bone-health-review', 1, 'confirmed', '2026-11-22', '', 'd', '2026-11-22')"
            )
        )
    migrate(store)
    with store.reading() as connection:
        found = connection.execute(sa.text("SELECT key, reasons FROM alerts")).all()
    store.close()
    assert [tuple(row) for row in found] == [("a", "")]


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


def test_whoever_was_judged_before_sex_and_age_were_kept_is_unknown(url, ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger, [key])), NOW)
    bring_up_from("0002", url)
    latest = ledger.screenings.latest([key])[key]
    assert (latest.sex, latest.age_band) == ("unknown", "unknown")


def test_whoever_was_judged_before_problems_and_notes_were_kept_has_none(url, ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger, [key])), NOW)
    bring_up_from("0003", url)
    latest = ledger.screenings.latest([key])[key]
    assert (latest.status, latest.reported, latest.notes) == ("due", [], [])


def test_an_alert_from_before_channels_was_told_by_flag_and_task(url, ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry(), NOW)
    bring_up_from("0005", url)
    (alert,) = ledger.alerts.history([key])[key]
    assert (alert.channel, alert.message_id) == ("flag-and-task", None)


def test_a_decision_from_before_they_were_kept_in_full_is_about_the_screening_alert(url, ledger):
    (key,) = people(ledger, "p1")
    bring_up_from("0010", url)
    with Database(url).writing() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO decisions (patient_key, kind, reason, made_on, until, source)"
                " VALUES (:key, 'snoozed', 'Task rejected', '2026-01-01', '2027-01-01', 'Task/t')"
            ),
            {"key": key},
        )
    (decision,) = ledger.decisions.of([key])[key]
    assert (decision.about, decision.code) == ("ms-bone-health-review", "")


def bring_up_from(version, url):
    """Make the ledger one of an older version, without what came later; migrate it."""
    tables = tables_of(version)
    store = Database(url)
    with store.writing() as connection:
        present = sa.inspect(connection)
        later = [name for name in present.get_table_names() if name not in tables]
        # Those that point at others go first.
        for name in sorted(later, key=lambda name: -len(present.get_foreign_keys(name))):
            connection.execute(sa.text(f"DROP TABLE {name}"))
        for name, columns in tables.items():
            unique = present.get_unique_constraints(name)
            if any(not columns.issuperset(found["column_names"]) for found in unique):
                # SQLite drops no column that a constraint names; nobody has put a row in these.
                connection.execute(sa.text(f"DROP TABLE {name}"))
                table_of(version, name).create(connection)
                continue
            for column in present.get_columns(name):
                if column["name"] not in columns:
                    connection.execute(sa.text(f"ALTER TABLE {name} DROP COLUMN {column['name']}"))
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{version}'"))
    migrate(store)
    store.close()


@contextmanager
def made_as(version):
    """A connection to an empty ledger of an older version."""
    with sa.create_engine("sqlite://").begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection


def table_of(version, name):
    """A table as it was in a version."""
    with made_as(version) as connection:
        return sa.Table(name, sa.MetaData(), autoload_with=connection)


def tables_of(version):
    """The names of the columns of every table as they were in a version."""
    with made_as(version) as connection:
        shape = sa.inspect(connection)
        return {
            name: {column["name"] for column in shape.get_columns(name)}
            for name in shape.get_table_names()
        }
