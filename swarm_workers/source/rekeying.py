"""Positions made short again, and positions found anew among siblings that got others.

Pure: no I/O, no clock, no chance.

Putting things into one gap for ever makes its positions ever longer: about a character for five
landings. So a list in which one grew too long gets new positions, in the same order, by ordinary
moves. Nothing changes its place by that, and an attempt that is under way must not notice: what
it inserts is put beside the same neighbours, by whatever positions these have now.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from swarm_workers.source.matching import longest_rise
from swarm_workers.source.positions import first_positions, spot_between, tail_of
from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape, is_structure
from tasks_schema.ids import NodeId
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation

POSITION_SIZE_MAX = 64
"""Characters of a position; in a list with a longer one all get new ones."""


def rekey(
    shape: Shape, parents: Collection[NodeId], size_max: int = POSITION_SIZE_MAX
) -> list[Operation]:
    """Return the moves that make positions short again; none for lists that are short enough.

    Args:
        shape: of the state; the lists of these parents are all loaded.
        parents: whose children to look at, for example those of all inserts of a landing.
        size_max: characters that a position may have.
    """
    moves: list[Operation] = []
    for parent in sorted(parents):
        siblings = [each for each in shape.children.get(parent, ()) if not is_structure(each)]
        if any(len(each.position) > size_max for each in siblings):
            moves += _moves(parent, siblings)
    return moves


def _moves(parent: NodeId, siblings: Sequence[Node]) -> Iterator[Operation]:
    for position, node in zip(first_positions(len(siblings)), siblings, strict=True):
        if node.position != position:
            kind = OperationKind.NODE_MOVE
            yield Operation(kind, node.node_id, parent=parent, position=position)


def has_moved(before: Shape, after: Shape, old: Node, new: Node) -> bool:
    """Say whether somebody moved a node, or it only got a new position in its old place.

    Siblings that have their old positions still show where that place is; among those that all got
    new ones it is the order that they kept.
    """
    if old.parent != new.parent or old.parent is None:
        return old.parent != new.parent
    if old.position == new.position:
        return False
    kept = {each.node_id: each.position for each in before.children.get(old.parent, ())}
    siblings = after.children.get(old.parent, ())
    now = {each.node_id: each.position for each in siblings if each.node_id in kept}
    sides = [{each: side[each] for each in now} for side in (kept, now)]
    gaps = [_gaps(side, {each for each in now if kept[each] == now[each]}) for side in sides]
    gap = gaps[0].get(old.node_id)
    if gap is None or gap != gaps[1].get(old.node_id):
        return True
    group = [each for each in gaps[0] if gaps[0][each] == gap == gaps[1][each]]
    order = {each: index for index, each in enumerate(gaps[1])}
    rise = longest_rise([order[each] for each in group])
    return old.node_id not in {group[index] for index in rise}


def _gaps(positions: Mapping[NodeId, str], anchors: Collection[NodeId]) -> dict[NodeId, int]:
    """Return for each node, in order, how many of the anchors stand before it."""
    gaps: dict[NodeId, int] = {}
    count = 0
    for node_id in sorted(positions, key=lambda each: (positions[each], each)):
        gaps[node_id] = count
        count += node_id in anchors
    return gaps


def has_new_keys(before: Shape, after: Shape, parent: NodeId) -> bool:
    """Say whether any child that a parent kept has another position now."""
    old = {each.node_id: each.position for each in before.children.get(parent, ())}
    kept = (each for each in after.children.get(parent, ()) if each.node_id in old)
    return any(old[each.node_id] != each.position for each in kept)


def place_anew(
    base: Shape, ours: Shape, head: Shape, node_id: NodeId, target: tuple[NodeId, str]
) -> str:
    """Return the position of a node that we put among siblings, as it is to be at the head.

    Args:
        base: where we started.
        ours: what we made of it.
        head: what others made of it.
        node_id: the node.
        target: its parent, and its position among `ours`.
    """
    parent, position = target
    old = {each.node_id: each.position for each in base.children.get(parent, ())}
    now = {each.node_id: each.position for each in head.children.get(parent, ())}
    siblings = [each.node_id for each in ours.children.get(parent, ())]
    at = siblings.index(node_id)
    left = next((each for each in reversed(siblings[:at]) if each in old and each in now), None)
    right = next((each for each in siblings[at + 1 :] if each in old and each in now), None)
    anchors = [each for each in (left, right) if each is not None]
    if all(old[each] == now[each] for each in anchors):
        return position
    if left is not None:
        following = (each for each in sorted(now.values()) if each > now[left])
        spot = spot_between(now[left], next(following, None))
    else:
        spot = spot_between(None, min(now.values(), default=None))
    return f"{spot}.{tail_of(position)}"
