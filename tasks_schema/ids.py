"""Typed ids: who is who in messages, tables and Redis keys.

Ids of swarms are short, because people type them; ids of attempts derive from their turn, so that
the same turn has the same id on whichever machine it is computed.
"""

import uuid
from typing import NewType

SwarmId = NewType("SwarmId", str)
"""`<slug>-<6 letters or digits>`, unique in one database, for example `auth-7k3f9q`."""

AgentId = NewType("AgentId", str)
"""`<kind>-<number>`, unique in one swarm, for example `search-0007`."""

AttemptId = NewType("AttemptId", uuid.UUID)
NodeId = NewType("NodeId", uuid.UUID)
BranchId = NewType("BranchId", uuid.UUID)

_ATTEMPTS = uuid.UUID("6f0e5d0c-56f5-4a0e-9d2b-2f4f7f6f1b11")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def attempt_id(swarm_id: SwarmId, agent_id: AgentId, turn: int) -> AttemptId:
    """Return the id of an agent's turn: the same three values always give the same id."""
    return AttemptId(uuid.uuid5(_ATTEMPTS, f"{swarm_id}/{agent_id}/{turn}"))


def agent_id(kind: str, index: int) -> AgentId:
    """Return the id of the agent with this index (0 or more) among those of its kind."""
    assert index >= 0, f"agent index {index} is negative"
    return AgentId(f"{kind}-{index:04d}")


def swarm_id(slug: str, entropy: bytes) -> SwarmId:
    """Return an id that begins with the slug and ends in six characters drawn from `entropy`.

    Args:
        slug: words that remind of the task; anything but letters and digits becomes a dash.
        entropy: at least 6 random bytes.
    """
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in slug.lower()).strip("-")
    tail = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in entropy[:6])
    return SwarmId(f"{words[:24].strip('-') or 'swarm'}-{tail}")
