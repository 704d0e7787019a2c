"""The variables of a space by name: what `Stm` and `AsyncStm` have in common."""

from typing import Any, TypeVar

from swarm_workers.stm.codec import VALUE_BYTES_MAX, checked_space
from swarm_workers.stm.engines.seam import Engine
from swarm_workers.stm.errors import InvalidNameError
from swarm_workers.stm.kernel.kernel import STATISTICS_MAP
from swarm_workers.stm.kernel.statistics import Statistics
from swarm_workers.stm.kernel.transaction import Space
from swarm_workers.stm.variables.tcounter import TCounter
from swarm_workers.stm.variables.tmap import TMap
from swarm_workers.stm.variables.tqueue import TQueue
from swarm_workers.stm.variables.tset import TSet
from swarm_workers.stm.variables.tstream import TStream
from swarm_workers.stm.variables.tvar import TVar

T = TypeVar("T")


class Variables:
    """Makes handles. They are names: making one costs no round trip."""

    def __init__(
        self, engine: Engine, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Touch nothing.

        Args:
            engine: holds the space.
            space: its name: letters, digits, `_`, `.`, `-`, at most 64.
            value_bytes_max: limit of one encoded value.
        """
        self.space = checked_space(space)
        self._space = Space(engine, space)
        self._bytes_max = value_bytes_max

    def var(self, name: str, kind: Any, *, default: T) -> TVar[T]:
        """Return the variable of this name. No round trip.

        Args:
            name: at most 512 printable characters.
            kind: type of the value: anything msgspec decodes, also `X | None`.
            default: the value while none was set.

        Raises:
            StmCodecError: the default is not of the type.
        """
        return TVar(self._space, name, kind, default, self._bytes_max)

    def counter(self, name: str) -> TCounter:
        """Return the counter of this name. No round trip."""
        return TCounter(self._space, name)

    def set(self, name: str, kind: type[T]) -> TSet[T]:
        """Return the set of this name and type of member. No round trip."""
        return TSet(self._space, name, kind, self._bytes_max)

    def map(self, name: str, kind: type[T]) -> TMap[T]:
        """Return the map of this name and type of value. No round trip."""
        if name == STATISTICS_MAP:
            raise InvalidNameError("map", name, "the library keeps its own figures there")
        return TMap(self._space, name, kind, self._bytes_max)

    def queue(self, name: str, kind: type[T]) -> TQueue[T]:
        """Return the queue of this name and type of element. No round trip."""
        return TQueue(self._space, name, kind, self._bytes_max)

    def stream(self, name: str) -> TStream:
        """Return the stream of this name. No round trip."""
        return TStream(self._space, name)

    def _published(self) -> TMap[Statistics]:
        return TMap(self._space, STATISTICS_MAP, Statistics)
