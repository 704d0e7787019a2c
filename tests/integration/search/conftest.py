import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from swarm_workers.interpreter import find_interpreter
from swarm_workers.problems.code.warm import WarmSession
from swarm_workers.protocols import TreeFile
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.sandbox import Sandbox

OpenSession = Callable[..., WarmSession]


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests of this folder: a session at a time."""
    root = tmp_path_factory.mktemp("repository")
    interpreter = find_interpreter(root, None)
    with Sandbox.boot(interpreter, repository=str(root), limits=Limits()) as sandbox:
        yield sandbox


@pytest.fixture
def open_session(box: Sandbox) -> Iterator[OpenSession]:
    """Open a warm session on some files; it is closed when the test ends."""
    with ExitStack() as stack:

        def open_on(files: Mapping[str, str], *arguments: str) -> WarmSession:
            tree = {path: TreeFile(text.encode()) for path, text in files.items()}
            channel = box.open(tree, "pytest_session", {"args": list(arguments)})
            session = WarmSession(channel)
            stack.callback(session.close)
            return session

        yield open_on
