"""Old landings are forgotten while somebody reads them: what was begun is read to its end."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, event

from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import PurgedLandingError
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.values import Change
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, Operation
from tests.support.histories import PLAIN
from tests.support.hubs import Hub

OTHERS = {"a.py": TreeFile(b"x = 8\n"), "pkg/b.py": TreeFile(b"y = 8\n")}
WORDS = Operation(
    OperationKind.NODE_INSERT,
    NodeId(uuid.UUID(int=77)),
    NodeKind.FILE,
    ROOT,
    "",
    "a.txt",
    "",
    "",
    PLAIN,
)
LANDINGS = 4
Read = Callable[[Hub, str], object]


@contextmanager
def purged_meanwhile(hub: Hub, branch: str) -> Iterator[list[str]]:
    """Purge a branch from elsewhere, as soon as a reader has seen that its landing is there."""
    elsewhere = create_engine(hub.engine.url)
    purged: list[str] = []

    def purge(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "WITH RECURSIVE chain" in statement and not purged:
            purged.append(branch)
            OperationLog(elsewhere).purge(branch, LANDINGS)

    event.listen(hub.engine, "after_cursor_execute", purge)
    yield purged
    event.remove(hub.engine, "after_cursor_execute", purge)
    elsewhere.dispose()


def proposed(hub: Hub, branch: str) -> list[str]:
    return [each.kind.value for each in hub.store.propose(branch, 1, OTHERS)]


def joined(hub: Hub, branch: str) -> object:
    """Join a change whose base is read, though it says nothing new."""
    return hub.store.join(branch, [Change(1, (WORDS,), "a", uuid.UUID(int=5))])


READS: dict[str, Read] = {
    "checkout": lambda hub, branch: hub.store.checkout(branch, 1),
    "checkout at a vector": lambda hub, branch: hub.log.checkout_at(
        branch, hub.store.landing(branch, 1).version_vector
    ),
    "one file": lambda hub, branch: hub.store.read_file(branch, "a.py", 1),
    "files changed": lambda hub, branch: hub.store.files_changed(branch, 1, 2),
    "propose": proposed,
    "join": joined,
    "paths in scope": lambda hub, branch: hub.store.paths_in_scope(branch, 1, ["pkg.b"]),
    "module names": lambda hub, branch: hub.store.module_names(branch, 1),
    "export": lambda hub, branch: list(hub.log.export(branch, 1, "pkg")),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_a_purge_takes_nothing_from_under_whoever_reads(hub: Hub, read: Read) -> None:
    branch = hub.store.import_tree({"pkg/c.py": TreeFile(b"c = 1\n")}, name="read").branch_id
    for number in range(LANDINGS):
        data = b"x = %d\n" % number
        hub.land(branch, {"a.py": TreeFile(data), "pkg/b.py": TreeFile(data)})
    expected = read(hub, branch)
    with purged_meanwhile(hub, branch) as purged:
        assert read(hub, branch) == expected
    assert purged == [branch]
    with pytest.raises(PurgedLandingError):
        hub.store.checkout(branch, 1)
