"""Where nodes are seen after some of them changed, without looking at all the others.

A change of one node moves what hangs beneath it, and may break a cycle or close one: then another
node goes back to its birth parent, into a file that nobody named. So what is loaded grows until
nothing of it hangs on something that is not, and all files that gain or lose a node are there.

Law, held by `tests/properties/source`: places kept up to date this way, batch by batch, are those
that `shape_of` gives for all nodes at once.

Pure but for the stock that it is given.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Place, Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import LOST, ROOT, TRASH

_RESERVED = frozenset([ROOT, TRASH, LOST])


@dataclass(frozen=True, slots=True)
class Stored:
    """A node as it was, and where it was seen."""

    node: Node
    place: Place


class Stock(Protocol):
    """The nodes as they were before the change."""

    def structure(self) -> dict[NodeId, Stored]:
        """Return all folders, files and links."""
        ...

    def hidden(self) -> dict[NodeId, Stored]:
        """Return all that is neither structure nor in a file."""
        ...

    def contents(self, file_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        """Return what hangs in these files."""
        ...

    def some(self, node_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        """Return these nodes; those that are not there are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Refit:
    """What a change comes to."""

    changed: frozenset[NodeId]
    """The nodes given, and those that are seen elsewhere now."""
    nodes: Mapping[NodeId, Node]
    """All that was looked at, as it is after the change."""
    shape: Shape
    """The tree of these."""


def refit(stock: Stock, touched: Mapping[NodeId, Node]) -> Refit:
    """Return what is seen where after nodes changed.

    Args:
        stock: the nodes before.
        touched: those that changed or are new, as they are now.
    """
    loaded = {**stock.structure(), **stock.hidden(), **stock.some(touched.keys())}
    waiting = _files(loaded, touched)
    done: set[NodeId] = set()
    while True:
        loaded.update(stock.contents(waiting))
        done |= waiting
        nodes = {**{node_id: each.node for node_id, each in loaded.items()}, **touched}
        shape = shape_of(nodes)
        moved = {each for each, old in loaded.items() if shape.place(each) != old.place}
        changed = moved | touched.keys()
        absent = stock.some(shape.children.keys() - nodes.keys() - _RESERVED)
        into = {shape.place(each).file_id for each in changed}
        waiting = {each for each in _files(absent, absent) | into if each is not None} - done
        if not waiting:
            return Refit(frozenset(changed), nodes, shape)


def _files(stored: Mapping[NodeId, Stored], node_ids: Collection[NodeId]) -> set[NodeId]:
    """Return the files that these nodes hung in."""
    places = (stored[each].place for each in node_ids if each in stored)
    return {place.file_id for place in places if place.file_id is not None}
