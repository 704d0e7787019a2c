"""A tree made out of nothing: its nodes, and the edges between them.

Pure but for the ids of new nodes, which are an argument.
"""

from collections.abc import Callable

from swarm_workers.protocols import Tree
from swarm_workers.source.edges.deriving import edges_of_tree, insert_edges
from swarm_workers.source.garbage import collection_paused
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_diff import diff_tree, nodes_of_inserts
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation


def import_operations(tree: Tree, new_id: Callable[[], NodeId]) -> list[Operation]:
    """Return the operations of an import: parents before children, edges last.

    Raises:
        UnsafePathError: a path that no file can have.
    """
    with collection_paused():
        operations = diff_tree({}, tree, new_id, dict[str, bytes]().__getitem__)
        nodes = nodes_of_inserts(operations)
        return [*operations, *insert_edges(edges_of_tree(nodes, shape_of(nodes)))]
