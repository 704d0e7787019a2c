"""Bringing the schema up to date: Alembic without its ini file, safe when many do it at once."""

import contextlib
from collections.abc import Iterator

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from orchestrator.errors import SchemaBehindError, StackError
from orchestrator.stack.revisions import migrations_folder

_LOCK = 0x5357_4152_4D  # "SWARM": the advisory lock that orders concurrent migrations
_CONNECT_SECONDS_MAX = 10


def migrate(database_url: str) -> None:
    """Bring the schema to the newest revision, all of it or nothing. Blocks; safe to call at once.

    Raises:
        StackError: the database does not answer.
    """
    with _transaction(database_url) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database_url: str) -> bool:
    """Return whether the schema is at the newest revision.

    Raises:
        StackError: the database does not answer.
    """
    newest = set(ScriptDirectory.from_config(_config()).get_heads())
    with _transaction(database_url) as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == newest


def require_current(database_url: str) -> None:
    """Raise `SchemaBehindError` if the schema waits for a migration."""
    if not is_current(database_url):
        raise SchemaBehindError(address(database_url))


def address(database_url: str) -> str:
    """Return the URL without its password, for people to read."""
    return make_url(database_url).render_as_string(hide_password=True)


@contextlib.contextmanager
def _transaction(database_url: str) -> Iterator[Connection]:
    named = make_url(database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        named, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS_MAX}
    )
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise StackError(
            f"Postgres at {address(database_url)} does not answer ({reason}); "
            "check SWARM_DATABASE_URL, then run `swarm doctor`"
        ) from error
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config
