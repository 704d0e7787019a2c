"""Changes that were made apart, brought onto the head of a branch one after another.

Nothing is written. Each change is compared with the head as those before it would leave it; one
that does not go together with that is left out, and the next goes on without it.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from swarm_workers.protocols import TreeFile
from swarm_workers.source.loading import blob_reader, load_sides
from swarm_workers.source.merging import Side, changed_files, rebase
from swarm_workers.source.reading import State, state_of
from swarm_workers.source.tree_files import BlobReader, content_at
from swarm_workers.source.values import Change, Clash, ClashKind, Conflict, Joined
from tasks_schema.messages.source import Operation


def join(connection: Connection, branch_id: str, changes: Sequence[Change]) -> Joined:
    """Return what the head would be with these changes, in this order. Blocks.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownLandingError: a base is no landing of it.
    """
    head_state = state_of(connection, branch_id, None)
    bases = {each.base: state_of(connection, branch_id, each.base) for each in changes}
    operations = [operation for each in changes for operation in each.operations]
    head, *sides = load_sides(connection, (head_state, *bases.values()), operations)
    joining = _Joining(
        head_state, dict(zip(bases, sides, strict=True)), head, blob_reader(connection, operations)
    )
    parts = tuple(joining.take(each) for each in changes)
    return Joined(joining.files, parts, joining.number)


class _Joining:
    """The head with all changes so far that go together with it."""

    def __init__(
        self, state: State, bases: dict[int, Side], head: Side, blob_of: BlobReader
    ) -> None:
        self.number = state.levels[0][1]
        self.files: dict[str, TreeFile | None] = {}
        self._bases = bases
        self._head = head
        self._so_far = head
        self._blob_of = blob_of

    def take(self, change: Change) -> tuple[Operation, ...] | Conflict:
        """Return the operations as they are to land after those before, or why they cannot."""
        base = self._bases[change.base]
        result = rebase(base, self._so_far, change.operations)
        clashes = list(result.clashes) or list(self._put_on_top(result.operations))
        if not clashes:
            return tuple(result.operations)
        is_with_head = self._so_far is self._head or bool(
            rebase(base, self._head, change.operations).clashes
        )
        return Conflict(tuple(clashes), self.number, is_with_head=is_with_head)

    def _put_on_top(self, operations: Sequence[Operation]) -> Iterator[Clash]:
        """Go on from the state with these operations, unless a file of it cannot be written."""
        if not operations:
            return
        after = self._so_far.after(operations)
        files = changed_files(self._head, after, self._blob_of)
        clashes = list(
            _encoding_clashes(after, [path for path in files if files[path] is not None])
        )
        yield from clashes
        if not clashes:
            self._so_far, self.files = after, files


def _encoding_clashes(after: Side, paths: Iterable[str]) -> Iterator[Clash]:
    """Yield the files whose encoding has no bytes for a character of them.

    They could be read, in UTF-8. But no landing makes one: whoever edits it can write it otherwise.
    """
    for path in paths:
        node = after.nodes[after.shape.files[path]]
        encoding = node.meta.get("encoding", "utf-8")
        try:
            content_at(node, after.shape).encode(encoding)
        except UnicodeEncodeError as error:
            letter = error.object[error.start : error.end]
            yield Clash(ClashKind.ENCODING, node.node_id, path, "text", "", letter, encoding)
