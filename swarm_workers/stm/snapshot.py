"""Reading now, thinking for as long as it takes, and committing if what was read still holds.

A transaction must not last while a language model thinks: everyone else would have committed
meanwhile, and all the thinking would be done again. So what it was given is kept, outside of any
transaction, and at the end it is checked, or merged with what others have done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from swarm_workers.stm.errors import SnapshotStaleError
from swarm_workers.stm.kernel.transaction import current
from swarm_workers.stm.questions import Query, Reply

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """What a function has read at one instant. Made by `Stm.snapshot`."""

    value: T
    """What the function returned."""
    read: Callable[[], T]
    """The function, to read again what there is now."""
    observed: dict[Query, Reply]
    """What the value rests on."""


def take_snapshot(read: Callable[[], T]) -> Snapshot[T]:
    """Return what is there now. Runs inside atomically."""
    value = read()
    observed = current("snapshot()").journal.relied_on()
    return Snapshot(value, read, dict(observed))


def apply_to(
    snapshot: Snapshot[T], apply: Callable[[T], U], merge: Callable[[T, T], U] | None
) -> U:
    """Return what `apply` or `merge` returns; see `Stm.commit_if`. Runs inside atomically.

    Raises:
        SnapshotStaleError: the snapshot no longer holds, and there is no `merge`.
    """
    replies = current("commit_if()").read_all(list(snapshot.observed))
    pairs = zip(snapshot.observed.items(), replies, strict=True)
    changed = list({query.key: None for (query, seen), now in pairs if now != seen})
    if not changed:
        return apply(snapshot.value)
    if merge is None:
        raise SnapshotStaleError(changed)
    return merge(snapshot.value, snapshot.read())
