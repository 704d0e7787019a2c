"""A branch with a past: a swarm that mended a function, with what it was refused on the way."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, create_engine, insert, make_url

from swarm_workers.protocols import TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing
from tasks_schema.ids import NodeId
from tasks_schema.kinds import AgentKind, AttemptStatus, OperationKind, SwarmStatus
from tasks_schema.messages.source import Operation
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import CodeTask, Interpreter
from tasks_schema.tables.attempts import ATTEMPTS, LANDING_OUTCOMES
from tasks_schema.tables.swarms import SWARMS

AUTH = '''"""Auth."""
LIMIT = 3


def check(token):
    """Say whether a token is good."""
    if not token:
        return False
    return token == "a"


class Session:
    """A session."""

    def renew(self):
        return check(self.token)

    def end(self):
        self.renew()
'''
USER = """from pkg.auth import Session, check


def login(session: Session):
    if check("x"):
        session.renew()
    return check("y")


class Admin(Session):
    pass
"""
TREE = {
    "src/pkg/__init__.py": "from pkg.auth import check as is_good\n",
    "src/pkg/auth.py": AUTH,
    "src/pkg/user.py": USER,
    "src/other.py": "from pkg import is_good\n\nis_good('z')\n",
    "README.md": "# pkg\n\nWords.\n",
}
TASK = CodeTask(
    description="mend it", repository="/r", success="pytest", success_argv=("pytest",),
    interpreter=Interpreter(executable="/p", version=(3, 11), folders=()),
)  # fmt: skip


@dataclass
class Past:
    """A branch on its way, and who is said to have made it."""

    engine: Engine
    store: SourceStore
    branch: str
    sources: dict[str, str]
    swarm_id: str = ""
    head: int = 0
    attempts: list[uuid.UUID] = field(default_factory=list)

    def fork(self) -> str:
        """Go on with a fork of the head, and return the branch left."""
        left, self.branch = self.branch, self.store.fork(self.branch, self.head)
        self.head = 0
        return left

    def launch(self, swarm_id: str) -> None:
        """Record a swarm on the branch; who lands or is refused from now on is one of its."""
        spec = SwarmSpec(
            swarm_id=swarm_id, task=TASK, agents=2, branch=self.branch, import_landing=self.head
        )
        row = {"swarm_id": swarm_id, "spec": spec.model_dump(mode="json")}
        with self.engine.begin() as connection:
            connection.execute(insert(SWARMS).values(row | {"status": SwarmStatus.RUNNING}))
        self.swarm_id = swarm_id

    def measure(self, *red: str) -> None:
        """Record which tests fail at the head."""
        row = {"branch_id": uuid.UUID(self.branch), "landing": self.head, "exit_status": 1}
        row |= {"passed": 9, "red": list(red), "seconds": 1.0}
        with self.engine.begin() as connection:
            connection.execute(insert(LANDING_OUTCOMES).values(row))

    def edit(self, path: str, old: str, new: str) -> dict[str, str]:
        assert old in self.sources[path]
        return {path: self.sources[path].replace(old, new)}

    def land(self, changes: Mapping[str, str | None], note: str = "") -> None:
        self._land(self.store.propose(self.branch, self.head, files_of(changes)), note)

    def move(self, node_id: str, parent: str, note: str) -> None:
        """Land one node in another place, as another hub's operations may."""
        node, file = (NodeId(uuid.UUID(each)) for each in (node_id, parent))
        self._land([Operation(OperationKind.NODE_MOVE, node, parent=file, position="z")], note)

    def _land(self, operations: Sequence[Operation], note: str) -> None:
        landed = self.store.land(
            self.branch,
            expected_head=self.head,
            operations=operations,
            author="search-0001",
            attempt_id=self._attempt(AttemptStatus.LANDED, note),
            exit_status=0,
            note=note,
        )
        assert isinstance(landed, Landing)
        self.head = landed.number
        tree = self.store.checkout(self.branch)
        self.sources = {path: file.data.decode() for path, file in tree.items()}

    def refuse(self, changes: Mapping[str, str | None], reason: str) -> None:
        operations = self.store.propose(self.branch, self.head, files_of(changes))
        self.store.fail(self._attempt(AttemptStatus.FINISHED, reason), operations, reason)

    def _attempt(self, status: AttemptStatus, reason: str) -> uuid.UUID:
        attempt_id = uuid.uuid4()
        row = {"attempt_id": attempt_id, "swarm_id": self.swarm_id, "agent_id": "search-0001"}
        row |= {"kind": AgentKind.SEARCH, "turn": len(self.attempts), "status": status}
        with self.engine.begin() as connection:
            connection.execute(insert(ATTEMPTS).values(row | {"reason": reason}))
        self.attempts.append(attempt_id)
        return attempt_id


def files_of(sources: Mapping[str, str | None]) -> dict[str, TreeFile | None]:
    return {
        path: None if each is None else TreeFile(each.encode()) for path, each in sources.items()
    }


@pytest.fixture
def past(database: str) -> Iterator[Past]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    store = SourceStore(engine)
    tree = {path: TreeFile(text.encode()) for path, text in TREE.items()}
    branch = store.import_tree(tree, name="demo").branch_id
    past = Past(engine, store, branch, dict(TREE))
    past.launch("mend-1")
    yield past
    engine.dispose()
