"""Software transactional memory that processes on many machines share, on Redis or Valkey.

    stm = Stm.connect("redis://localhost", space="auth-7k3f9q")
    left, right = stm.counter("left"), stm.counter("right")

    def move(amount: int) -> None:
        check(left.value() >= amount)  # wait until there is enough
        left.add(-amount)
        right.add(amount)

    stm.atomically(move, 5)

A library of its own: it imports nothing else of this project.
"""

from swarm_workers.stm.async_stm import AsyncStm
from swarm_workers.stm.codec import VALUE_BYTES_MAX
from swarm_workers.stm.errors import (
    ForeignTransactionError,
    InvalidNameError,
    NotInTransactionError,
    SnapshotStaleError,
    StmCodecError,
    StmCorruptedError,
    StmError,
    StmServerError,
    StmUnavailableError,
    StmUsageError,
    TransactionTimeoutError,
    ValueTooLargeError,
)
from swarm_workers.stm.kernel.statistics import SiteStatistics, Statistics
from swarm_workers.stm.kernel.transaction import check, nested, on_abort, on_commit, or_else, retry
from swarm_workers.stm.snapshot import Snapshot
from swarm_workers.stm.stm import Stm
from swarm_workers.stm.variables.tcounter import TCounter
from swarm_workers.stm.variables.tmap import TMap
from swarm_workers.stm.variables.tqueue import TQueue
from swarm_workers.stm.variables.tset import TSet
from swarm_workers.stm.variables.tstream import TStream
from swarm_workers.stm.variables.tvar import TVar

__all__ = [
    "VALUE_BYTES_MAX",
    "AsyncStm",
    "ForeignTransactionError",
    "InvalidNameError",
    "NotInTransactionError",
    "SiteStatistics",
    "Snapshot",
    "SnapshotStaleError",
    "Statistics",
    "Stm",
    "StmCodecError",
    "StmCorruptedError",
    "StmError",
    "StmServerError",
    "StmUnavailableError",
    "StmUsageError",
    "TCounter",
    "TMap",
    "TQueue",
    "TSet",
    "TStream",
    "TVar",
    "TransactionTimeoutError",
    "ValueTooLargeError",
    "check",
    "nested",
    "on_abort",
    "on_commit",
    "or_else",
    "retry",
]
