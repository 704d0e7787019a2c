"""Questions and effects as commands of Redis, and replies as answers.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from swarm_workers.stm.engines.scripts import script
from swarm_workers.stm.questions import SOFT_KINDS, Effect, Query, Reply
from swarm_workers.stm.wires.packing import Command, pack, pack_call, packed

_PACKED_MAX = 6
"""Keys of a command that is kept packed: those of small transactions, which repeat."""


class Reading(NamedTuple):
    """A flight of questions, worked out once: the same few are asked all the time."""

    command: Command
    hard: frozenset[str]
    """Keys of the questions that a change of the key puts in doubt."""
    is_plain: bool
    """Whether the answers are good as they come."""


@lru_cache(maxsize=512)
def reading_of(
    queries: tuple[Query, ...],
    gate: str | None,
    function: str | None = None,
    flags: tuple[str, ...] = (),
) -> Reading:
    """Return how to ask for these.

    Args:
        queries: to answer; with gate and flags at least one.
        gate: key to read before all of them; None for none.
        function: of the server to call; None to evaluate the script.
        flags: keys to read after all of them.
    """
    first = () if gate is None else (Query("GET", gate),)
    asked = (*first, *queries, *[Query("GET", flag) for flag in flags])
    hard = frozenset(query.key for query in queries if query.kind not in SOFT_KINDS)
    is_plain = all(query.kind != "SMEMBERS" for query in queries)
    return Reading(_read_command(asked, function), hard, is_plain)


def answers_of(reading: Reading, queries: Sequence[Query], raw: list[Any]) -> list[Reply]:
    """Return the answers as the kernel wants them."""
    if reading.is_plain:
        return raw
    return [reply_of(query, each) for query, each in zip(queries, raw, strict=True)]


def has_refusal(replies: Sequence[Any]) -> bool:
    """Say whether the server has refused any of them."""
    for reply in replies:  # noqa: SIM110 - a generator costs as much as the whole loop
        if isinstance(reply, Exception):
            return True
    return False


def _read_command(queries: Sequence[Query], name: str | None) -> Command:
    """Return the one command that answers all: MGET where it can, else a program."""
    keys = [query.key for query in queries]
    if {query.kind for query in queries} <= {"GET", "PEEK"}:
        return pack(("MGET", *keys))
    arguments = [part for query in queries for part in (query.kind, query.argument)]
    if name is not None:
        return pack(("FCALL_RO", name, len(keys), *keys, *arguments))
    return pack(("EVALSHA", script("read").digest, len(keys), *keys, *arguments))


def watch_command(keys: Sequence[str]) -> Command:
    """Return the command that watches these keys."""
    return packed("WATCH", *keys) if len(keys) <= _PACKED_MAX else ("WATCH", *keys)


def reply_of(query: Query, raw: Any) -> Reply:
    """Return an answer as the kernel wants it."""
    if query.kind == "SMEMBERS":
        return frozenset(raw)
    reply: bytes | int | None = raw
    return reply


def command_of(effect: Effect) -> Command:
    """Return an effect as a command of its own."""
    if effect.kind == "TOKEN":
        token, *arguments = effect.arguments
        assert isinstance(token, bytes)
        return evaluated("hand_on", (effect.key, token.decode()), arguments)
    return (effect.kind, effect.key, *effect.arguments)


def evaluated(name: str, keys: tuple[str, ...], arguments: Sequence[str | bytes | int]) -> Command:
    """Return the command that runs one of the programs."""
    return pack_call(script(name).digest, keys, arguments)
