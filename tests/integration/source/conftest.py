"""A source store on a database of the test's own, and a second one to exchange with."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, make_url

from orchestrator.stack.database import migrate
from swarm_workers.source.store import SourceStore
from tests.support.hubs import Hub
from tests.support.system_postgres import find_system_postgres, running, speaks_otherwise


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SourceStore:
    return SourceStore(engine)


@pytest.fixture(scope="session")
def swedish_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of another server of another version, in which Å comes after Z and a before Z."""
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("this machine has no Postgres beside the embedded one")
    with running(programs, tmp_path_factory.mktemp("other") / "home") as url:
        assert speaks_otherwise(url)
        yield url


@pytest.fixture(params=["C of libc", "Swedish"])
def two_hubs(request: pytest.FixtureRequest, database: str) -> Iterator[tuple[Hub, Hub]]:
    """Two databases; the second one's texts are sorted in another way than the first one's."""
    is_other = request.param == "Swedish"
    server = request.getfixturevalue("swedish_server" if is_other else "database_url")
    name = f"other_{uuid.uuid4().hex[:8]}"
    locale = "" if is_other else "LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {locale}")
    url = f"{server.rpartition('/')[0]}/{name}"
    migrate(url)
    hubs = Hub(database), Hub(url)
    yield hubs
    for hub in hubs:
        hub.engine.dispose()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def hub(database: str) -> Iterator[Hub]:
    """One database of the test's own."""
    hub = Hub(database)
    yield hub
    hub.engine.dispose()


@pytest.fixture
def hubs(hub: Hub, database_url: str, template_database: str) -> Iterator[tuple[Hub, Hub]]:
    """Two databases on one server."""
    name = f"other_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    other = Hub(f"{database_url.rpartition('/')[0]}/{name}")
    yield hub, other
    other.engine.dispose()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
