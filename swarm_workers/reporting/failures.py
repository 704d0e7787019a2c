"""What a failure on the way means: the report's fault for good, or a server's for now."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from redis import Redis, RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from swarm_workers.errors import ServiceUnreachableError, WorkerError


class ReportRejectedError(WorkerError):
    """A report that Postgres will never take; `reason` is its answer, in one line."""

    def __init__(self, reason: str) -> None:
        """Keep Postgres' answer."""
        super().__init__(f"a report cannot be written ({reason}); it is set aside, see the outbox")
        self.reason = reason


@contextmanager
def translate_postgres_errors(engine: Engine) -> Iterator[None]:
    """Tell by type what the caller can do: set the report aside, or wait and try again.

    Only a broken constraint or a value that the column cannot hold is the report's fault. All else
    is the server's, a missing table among it: then the reports wait for the migration.
    """
    try:
        yield
    except (IntegrityError, DataError, psycopg.IntegrityError, psycopg.DataError) as error:
        # The driver's own come of a COPY.
        raise ReportRejectedError(_first_line(error)) from error
    except (DBAPIError, psycopg.Error) as error:
        address = f"{engine.url.host or 'localhost'}:{engine.url.port or 5432}"
        raise ServiceUnreachableError("Postgres", address, _first_line(error)) from error


@contextmanager
def translate_redis_errors(redis: Redis) -> Iterator[None]:
    """Raise what Redis says, or does not say, as a `ServiceUnreachableError`."""
    try:
        yield
    except (RedisError, OSError) as error:
        known = redis.connection_pool.connection_kwargs
        address = known.get("path") or f"{known.get('host')}:{known.get('port')}"
        raise ServiceUnreachableError("Redis", address, str(error)) from error


def _first_line(error: DBAPIError | psycopg.Error) -> str:
    said = error.orig if isinstance(error, DBAPIError) else error
    lines = str(said).strip().splitlines()
    return lines[0] if lines else type(said).__name__
