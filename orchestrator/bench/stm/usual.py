"""`transaction()` of redis-py, which its users are told to take."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import redis

from orchestrator.bench.stm.client import Costs, Probe
from orchestrator.bench.stm.delay import DelayedConnection


class Helper:
    """The usual client."""

    def __init__(
        self, url: str, space: str, round_trip_seconds: float, *, one_by_one: bool
    ) -> None:
        """Open a pool.

        Args:
            url: of the server.
            space: hash tag of the keys.
            round_trip_seconds: emulated.
            one_by_one: whether keys are read with a GET each, as is usual, or with one MGET.
        """
        self.probe = Probe()
        self._prefix = f"{{{space}}}:helper:"
        self._read = _get_each if one_by_one else _get_all
        options: dict[str, Any] = {}
        if round_trip_seconds:
            options = {
                "connection_class": DelayedConnection,
                "round_trip_seconds": round_trip_seconds,
            }
        pool = redis.ConnectionPool.from_url(url, **options)
        self._client = redis.Redis(connection_pool=pool)

    def add_each(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Add to variables."""
        keys = [self._prefix + name for name in names]
        body = partial(self._add_each, keys, amounts)
        self._client.transaction(body, *keys)
        self.probe.commit()

    def total(self, names: Sequence[str], saw: Callable[[int], object] = int) -> int:
        """Return a sum."""
        keys = [self._prefix + name for name in names]

        def body(pipe: Any) -> int:
            found = sum(int(value or 0) for value in self._read(pipe, keys))
            saw(found)
            return found

        whatever: Any = body  # the annotation of redis-py has the function return nothing
        found: Any = self._client.transaction(whatever, *keys, value_from_callable=True)
        assert isinstance(found, int)
        return found

    def costs(self) -> Costs:
        """Return what was spent from the first to the last run of each body."""
        return Costs(self.probe.wasted_seconds)

    def close(self) -> None:
        """Close the pool."""
        self._client.connection_pool.disconnect()

    def _add_each(self, keys: Sequence[str], amounts: Sequence[int], pipe: Any) -> None:
        self.probe.run()
        values = self._read(pipe, keys)
        pipe.multi()
        for key, value, amount in zip(keys, values, amounts, strict=True):
            pipe.set(key, int(value or 0) + amount)


def _get_each(pipe: Any, keys: Sequence[str]) -> list[Any]:
    return [pipe.get(key) for key in keys]


def _get_all(pipe: Any, keys: Sequence[str]) -> list[Any]:
    found: list[Any] = pipe.mget(keys)
    return found
