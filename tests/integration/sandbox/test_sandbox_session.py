"""A program that stays alive in the sandbox and talks with the worker."""

from collections.abc import Iterator

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.sandbox.errors import (
    SandboxBrokenError,
    SandboxBusyError,
    SessionEndedError,
    SessionTimeoutError,
)
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.sandbox import Sandbox
from swarm_workers.sandbox.session import Session
from tasks_schema.messages.task import Interpreter
from tests.integration.sandbox.conftest import REPOSITORY, SMALL


@pytest.fixture
def echo(sandbox: Sandbox) -> Iterator[Session]:
    with sandbox.open({"a.txt": TreeFile(b"a")}, "echo", {"key": [1, None, "é"]}) as session:
        yield session


def test_messages_go_to_and_fro(echo: Session) -> None:
    assert echo.receive(10) == {"config": {"key": [1, None, "é"]}}
    for number in range(3):
        echo.send({"number": number})
        assert echo.receive(10) == {"echo": {"number": number}}


def test_a_message_of_several_megabytes_arrives_whole(echo: Session) -> None:
    echo.receive(10)
    large = {"text": "é" * 3_000_000}
    echo.send(large)
    assert echo.receive(20) == {"echo": large}


def test_silence_is_an_error_that_loses_nothing(echo: Session) -> None:
    echo.receive(10)
    with pytest.raises(SessionTimeoutError, match=r"did not answer within 0\.05 s"):
        echo.receive(0.05)
    echo.send({"still": "there"})
    assert echo.receive(10) == {"echo": {"still": "there"}}


def test_one_sandbox_runs_one_job_at_a_time(sandbox: Sandbox, echo: Session) -> None:
    with pytest.raises(SandboxBusyError, match="close the session first"):
        sandbox.run({}, ["true"])
    with pytest.raises(SandboxBusyError):
        sandbox.open({}, "echo", {})
    echo.close()
    assert sandbox.run({}, ["true"]).exit_status == 0


def test_a_closed_session_tells_its_end_and_takes_nothing_more(echo: Session) -> None:
    echo.close()
    echo.close()
    assert echo.result is not None
    assert echo.result.stopped_by == "worker"
    with pytest.raises(SessionEndedError, match="it was closed"):
        echo.send({})
    with pytest.raises(SessionEndedError):
        echo.receive(1)


def test_a_session_over_its_time_ends_with_the_limit_as_reason(sandbox: Sandbox) -> None:
    with sandbox.open({}, "echo", {}, limits=Limits(wall_seconds=0.5)) as session:
        session.receive(10)
        with pytest.raises(SessionEndedError, match="over its limit of wall"):
            session.receive(20)
    assert sandbox.run({}, ["true"]).exit_status == 0


def test_a_program_that_fails_ends_with_its_last_words(sandbox: Sandbox) -> None:
    with (
        sandbox.open({}, "unpack", {}) as session,
        pytest.raises(SessionEndedError, match="status 1") as raised,
    ):
        session.receive(10)
    assert "AttributeError" in raised.value.output


def test_a_session_whose_sandbox_is_lost_says_so_and_can_still_be_closed(
    interpreter: Interpreter,
) -> None:
    with Sandbox.boot(interpreter, repository=REPOSITORY, limits=SMALL) as sandbox:
        session = sandbox.open({}, "echo", {})
        session.receive(10)
        sandbox._wire._process.kill()
        with pytest.raises(SandboxBrokenError):
            session.receive(10)
        session.close()
        with pytest.raises(SessionEndedError, match="closed or lost"):
            session.send({})
        with pytest.raises(SandboxBrokenError):
            sandbox.run({}, ["true"])


def test_a_program_that_is_not_there_loses_the_sandbox(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxBrokenError, match="no_such_program"):
        sandbox.open({}, "no_such_program", {})
