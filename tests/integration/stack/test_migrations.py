"""Bringing the schema up to date: all or nothing, once, whoever calls at the same time."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from orchestrator.errors import SchemaBehindError, StackError
from orchestrator.stack.database import is_current, migrate, require_current


@pytest.fixture
def empty_database(database_url: str, request: pytest.FixtureRequest) -> str:
    name = "empty_" + str(abs(hash(request.node.name)))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{database_url.rpartition('/')[0]}/{name}"


def test_several_at_once_bring_the_schema_up_once(empty_database: str) -> None:
    assert not is_current(empty_database)
    with ThreadPoolExecutor(3) as pool:
        for call in [pool.submit(migrate, empty_database) for _ in range(3)]:
            call.result()
    assert is_current(empty_database)
    require_current(empty_database)
    with psycopg.connect(empty_database) as connection:
        row = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert row == (1,)


def test_a_database_that_is_behind_is_named_without_its_password(empty_database: str) -> None:
    with pytest.raises(SchemaBehindError, match="run `swarm migrate`") as caught:
        require_current(empty_database)
    assert empty_database.split(":")[2].partition("@")[0] not in str(caught.value)
    assert empty_database.rpartition("/")[2] in caught.value.address


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(StackError, match=r"u:\*\*\*@127.0.0.1:1/d does not answer") as caught:
        migrate("postgresql://u:hidden@127.0.0.1:1/d")
    assert "\n" not in str(caught.value)
