"""Ways to the server other than TCP, and what a URL may say."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.stack import valkey
from swarm_workers.stm import Stm, StmServerError, StmUsageError
from swarm_workers.stm.wires.address import parse_address

_WORD = "test-word"


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A server that listens on a Unix socket only, and wants a password."""
    with tempfile.TemporaryDirectory(prefix="stm-") as folder:  # its path has to be short
        path = Path(folder) / "door"
        argv = [str(valkey.find_server()), "--port", "0", "--unixsocket", str(path)]
        argv += ["--save", "", "--requirepass", _WORD, "--dir", folder]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
            assert server.stdout
            while b"Ready to accept connections unix" not in server.stdout.readline():
                assert server.poll() is None
            yield path
            server.kill()


def test_a_space_is_reached_through_a_unix_socket(socket_path: Path) -> None:
    stm = Stm.connect(f"unix://:{_WORD}@{socket_path}?db=2", "door")
    value = stm.var("v", int, default=0)
    stm.atomically(value.set, 4)
    assert stm.atomically(value.get) == 4
    stm.close()


def test_a_wrong_password_at_a_unix_socket_is_refused(socket_path: Path) -> None:
    stm = Stm.connect(f"unix://:wrong@{socket_path}", "door")
    with pytest.raises(StmServerError, match="WRONGPASS"):
        stm.atomically(stm.var("v", int, default=0).get)
    stm.close()


def test_a_url_for_tls_demands_a_certificate_unless_it_says_otherwise() -> None:
    strict = parse_address("rediss://host:1").tls
    assert strict is not None
    assert strict.check_hostname
    lenient = parse_address("rediss://host:1?ssl_cert_reqs=none").tls
    assert lenient is not None
    assert not lenient.check_hostname
    assert parse_address("redis://host:1").tls is None


def test_a_url_with_an_unknown_option_is_refused_and_its_password_not_repeated() -> None:
    with pytest.raises(StmUsageError, match="option 'colour' is not known") as caught:
        Stm.connect("redis://:hidden@localhost?colour=red", "door")
    assert "hidden" not in str(caught.value)


def test_an_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(StmUsageError, match="no engine 'magic'; there are 'watch', 'function'"):
        Stm.connect("redis://localhost", "door", engine="magic")  # type: ignore[arg-type]
