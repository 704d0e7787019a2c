"""Questions and effects as commands of Redis, and replies as answers.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from typing import Any

from swarm_workers.stm.engines.scripts import script
from swarm_workers.stm.questions import Effect, Query, Reply
from swarm_workers.stm.wires.packing import Command, packed

_PACKED_MAX = 6
"""Keys of a command that is kept packed: those of small transactions, which repeat."""


def read_command(queries: Sequence[Query], name: str | None = None) -> Command:
    """Return the one command that answers all: MGET where it can, else a program.

    Args:
        queries: at least one.
        name: of the function to call; None to evaluate the script.
    """
    keys = [query.key for query in queries]
    if {query.kind for query in queries} == {"GET"}:
        return packed("MGET", *keys) if len(keys) <= _PACKED_MAX else ("MGET", *keys)
    arguments = [part for query in queries for part in (query.kind, query.argument)]
    if name is not None:
        return ("FCALL_RO", name, len(keys), *keys, *arguments)
    return ("EVALSHA", script("read").digest, len(keys), *keys, *arguments)


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
        return ("EVALSHA", script("hand_on").digest, 2, effect.key, token, *arguments)
    return (effect.kind, effect.key, *effect.arguments)


def evaluated(name: str, keys: list[str], arguments: list[Any]) -> Command:
    """Return the command that runs one of the programs."""
    return ("EVALSHA", script(name).digest, len(keys), *keys, *arguments)
