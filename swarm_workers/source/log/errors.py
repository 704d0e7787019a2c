"""What the operation log refuses: nothing of what is refused is ever kept.

SourceError (swarm_workers.errors)
├── UnknownNodeError        operations on a node that nobody inserted
├── RunawayLamportError     a Lamport time that nobody can have come to
├── UnsoundOperationError   an operation that no tree can hold
├── UnknownScopeError       a path that the branch does not have
├── OtherScopeError         operations that are limited to another path than the copy here
├── UnknownVectorError      a vector that speaks of operations that are not here
├── MissingOperationsError  operations whose predecessors are not here
├── AlteredOperationError   an operation that differs from the one of that name
└── OperationsFileError     a line of a file of operations that cannot be taken
"""

import uuid
from collections.abc import Sequence

from swarm_workers.errors import SourceError


class UnknownNodeError(SourceError):
    """Operations speak of a node that nobody inserted."""

    def __init__(self, branch_id: str, node_id: uuid.UUID) -> None:
        """Name the branch and the node."""
        super().__init__(
            f"branch '{branch_id}' has no node '{node_id}', and these operations do not insert it; "
            "send its insert with them, or make them anew on the head"
        )
        self.branch_id = branch_id
        self.node_id = node_id


class RunawayLamportError(SourceError):
    """An operation claims a Lamport time that nobody can have come to."""

    def __init__(self, lamport: int, lamport_max: int) -> None:
        """Name the time and the greatest that would be believed."""
        super().__init__(
            f"an operation claims Lamport time {lamport}, where {lamport_max} is the greatest that "
            "can have been seen: taken in, it would win over all others for ever; make it anew"
        )
        self.lamport = lamport
        self.lamport_max = lamport_max


class UnsoundOperationError(SourceError):
    """An operation says what no tree can hold."""

    def __init__(self, node_id: uuid.UUID, reason: str) -> None:
        """Name the node and say what is wrong."""
        super().__init__(f"an operation on node '{node_id}' {reason}; it cannot be taken in")
        self.node_id = node_id
        self.reason = reason


class UnknownScopeError(SourceError):
    """The branch has no such folder or file."""

    def __init__(self, branch_id: str, scope: str, near: Sequence[str]) -> None:
        """Name the path, and those that are near."""
        hint = f"; near are {', '.join(near)}" if near else "; name a folder or a file of it"
        super().__init__(f"branch '{branch_id}' has no '{scope}'{hint}")
        self.branch_id = branch_id
        self.scope = scope
        self.near = tuple(near)


class OtherScopeError(SourceError):
    """Operations are limited to another path than the copy of the branch here."""

    def __init__(self, branch_id: str, scope: str | None, held: str | None) -> None:
        """Name the branch, what the operations are limited to and what the copy is."""
        super().__init__(
            f"branch '{branch_id}' is here {_limits(held)}, the operations are "
            f"{_limits(scope)}; export them with the same `--scope`, or import into another store"
        )
        self.branch_id = branch_id
        self.scope = scope
        self.held = held


class UnknownVectorError(SourceError):
    """A version vector speaks of operations that are not here."""

    def __init__(self, author: str, seq: int, held: int) -> None:
        """Name the author, the number asked for and the last one held."""
        super().__init__(
            f"the vector names operation {seq} of '{author}', of which {held} are here; "
            "import the others first, or ask for less"
        )
        self.author = author
        self.seq = seq
        self.held = held


class MissingOperationsError(SourceError):
    """Operations arrive whose predecessors are not here."""

    def __init__(self, author: str, seq: int, held: int) -> None:
        """Name the author, the number that arrived and the last one held."""
        super().__init__(
            f"operation {seq} of '{author}' arrives where {held} of its operations are here: "
            f"those between are missing; export again with `--since` the vector of this store"
        )
        self.author = author
        self.seq = seq
        self.held = held


NEVER_WRITTEN = "is said to be of this store, which never wrote it"


class AlteredOperationError(SourceError):
    """An operation arrives that differs from the one of the same author and number."""

    def __init__(self, author: str, seq: int, reason: str) -> None:
        """Name the operation and say what is known of it here."""
        super().__init__(
            f"operation {seq} of '{author}' {reason}: one of the two stores was restored from an "
            "older copy, or the file was altered; nothing of it was taken in"
        )
        self.author = author
        self.seq = seq
        self.reason = reason


class OperationsFileError(SourceError):
    """A line of a file of operations cannot be taken in, so none of it was."""

    def __init__(self, line: int, reason: str) -> None:
        """Name the line, counted from 1, and say what is wrong."""
        super().__init__(f"line {line} of the operations {reason}; nothing of it was taken in")
        self.line = line
        self.reason = reason


def _limits(scope: str | None) -> str:
    return "whole" if scope is None else f"limited to '{scope}'"
