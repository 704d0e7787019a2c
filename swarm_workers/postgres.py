"""Transactions on Postgres whose failure to connect is said in one way."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from swarm_workers.errors import ServiceUnreachableError


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Lend a connection in a transaction of the block: committed, or undone if it raises.

    Raises:
        ServiceUnreachableError: Postgres does not answer, or went away.
    """
    with _translated(engine), engine.begin() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Lend a connection for the block that sees one moment, that of its first query, and no later.

    It only reads, so that it locks nothing and never has to be begun anew; it takes as many round
    trips as `transaction`.

    Raises:
        ServiceUnreachableError: Postgres does not answer, or went away.
    """
    with _translated(engine), engine.connect() as connection:
        # Said of the connection: an engine made for it would cost as much time as the query.
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        url = engine.url
        reason = str(error.orig).strip().splitlines()[0]
        raise ServiceUnreachableError("Postgres", f"{url.host}:{url.port}", reason) from error
