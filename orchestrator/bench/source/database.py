"""A database of the benchmark's own: on a server started for it, or on one that is named."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import postgres
from orchestrator.stack.database import migrate
from orchestrator.stack.processes import stop

_STOP_SECONDS_MAX = 20


@contextmanager
def own_database(named_url: str) -> Iterator[str]:
    """Lend the URL of an empty database with the current schema; it is gone afterwards.

    Args:
        named_url: of a server to measure on; empty to start one in a temporary folder.

    Raises:
        StackError: no server can be started, or the named one does not answer.
    """
    if named_url:
        with _made(named_url) as url:
            yield url
        return
    home = Path(tempfile.mkdtemp(prefix="swarm-bench-"))
    (home / "logs").mkdir()
    settings = OrchestratorSettings(home=home)
    server = postgres.start(settings)
    try:
        with _made(postgres.url(settings)) as url:
            yield url
    finally:
        stop(server, signal_number=postgres.STOP_SIGNAL, seconds_max=_STOP_SECONDS_MAX)
        shutil.rmtree(home, ignore_errors=True)


def connect(url: str) -> Engine:
    """Return an engine on a database."""
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"))


@contextmanager
def _made(server_url: str) -> Iterator[str]:
    name = f"swarm_bench_{os.getpid()}"
    url = make_url(server_url).set(drivername="postgresql")
    admin = url.render_as_string(hide_password=False)
    create, drop = sql.SQL("CREATE DATABASE {}"), sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name)))
    try:
        own = url.set(database=name).render_as_string(hide_password=False)
        migrate(own)
        yield own
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))
