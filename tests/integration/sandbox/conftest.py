"""Sandboxes to attack, and what lies outside of them to be reached for."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm_workers.interpreter import find_interpreter
from swarm_workers.protocols import TreeFile
from swarm_workers.sandbox.errors import NoIsolationError
from swarm_workers.sandbox.isolation import probe
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.sandbox import Sandbox
from tasks_schema.messages.task import Interpreter

MIB = 2**20
SMALL = Limits(
    wall_seconds=20,
    cpu_seconds=10,
    memory_bytes=512 * MIB,
    processes=32,
    file_bytes=10 * MIB,
    disk_bytes=32 * MIB,
    output_bytes=MIB,
)
REPOSITORY = "/srv/swarm-test-repository"
PYTEST_PACKAGES = ("pytest", "_pytest", "py.py", "pluggy", "iniconfig", "packaging", "pygments")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(scope="session")
def isolating() -> None:
    try:
        probe()
    except NoIsolationError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def interpreter(isolating: None, tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """An environment with pytest and none of the plug-ins that this project tests itself with."""
    venv = tmp_path_factory.mktemp("lean") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=60)
    packages = next(venv.glob("lib/python*/site-packages"))
    ours = Path(pytest.__file__).parent.parent
    for name in PYTEST_PACKAGES:
        for found in [*ours.glob(name), *ours.glob(f"{name}-*.dist-info")]:
            (packages / found.name).symlink_to(found)
    script = venv / "bin" / "pytest"
    script.write_text(
        f"#!{venv}/bin/python\nimport pytest\nraise SystemExit(pytest.console_main())\n"
    )
    script.chmod(0o755)
    (packages / "editable.pth").write_text(f"{REPOSITORY}/src\n{REPOSITORY}/not-there\n")
    described = find_interpreter(Path(REPOSITORY), venv)
    return described.model_copy(update={"folders": (*described.folders, str(ours))})


@pytest.fixture(scope="module")
def sandbox(interpreter: Interpreter) -> Iterator[Sandbox]:
    with Sandbox.boot(interpreter, repository=REPOSITORY, limits=SMALL) as booted:
        yield booted


@pytest.fixture
def run_python(sandbox: Sandbox) -> Callable[..., RunResult]:
    """Run a script as a job."""

    def run(script: str, **limits: float) -> RunResult:
        tree = {"script.py": TreeFile(script.encode())}
        fields = {name: getattr(SMALL, name) for name in Limits.__slots__}
        return sandbox.run(tree, ["python", "script.py"], limits=Limits(**{**fields, **limits}))

    return run


@dataclass(frozen=True)
class Outside:
    """What a job must not reach."""

    folder: Path
    secret: str
    secret_file: Path
    tcp_port: int
    udp_port: int
    abstract_name: str
    socket_path: Path
    pid: int


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """Plant a secret, listeners on every kind of socket, and a process that holds the secret."""
    secret = secrets.token_hex(16)
    secret_file = tmp_path / "secret.txt"
    secret_file.write_text(secret)
    abstract_name = f"swarm-{secret}"
    environment = {**os.environ, "PLANTED_SECRET": secret}
    victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, env=environment)
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as path,
        victim,
    ):
        udp.bind(("127.0.0.1", 0))
        abstract.bind("\0" + abstract_name)
        abstract.listen()
        path.bind(str(tmp_path / "s"))
        path.listen()
        yield Outside(
            folder=tmp_path,
            secret=secret,
            secret_file=secret_file,
            tcp_port=tcp.getsockname()[1],
            udp_port=udp.getsockname()[1],
            abstract_name=abstract_name,
            socket_path=tmp_path / "s",
            pid=victim.pid,
        )
        victim.kill()
