"""The operations that turn the contents of one file into other contents.

Pure but for the ids of new nodes, which are an argument.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from swarm_workers.source.matching import is_like, longest_rise, match_siblings
from swarm_workers.source.pieces import Piece
from swarm_workers.source.positions import first_positions, positions_between
from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import TRASH, Operation

_DEFINITIONS = frozenset([NodeKind.CLASS, NodeKind.DEF])


@dataclass(slots=True)
class _Old:
    """A stored node and its piece."""

    node: Node
    piece: Piece
    children: list["_Old"]
    is_kept: bool = False


@dataclass(slots=True)
class _New:
    """A wanted piece, and the stored node that it continues, if any."""

    piece: Piece
    children: list["_New"] = field(default_factory=list)
    old: _Old | None = None


def insert_contents(
    parent: NodeId, pieces: Sequence[Piece], new_id: Callable[[], NodeId]
) -> Iterator[Operation]:
    """Yield the operations that fill a new file, or a new class or function."""
    for position, piece in zip(first_positions(len(pieces)), pieces, strict=True):
        insert = _insert(new_id(), parent, position, piece)
        yield insert
        yield from insert_contents(insert.node_id, piece.children, new_id)


def diff_contents(
    shape: Shape, file_id: NodeId, pieces: Sequence[Piece], new_id: Callable[[], NodeId]
) -> Iterator[Operation]:
    """Yield the operations that turn the contents of a stored file into these pieces."""
    old = _stored(shape, file_id)
    new = [_wanted(piece) for piece in pieces]
    _match(old, new)
    _match_moved(old, new)
    writer = _Writer(new_id, tag=new_id().hex[-8:])
    yield from writer.contents(file_id, new)
    yield from _deletions(old)


def _stored(shape: Shape, parent: NodeId) -> list[_Old]:
    stored: list[_Old] = []
    for node in shape.children.get(parent, ()):
        children = _stored(shape, node.node_id)
        assert node.kind is not None, f"node '{node.node_id}' is in a file without its insert"
        pieces = tuple(child.piece for child in children)
        piece = Piece(node.kind, node.text, lead=node.lead, name=node.name, children=pieces)
        stored.append(_Old(node, piece, children))
    return stored


def _wanted(piece: Piece) -> _New:
    return _New(piece, [_wanted(child) for child in piece.children])


def _match(old: Sequence[_Old], new: Sequence[_New]) -> None:
    """Pair the siblings that have no partner yet, and the children of each pair."""
    old = [each for each in old if not each.is_kept]
    new = [each for each in new if each.old is None]
    pairs = match_siblings([each.piece for each in old], [each.piece for each in new])
    for after, before in pairs.items():
        _pair(old[before], new[after])


def _pair(old: _Old, new: _New) -> None:
    new.old = old
    old.is_kept = True
    _match(old.children, new.children)


def _match_moved(old: Sequence[_Old], new: Sequence[_New]) -> None:
    """Pair what changed its parent: equal subtrees, then definitions of one name and like words."""
    _match_across(old, new, lambda piece: piece.digest if piece.text.strip() else None)
    _match_across(old, new, lambda piece: piece.name if piece.kind in _DEFINITIONS else None)


def _match_across(
    old: Sequence[_Old], new: Sequence[_New], key: Callable[[Piece], Hashable | None]
) -> None:
    """Pair nodes of one kind and key, wherever they hang; a key of None matches nothing."""
    waiting: dict[Hashable, list[_Old]] = {}
    for left in _all_old(old):
        own = None if left.is_kept else key(left.piece)
        if own is not None:
            waiting.setdefault((left.piece.kind, own), []).append(left)
    for right in _all_new(new):
        own = key(right.piece) if right.old is None else None
        same = waiting.get((right.piece.kind, own), ()) if own is not None else ()
        for candidate in same:
            if not candidate.is_kept and is_like(candidate.piece, right.piece):
                _pair(candidate, right)
                break


def _all_old(siblings: Sequence[_Old]) -> Iterator[_Old]:
    for each in siblings:
        yield each
        yield from _all_old(each.children)


def _all_new(siblings: Sequence[_New]) -> Iterator[_New]:
    for each in siblings:
        yield each
        yield from _all_new(each.children)


def _deletions(siblings: Sequence[_Old], *, is_gone: bool = False) -> Iterator[Operation]:
    """Yield a deletion for each node that is gone and whose parent is not gone with it.

    What was moved out of a node that is gone may have lost children of its own.
    """
    for each in siblings:
        if not each.is_kept and not is_gone:
            yield delete(each.node.node_id)
        yield from _deletions(each.children, is_gone=not each.is_kept)


def delete(node_id: NodeId) -> Operation:
    """Return the operation that moves a node, and all beneath it, to the trash."""
    return Operation(OperationKind.NODE_DELETE, node_id, parent=TRASH, position="")


def _insert(node_id: NodeId, parent: NodeId, position: str, piece: Piece) -> Operation:
    return Operation(
        OperationKind.NODE_INSERT,
        node_id,
        node_kind=piece.kind,
        parent=parent,
        position=position,
        name=piece.name,
        lead=piece.lead,
        text=piece.text,
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    new_id: Callable[[], NodeId]
    tag: str

    def contents(self, parent: NodeId, new: Sequence[_New]) -> Iterator[Operation]:
        """Yield the operations that make these the children of a parent, in this order."""
        staying = _staying(parent, new)
        run: list[_New] = []
        left: str | None = None
        for each in new:
            if id(each) not in staying:
                run.append(each)
                continue
            assert each.old is not None
            right = each.old.node.position
            yield from self._run(parent, run, left, right)
            yield from self._rewrite(each)
            left, run = right, []
        yield from self._run(parent, run, left, None)

    def _run(
        self, parent: NodeId, run: Sequence[_New], left: str | None, right: str | None
    ) -> Iterator[Operation]:
        """Yield inserts and moves of a run of siblings into the gap between two others."""
        if not run:
            return
        positions = positions_between(left, right, len(run), self.tag)
        for position, each in zip(positions, run, strict=True):
            yield from self._place(parent, position, each)

    def _place(self, parent: NodeId, position: str, new: _New) -> Iterator[Operation]:
        if new.old is None:
            insert = _insert(self.new_id(), parent, position, new.piece)
            yield insert
            yield from self.contents(insert.node_id, new.children)
            return
        yield Operation(
            OperationKind.NODE_MOVE, new.old.node.node_id, parent=parent, position=position
        )
        yield from self._rewrite(new)

    def _rewrite(self, new: _New) -> Iterator[Operation]:
        """Yield the update of a node that stays itself, and the changes beneath it."""
        assert new.old is not None
        old, piece = new.old, new.piece
        name = piece.name if piece.name != old.piece.name else None
        lead = piece.lead if piece.lead != old.piece.lead else None
        text = piece.text if piece.text != old.piece.text else None
        if (name, lead, text) != (None, None, None):
            yield Operation(
                OperationKind.NODE_UPDATE, old.node.node_id, name=name, lead=lead, text=text
            )
        yield from self.contents(old.node.node_id, new.children)


def _staying(parent: NodeId, new: Sequence[_New]) -> set[int]:
    """Return the identities of the siblings that need no new position. None of two tied ones."""
    here = [each for each in new if each.old is not None and each.old.node.parent == parent]
    rise = longest_rise([each.old.node.position for each in here if each.old is not None])
    return {id(here[index]) for index in rise}
