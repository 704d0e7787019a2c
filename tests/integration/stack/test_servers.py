"""The embedded servers: they start, serve, keep their data, and survive a kill."""

import psycopg
import redis


def test_valkey_serves_behind_its_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_postgres_serves_in_utf8(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SHOW server_encoding").fetchone()
    assert row == ("UTF8",)


def test_each_test_has_a_database_of_its_own(database: str, database_url: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    assert row[0] != database_url.rpartition("/")[2]
