"""A commit as the arguments of the program in the server.

Pure: no I/O, no clock, no chance.
"""

import hashlib

from swarm_workers.stm.codec import HEADER_BYTES, stamp
from swarm_workers.stm.questions import Effect, Proposal, Query, Reply

RECORD_SECONDS = 3600
"""How long an outcome can still be asked for."""
_MODULUS = 2**48


def commit_call(
    proposal: Proposal, record: str, gate: str, writer: str, sequence: int
) -> tuple[list[str], list[bytes | int | str]]:
    """Return keys and arguments of `commit` in `commit.lua`.

    Args:
        proposal: all of whose questions are asked again.
        record: key of the writer's record.
        gate: key of the gate.
        writer: who commits.
        sequence: number of this commit.
    """
    observed, effects, carried = proposal.observed, proposal.effects, proposal.carried
    keys = [record, gate]
    arguments: list[bytes | int | str] = [writer, sequence, RECORD_SECONDS]
    arguments += [len(observed), len(effects), len(carried)]
    for query, reply in observed.items():
        keys.append(query.key)
        arguments += [query.kind, query.argument, expectation(query, reply)]
    for effect in effects:
        keys.append(effect.key)
        words = _words(effect, writer, sequence)
        arguments += [effect.kind, len(words), *words]
    for query in carried:
        keys.append(query.key)
        arguments += [query.kind, query.argument]
    return keys, arguments


def expectation(query: Query, reply: Reply) -> bytes:
    """Return a short text that differs when the answer does; as `digest` in `commit.lua`."""
    if reply is None:
        return b"-"
    if isinstance(reply, frozenset):
        hashes = [hashlib.sha1(each, usedforsecurity=False).hexdigest() for each in reply]
        left = sum(int(each[:12], 16) for each in hashes) % _MODULUS
        right = sum(int(each[12:24], 16) for each in hashes) % _MODULUS
        return b"%d:%d:%d" % (len(reply), left, right)
    if isinstance(reply, int):
        return b"=%d" % reply
    # The header of a version names its commit, so it says all; a number is shorter than that.
    return b"=" + (reply[:HEADER_BYTES] if query.kind == "GET" else reply)


def _words(effect: Effect, writer: str, sequence: int) -> tuple[bytes | int, ...]:
    if effect.kind != "SET":
        return effect.arguments
    (payload,) = effect.arguments
    assert isinstance(payload, bytes)
    return (stamp(writer, sequence, payload),)
