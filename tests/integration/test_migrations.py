"""The migrations make the very tables that the code speaks of."""

import importlib
import pkgutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, make_url, text

import tasks_schema.migrations
import tasks_schema.tables
from swarm_workers.source.edges.stored import is_derived
from swarm_workers.source.reading import read_landing, state_of
from tasks_schema.migrations.comparison import is_compared
from tasks_schema.tables.base import METADATA

for _module in pkgutil.iter_modules(tasks_schema.tables.__path__, "tasks_schema.tables."):
    importlib.import_module(_module.name)

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' ORDER BY 1, 2
    """,
    "partitions": """
        SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class
        WHERE relispartition AND relkind = 'r' ORDER BY 1
    """,
}


@pytest.fixture
def empty_database(database_url: str) -> Iterator[str]:
    """URL of a database without any tables."""
    name = "test_migrations"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield f"{database_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(tasks_schema.migrations.__file__).parent).replace("%", "%%")
    )
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def catalogue(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return what the database says of its tables, the version table of Alembic left out."""
    rows = {
        name: [tuple(row) for row in connection.execute(text(query))]
        for name, query in CATALOGUE.items()
    }
    return {
        name: [row for row in found if "alembic_version" not in str(row[0])]
        for name, found in rows.items()
    }


def test_migrations_and_tables_make_the_same_database(empty_database: str) -> None:
    with transaction(empty_database) as connection:
        METADATA.create_all(connection)
        from_tables = catalogue(connection)
        METADATA.drop_all(connection)
    with transaction(empty_database) as connection:
        migrate(connection, "head")
        from_migrations = catalogue(connection)
    assert len(from_tables["partitions"]) == 8
    for name, rows in from_tables.items():
        assert from_migrations[name] == rows, name


def test_nothing_is_left_to_migrate(empty_database: str) -> None:
    with transaction(empty_database) as connection:
        migrate(connection, "head")
        context = MigrationContext.configure(connection, opts={"include_name": is_compared})
        assert compare_metadata(context, METADATA) == []


def test_what_landed_before_edges_were_kept_is_not_taken_to_have_them(
    empty_database: str,
) -> None:
    imported, fork, attempt = (uuid.UUID(int=at) for at in (1, 2, 3))
    with transaction(empty_database) as connection:
        migrate(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO branches (branch_id, parent_branch, parent_landing, name, digest)"
                " VALUES (:imported, NULL, NULL, 'old', 'd'), (:fork, :imported, 0, 'fork', NULL)"
            ),
            {"imported": imported, "fork": fork},
        )
        connection.execute(
            text(
                "INSERT INTO landings (branch_id, number, attempt_id, version_vector, author,"
                " first_seq, last_seq) VALUES (:imported, 0, NULL, '{}', 'a', 1, 0),"
                " (:fork, 0, NULL, '{}', 'a', 1, 0), (:fork, 1, :attempt, '{\"b\": 2}', 'a', 1, 2)"
            ),
            {"imported": imported, "fork": fork, "attempt": attempt},
        )
    with transaction(empty_database) as connection:
        migrate(connection, "head")
    with transaction(empty_database) as connection:
        for branch, landing in ((imported, 0), (imported, 1), (fork, 0), (fork, 2)):
            state = state_of(connection, str(branch), landing)
            assert not is_derived(connection, state), (branch, landing)
        head = read_landing(connection, str(fork), None)
        assert (head.number, head.version_vector, head.attempt_id) == (2, {"b": 2}, None)


def test_migrations_can_be_taken_back(empty_database: str) -> None:
    with transaction(empty_database) as connection:
        migrate(connection, "head")
    with transaction(empty_database) as connection:
        migrate(connection, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    with transaction(empty_database) as connection:
        migrate(connection, "head")
