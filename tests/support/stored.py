"""What tests ask a source store for, and no process does."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swarm_workers.protocols import TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, Conflict, Landing
from tasks_schema.messages.source import Operation


@dataclass(frozen=True, slots=True)
class Merged:
    """What the head would be with operations that were made against an older landing."""

    changes: Mapping[str, TreeFile | None]
    operations: tuple[Operation, ...]
    head: int


def merge(
    store: SourceStore, branch: str, base: int, operations: Sequence[Operation]
) -> Merged | Conflict:
    """Return what the head would be with one change."""
    joined = store.join(branch, [Change(base, tuple(operations), "", uuid.UUID(int=0))])
    (part,) = joined.parts
    if isinstance(part, Conflict):
        return part
    return Merged(joined.changes, part, joined.head)


def landings(store: SourceStore, branch: str) -> list[Landing]:
    """Return all landings of a branch, the oldest first."""
    return [store.landing(branch, at) for at in range(store.head(branch).number + 1)]
