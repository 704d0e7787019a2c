"""The limit: transactions on a bare connection, their commands packed beforehand."""

from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.bench.stm.client import Costs, Probe
from orchestrator.bench.stm.raw import RawWire, pack

_MULTI = pack("MULTI")
_EXEC = pack("EXEC")


class ReadFlight:
    """WATCH and MGET of some keys, packed once."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Pack."""
        self.keys = tuple(key.encode() for key in keys)
        self.data = pack("WATCH", *self.keys) + pack("MGET", *self.keys)


def pack_commit(keys: Sequence[bytes], values: Sequence[int]) -> tuple[bytes, int]:
    """Return MULTI, a SET for each key, EXEC; and how many replies that has."""
    sets = [
        b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%d\r\n"
        % (len(key), key, len(b"%d" % value), value)
        for key, value in zip(keys, values, strict=True)
    ]
    return b"".join((_MULTI, *sets, _EXEC)), len(sets) + 2


class Raw:
    """The bare protocol: two flights, or one where the next WATCH rides with this EXEC."""

    def __init__(self, url: str, space: str, round_trip_seconds: float, *, is_ahead: bool) -> None:
        """Connect."""
        self.probe = Probe()
        self.wire = RawWire(url, round_trip_seconds)
        self.prefix = f"{{{space}}}:raw:"
        self._is_ahead = is_ahead
        self._packed: dict[tuple[str, ...], ReadFlight] = {}
        self._foreseen: tuple[ReadFlight, list[Any]] | None = None

    def add_each(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Add to variables."""
        read = self._read_flight(tuple(names))
        is_done = False
        while not is_done:
            self.probe.run()
            before = self._before(read)
            values = [int(v or 0) + n for v, n in zip(before, amounts, strict=True)]
            commit, count = pack_commit(read.keys, values)
            ahead = read.data if self._is_ahead else b""
            replies = self.wire.flight(commit + ahead, count + 2 * self._is_ahead)
            is_done = replies[count - 1] is not None
            self._foreseen = (read, replies[-1]) if self._is_ahead else None
        self.probe.commit()

    def total(self, names: Sequence[str], saw: Callable[[int], object] = int) -> int:
        """Return a sum."""
        values = self.wire.flight(pack("MGET", *self._read_flight(tuple(names)).keys), 1)[0]
        found = sum(int(value or 0) for value in values)
        saw(found)
        return found

    def costs(self) -> Costs:
        """Return what was spent from the first to the last run of each body."""
        return Costs(self.probe.wasted_seconds)

    def close(self) -> None:
        """Close the connection."""
        self.wire.close()

    def _before(self, read: ReadFlight) -> list[Any]:
        if self._foreseen is not None and self._foreseen[0] is read:
            return self._foreseen[1]
        unwatch = pack("UNWATCH") if self._foreseen is not None else b""
        values: list[Any] = self.wire.flight(unwatch + read.data, 2 + bool(unwatch))[-1]
        return values

    def _read_flight(self, names: tuple[str, ...]) -> ReadFlight:
        if names not in self._packed:
            self._packed[names] = ReadFlight([self.prefix + name for name in names])
        return self._packed[names]
