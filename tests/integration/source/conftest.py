"""A source store on a database of the test's own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url

from swarm_workers.source.store import SourceStore


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SourceStore:
    return SourceStore(engine)
