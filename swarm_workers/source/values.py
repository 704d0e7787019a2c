"""What the source store answers with."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from swarm_workers.protocols import TreeFile
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that holds an imported tree."""

    branch_id: str
    landing: int = 0
    """The landing that holds the tree as it was imported."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One state of a branch, and how it came about."""

    branch_id: str
    number: int
    """0 for what was imported or forked, then 1, 2, …"""
    version_vector: Mapping[str, int]
    """For each lane the last operation that is in this state: the state is nothing more."""
    attempt_id: uuid.UUID | None
    """None for an import and for a fork."""
    author: str
    exit_status: int | None
    """Of the success command on just this state; None if it was not run."""
    note: str
    landed_at: datetime


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """A landing was refused: the head is no longer the expected one. Merge, test, land again."""

    head: int


class ClashKind(StrEnum):
    """Why two changes do not go together."""

    SAME_REGISTER = "same_register"  #: Both changed one thing of one node, to different ends.
    DELETED = "deleted"  #: One side deleted what the other changed or put something into.
    SAME_NAME = "same_name"  #: Both made a file, a class or a function of one name in one place.
    CYCLE = "cycle"  #: Each moved a node beneath the other's.
    ENCODING = "encoding"  #: The merged text does not fit the file's encoding.


@dataclass(frozen=True, slots=True)
class Clash:
    """One place where two changes do not go together."""

    kind: ClashKind
    node_id: NodeId
    path: str
    """Of the file; of the base if it is gone from the head."""
    register: str
    """The register of the node that both wrote; empty if it is not about one."""
    base: str
    ours: str
    theirs: str
    """What the head holds; empty if it is gone."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Operations that cannot be merged with the head without a decision."""

    clashes: tuple[Clash, ...]
    head: int
    is_with_head: bool = True
    """False if they go together with the head, and clash only with other changes before them."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one attempt wants to land."""

    base: int
    """The landing that its operations were made on."""
    operations: tuple[Operation, ...]
    author: str
    """The agent."""
    attempt_id: uuid.UUID
    note: str = ""
    """What was changed, for people."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What the head would be with several changes, one after another."""

    changes: Mapping[str, TreeFile | None]
    """Files that would differ from the head's; None for one that would be gone."""
    parts: tuple[tuple[Operation, ...] | Conflict, ...]
    """Of each change in turn the operations to land in place of its own, empty if the head has it
    all already; or why it was left out."""
    head: int
