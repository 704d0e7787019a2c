"""The embedded servers: they serve, keep their data over kills, and yield taken ports."""

import os
import pwd
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis
from pydantic import SecretStr

from orchestrator.errors import SchemaBehindError, ServerStartError, StackError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import postgres, privileges, services, valkey
from orchestrator.stack.endpoint import load_endpoint
from orchestrator.stack.state import StackState
from tests.support.killing import kill_hard

pytestmark = [pytest.mark.redis, pytest.mark.postgres]


def servers(settings: OrchestratorSettings) -> StackState:
    return services.up(settings, with_fleet=False)


def remember(state: StackState) -> None:
    with psycopg.connect(state.database_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('postgres')")
    with redis.Redis.from_url(state.redis_url, decode_responses=True) as client:
        client.set("kept", "valkey")


def recall(state: StackState) -> tuple[str, str]:
    with psycopg.connect(state.database_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    with redis.Redis.from_url(state.redis_url, decode_responses=True) as client:
        return row[0] if row else "", str(client.get("kept"))


def test_valkey_serves_behind_its_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    bare = redis_url.replace(redis_url.partition("//")[2].partition("@")[0] + "@", "")
    with redis.Redis.from_url(bare) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_postgres_serves_in_utf8_behind_its_password(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
    assert row == ("UTF8",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database_url, password="guess")


def test_each_test_has_a_database_of_its_own(database: str, database_url: str) -> None:
    assert database.rpartition("/")[2] != database_url.rpartition("/")[2]
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT to_regclass('swarms')").fetchone()
    assert row == ("swarms",)


def test_servers_killed_hard_come_back_with_their_data(settings: OrchestratorSettings) -> None:
    before = servers(settings)
    remember(before)
    for process in before.processes.values():
        kill_hard(process.pid)
    after = servers(settings)
    assert after.processes.keys() == {"valkey", "postgres"}
    assert not set(after.processes.values()) & set(before.processes.values())
    assert recall(after) == ("postgres", "valkey")


def test_a_lost_stack_file_does_not_lose_the_servers(settings: OrchestratorSettings) -> None:
    before = servers(settings)
    (settings.home / "stack.json").unlink()
    assert servers(settings) == before


def test_a_taken_port_is_left_to_who_has_it(settings: OrchestratorSettings) -> None:
    before = servers(settings)
    remember(before)
    services.down(settings)
    folders = [settings.home / name for name in (valkey.NAME, postgres.NAME)]
    ports = [load_endpoint(folder / "endpoint.json").port for folder in folders]
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        socket.create_server(("127.0.0.1", ports[1])),
    ):
        after = servers(settings)
        assert recall(after) == ("postgres", "valkey")
    moved = [load_endpoint(folder / "endpoint.json").port for folder in folders]
    assert not set(ports) & set(moved)


def test_a_port_stays_the_same_over_restarts(settings: OrchestratorSettings) -> None:
    before = servers(settings)
    services.down(settings)
    after = servers(settings)
    assert (after.redis_url, after.database_url) == (before.redis_url, before.database_url)


def test_the_lock_of_a_dead_postgres_does_not_count_when_a_stranger_has_its_pid(
    settings: OrchestratorSettings, stranger: subprocess.Popen[bytes]
) -> None:
    before = servers(settings)
    assert before.postgres is not None
    kill_hard(before.postgres.pid)
    lock = settings.home / "postgres" / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    after = servers(settings)
    assert after.postgres not in (None, before.postgres)


def test_data_of_another_major_version_is_refused(settings: OrchestratorSettings) -> None:
    servers(settings)
    services.down(settings)
    (settings.home / "postgres" / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(StackError, match=r"was made by Postgres 14, installed is 18"):
        servers(settings)
    assert valkey.find_running(settings) is None  # what the failed call started is stopped again


def test_a_database_whose_password_is_lost_is_not_started(settings: OrchestratorSettings) -> None:
    (settings.home / "postgres" / "endpoint.json").unlink()
    with pytest.raises(StackError, match=r"endpoint.json' is gone, and with it the password"):
        servers(settings)


def test_a_server_that_cannot_start_says_why(settings: OrchestratorSettings) -> None:
    servers(settings)
    services.down(settings)
    (settings.home / "postgres" / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ServerStartError, match="contains errors") as caught:
        servers(settings)
    assert caught.value.log == settings.home / "logs" / "postgres.log"


def test_named_servers_are_used_and_none_is_started(
    tmp_path: Path, redis_url: str, database: str
) -> None:
    named = OrchestratorSettings(home=tmp_path, redis_url=redis_url, database_url=database)
    state = servers(named)
    assert (state.redis_url, state.database_url) == (redis_url, database)
    assert state.processes == {}
    assert not (tmp_path / "postgres").exists()
    assert services.down(named) == []
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_runs_postgres_as_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody = privileges.Unprivileged(options=privileges._as_nobody())
    monkeypatch.setattr(postgres, "unprivileged", lambda: nobody)
    reach = ["test", "-x", str(postgres.find_programs())]
    if subprocess.run(reach, check=False, user="nobody", group="nogroup").returncode != 0:
        pytest.skip("the programs lie where 'nobody' cannot reach them")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # pytest's own folders are 0700
        Path(folder).chmod(0o755)
        settings = OrchestratorSettings(home=Path(folder) / "home", embedded_fsync=False)
        try:
            state = servers(settings)
            assert state.postgres is not None
            owner = Path(f"/proc/{state.postgres.pid}").stat().st_uid
            assert owner == pwd.getpwnam("nobody").pw_uid
        finally:
            assert services.down(settings) == ["valkey", "postgres"]


def test_only_the_server_that_is_not_named_is_started(
    settings: OrchestratorSettings, database: str
) -> None:
    state = servers(settings.model_copy(update={"database_url": SecretStr(database)}))
    assert state.processes.keys() == {"valkey"}


def test_a_named_redis_that_does_not_answer_is_refused_before_anything_starts(
    settings: OrchestratorSettings,
) -> None:
    named = settings.model_copy(update={"redis_url": SecretStr("redis://:hidden@127.0.0.1:1/0")})
    with pytest.raises(StackError, match="Redis does not answer") as caught:
        servers(named)
    assert "hidden" not in str(caught.value)
    assert postgres.find_running(settings) is None


def test_a_named_database_is_not_migrated_behind_its_owners_back(
    settings: OrchestratorSettings, database_url: str
) -> None:
    named = settings.model_copy(update={"database_url": SecretStr(database_url)})
    with pytest.raises(SchemaBehindError, match="run `swarm migrate`") as caught:
        servers(named)
    assert database_url.split(":")[2].partition("@")[0] not in str(caught.value)
    assert valkey.find_running(settings) is None
