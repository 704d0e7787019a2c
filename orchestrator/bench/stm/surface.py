"""How the library under test is opened; knows which of its features are there."""

import inspect
from typing import Any

from swarm_workers import stm as library
from swarm_workers.stm import Stm


class MissingFeatureError(Exception):
    """The library does not have what a measurement needs."""


def open_stm(
    url: str, space: str, *, engine: str = "watch", round_trip_seconds: float = 0.0
) -> Stm:
    """Return a space of the library as its users open it. Connects to nothing yet."""
    return Stm.connect(url, space, **_options(Stm.connect, engine, round_trip_seconds))


def open_async_stm(url: str, space: str, engine: str, round_trip_seconds: float) -> Any:
    """Return a space for coroutines."""
    kind = getattr(library, "AsyncStm", None)
    if kind is None:
        raise MissingFeatureError("AsyncStm")
    return kind.connect(url, space, **_options(kind.connect, engine, round_trip_seconds))


def has_engine(engine: str) -> bool:
    """Return whether the library has an engine."""
    return engine == "watch" or "engine" in inspect.signature(Stm.connect).parameters


def has_statistics() -> bool:
    """Return whether the library says what transactions have cost."""
    return hasattr(Stm, "statistics")


def _options(connect: Any, engine: str, round_trip_seconds: float) -> dict[str, Any]:
    known = inspect.signature(connect).parameters
    options = {"engine": engine, "emulated_round_trip_seconds": round_trip_seconds}
    usual = {"engine": "watch", "emulated_round_trip_seconds": 0.0}
    wanted = {name: value for name, value in options.items() if value != usual[name]}
    for name, value in wanted.items():
        if name not in known:
            raise MissingFeatureError(f"{name}={value!r}")
    return wanted
