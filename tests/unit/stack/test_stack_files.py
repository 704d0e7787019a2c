"""What the stack keeps on disk: private, whole or absent, and bounded."""

import errno
import os
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.errors import StackError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import state
from orchestrator.stack.endpoint import load_endpoint, settle_endpoint, write_private
from orchestrator.stack.logs import rotate_logs
from orchestrator.stack.readiness import last_words


def test_an_endpoint_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "endpoint.json"
    made = settle_endpoint(file)
    assert settle_endpoint(file) == load_endpoint(file) == made
    assert len(made.secret) >= 32
    assert made.secret not in repr(made)
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_endpoint_moves_when_its_port_is_taken_and_keeps_its_password(tmp_path: Path) -> None:
    made = settle_endpoint(tmp_path / "endpoint.json")
    with socket.create_server(("127.0.0.1", made.port)):
        moved = settle_endpoint(tmp_path / "endpoint.json")
    assert moved.port != made.port
    assert moved.secret == made.secret


def test_a_damaged_endpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "endpoint.json").write_text("{}")
    with pytest.raises(StackError, match=r"endpoint.json' is damaged: restore it"):
        settle_endpoint(tmp_path / "endpoint.json")


def test_a_private_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(file, "half of the new \ud800")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_log_that_grew_too_large_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(writer, b"x" * 101)
    rotate_logs(tmp_path, bytes_max=100)
    os.write(writer, b"after")
    os.close(writer)
    assert log.read_text() == "after"
    assert (tmp_path / "worker.log.1").read_text() == "x" * 101
    rotate_logs(tmp_path, bytes_max=100)
    assert log.read_text() == "after"


def test_last_words_are_those_that_say_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("FATAL:  of the last time\nstarting\nFATAL:  port in use\nshut down\n")
    assert last_words(log, begin=len("FATAL:  of the last time\n")) == "FATAL:  port in use"
    log.write_text("")
    assert last_words(log) == "it ended without a word"


def test_a_state_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="set SWARM_HOME to a folder that you may write to"):
        state.prepare_home(tmp_path / "file" / "home")


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(StackError, match=r"no space left on device.*: free some space there"),
        state.storage_errors(tmp_path),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x")


def test_another_failure_of_the_system_is_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="interface"), state.storage_errors(tmp_path):
        raise OSError(errno.EADDRNOTAVAIL, "no such interface")


def test_a_damaged_stack_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(StackError, match=r"stack.json' is damaged: remove it"):
        state.load_state(tmp_path)


def test_the_state_folder_is_for_the_owner_alone(tmp_path: Path) -> None:
    state.prepare_home(tmp_path / "a" / "home")
    folders = ("a/home", "a/home/logs", "a/home/run")
    assert {(tmp_path / folder).stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_stack_does_not_show_its_passwords() -> None:
    found = state.StackState(redis_url="redis://:hidden@h", database_url="postgresql://u:hidden@h")
    assert "hidden" not in repr(found)


def test_settings_travel_to_other_processes_as_variables(tmp_path: Path) -> None:
    url = SecretStr("redis://:word@host")
    settings = OrchestratorSettings(home=tmp_path, redis_url=url, embedded_fsync=False)
    assert settings.as_environment() == {
        "SWARM_HOME": str(tmp_path),
        "SWARM_REDIS_URL": "redis://:word@host",
        "SWARM_EMBEDDED_FSYNC": "False",
    }
