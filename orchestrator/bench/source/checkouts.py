"""Reading states of a branch back, beside git reading the same tree; and forking."""

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from orchestrator.bench.report import Bar, Report
from orchestrator.bench.source.material import library_tree
from orchestrator.bench.source.rounds import Rounds, Way, at_most, in_turns
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing

GIT_MAX = 2.5
FILE_MS_MAX = 2.0
OLD_MAX = 2.0
FORK_MS_MAX = 5.0
_FILES_A_LANDING = 5
_CALLS = 10
"""Files read, and forks made, one after the other in one timing. The files are the longest but for
a tenth of the tree's."""


def measure_checkouts(engine: Engine, *, nodes: int, landings: int, rounds: int) -> Report:
    """Return what reading takes on a branch with some history. Blocks.

    Args:
        engine: on a database with the current schema.
        nodes: about how many the tree has.
        landings: how many there are above the import; each touches a few files.
        rounds: how often each way.
    """
    store = SourceStore(engine)
    tree = library_tree(nodes)
    branch = store.import_tree(tree, name="library").branch_id
    head = _grown(store, branch, tree, landings)
    with engine.begin() as connection:
        count = connection.execute(text("SELECT count(*) FROM nodes WHERE landing_to IS NULL"))
        found = count.scalar_one()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE nodes"))
    by_size = sorted(head, key=lambda each: head[each].data.count(b"\n"))
    files = by_size[: len(by_size) * 9 // 10][-_CALLS:]
    ways: dict[str, Way] = {
        "head checkout": lambda: store.checkout(branch),
        "oldest landing": lambda: store.checkout(branch, 1),
        "some files": lambda: [store.read_file(branch, path) for path in files],
        "some forks": lambda: [store.fork(branch, landings) for _ in range(_CALLS)],
    }
    with _git_peer(head) as git:
        taken = in_turns(ways | git, rounds)
    is_exact = store.checkout(branch) == head and store.checkout(branch, 0) == tree
    lines = sum(head[path].data.count(b"\n") for path in files)
    rows = taken.rows(
        "checkouts", nodes=found, files=len(tree), is_exact=is_exact, lines_of_some_files=lines
    )
    return Report(tuple(rows), tuple(_bars(taken, has_git=bool(git))))


def _bars(taken: Rounds, *, has_git: bool) -> Iterator[Bar]:
    if has_git:
        ratio = taken.ratio("head checkout", "git checkout-index")
        yield at_most("head checkout, beside git", ratio, GIT_MAX, "times as long")
    yield at_most("one file", 1000 * taken.median("some files") / _CALLS, FILE_MS_MAX, "ms")
    ratio = taken.ratio("oldest landing", "head checkout")
    yield at_most("oldest landing, beside the head", ratio, OLD_MAX, "times as long")
    yield at_most("fork of a branch", 1000 * taken.median("some forks") / _CALLS, FORK_MS_MAX, "ms")


def _grown(store: SourceStore, branch: str, tree: Tree, landings: int) -> Tree:
    """Land some edits, spread over the files; return the tree of the head."""
    head = dict(tree)
    paths = sorted(head)
    for number in range(landings):
        first = number * _FILES_A_LANDING
        chosen = {paths[(first + each) % len(paths)] for each in range(_FILES_A_LANDING)}
        changes = {
            path: TreeFile(head[path].data.rstrip(b"\n") + b"\nlanded = %d\n" % number)
            for path in chosen
        }
        landed = store.land(
            branch,
            expected_head=number,
            operations=store.propose(branch, number, changes),
            author="bench",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )
        assert isinstance(landed, Landing), "nobody else lands on this branch"
        head |= changes
    return head


@contextmanager
def _git_peer(tree: Tree) -> Iterator[dict[str, Way]]:
    """Lend git's way to write the same tree into an empty folder; none where git is absent."""
    if shutil.which("git") is None:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="swarm-bench-git-") as folder:
        root = Path(folder, "work")
        for path, file in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(file.data)
        _git(root, "init", "--quiet")
        _git(root, "add", "--all", "--force")
        numbers = iter(range(10**9))

        def write() -> None:
            _git(root, "checkout-index", "--all", f"--prefix={folder}/{next(numbers)}/")

        yield {"git checkout-index": write}


def _git(root: Path, *arguments: str) -> None:
    settings = ["-c", "core.autocrlf=false", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)
