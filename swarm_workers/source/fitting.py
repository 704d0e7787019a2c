"""A last look at operations before they land: do they fit the head they are said to fit?

Pure: no I/O, no clock, no chance. What `propose` and `merge` give does fit; what comes from
anywhere else may not, and would leave the head with files of one name or nodes that nobody sees.
"""

from collections.abc import Sequence

from swarm_workers.source.errors import StaleOperationError, UnsafePathError
from swarm_workers.source.merging import Side
from swarm_workers.source.tree_files import require_safe
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import TRASH, Operation

_NAMED = frozenset([NodeKind.DIR, NodeKind.FILE, NodeKind.LINK])


def require_fitting(head: Side, operations: Sequence[Operation]) -> Side:
    """Return the head with operations on top; refuse those that do not fit it.

    Raises:
        StaleOperationError: naming the node and what is wrong with it.
        UnsafePathError: a name that no file can have.
    """
    after = head.after(operations)
    for operation in operations:
        _require_target(head, after, operation)
        node = after.nodes[operation.node_id]
        if node.kind in _NAMED and operation.name is not None:
            require_safe(operation.name)
            if "/" in operation.name:
                raise UnsafePathError(operation.name)
    for node_id in after.shape.demoted - head.shape.demoted:
        raise StaleOperationError(node_id, "would put it beneath itself")
    for path, node_id in after.shape.clashes:
        if (path, node_id) not in head.shape.clashes:
            raise StaleOperationError(node_id, f"would make a second file '{path}'")
    return after


def _require_target(head: Side, after: Side, operation: Operation) -> None:
    is_known = operation.node_id in head.nodes
    if operation.kind is OperationKind.NODE_INSERT:
        if is_known:
            raise StaleOperationError(operation.node_id, "inserts what is there already")
    elif not is_known or not head.shape.is_seen(operation.node_id):
        raise StaleOperationError(operation.node_id, "changes what the head does not show")
    if operation.parent not in (None, TRASH) and not after.shape.is_seen(operation.node_id):
        raise StaleOperationError(operation.node_id, "puts it where the head shows nothing")
