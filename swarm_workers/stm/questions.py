"""What is asked of a space, and what is done to it: the words between kernel and engine.

Pure: no I/O, no clock, no chance.
"""

from typing import Literal, NamedTuple

Reply = bytes | int | frozenset[bytes] | None

SOFT_KINDS = frozenset({"SISMEMBER", "LINDEX", "ATLEAST", "PEEK"})
"""Questions whose answer often stays though the key changes.

They are not watched but asked again at the commit: a pop does not conflict with a push, a member
not with other members, and a counter that is large enough not with what others add or take.
"""


class Query(NamedTuple):
    """A question to the space. A commit takes place only if it would be answered the same."""

    kind: Literal["GET", "SMEMBERS", "SISMEMBER", "LINDEX", "ATLEAST", "PEEK"]
    """PEEK reads a number that nobody relies on: whether it is at least so much follows from it."""
    key: str
    argument: bytes = b""
    """Member, index or number; empty for the kinds that take none."""


class Handle:
    """A variable of a space, as a body holds it."""

    key: str
    """Where its value is."""


class Effect(NamedTuple):
    """A command of a commit."""

    kind: Literal["SET", "DEL", "INCRBY", "SADD", "SREM", "LTRIM", "RPUSH", "XADD", "TOKEN"]
    key: str
    arguments: tuple[bytes | int, ...] = ()
    """As Redis takes them; the engine puts the version header before the value of a SET.

    For TOKEN, whose key is the flag: key of the token, its name, milliseconds.
    """


class RunPlan(NamedTuple):
    """How the next run of a body is to be protected from others."""

    is_watched: bool = True
    """False if it is expected to write nothing: then nothing has to be watched."""
    tokens: tuple[str, ...] = ()
    """Contended keys whose token is to be taken with the first read, in this order."""
    token_seconds: float = 0.0
    """How long to wait for each of them."""
    gate_seconds: float = 0.0
    """If not 0: nobody else may commit for so long, unless this run ends sooner."""
    is_listening: bool = False
    """True if the body may wait for a change of what it reads."""
    is_wary: bool = False
    """True if this process has met contention: which keys have a token is asked by the way."""

    @property
    def takes_turns(self) -> bool:
        """Whether it asks for tokens or the gate."""
        return bool(self.tokens) or self.gate_seconds > 0


class Proposal(NamedTuple):
    """What a run wants to become true, all or nothing."""

    effects: tuple[Effect, ...]
    observed: dict[Query, Reply]
    """What must still be answered the same."""
    carried: tuple[Query, ...] = ()
    """Questions to answer along with the commit, for the next transaction."""


class Meter:
    """What a session has spent."""

    flights: int = 0
    network_seconds: float = 0.0
    """In flights, without the waits that follow."""
    queue_seconds: float = 0.0
    """For tokens of contended keys, and at the gate."""
    vain_waits: int = 0
    """For tokens that did not come."""
    blocked_seconds: float = 0.0
    """For changes that the body waits for, and for a server that does not answer."""
    flight_seconds: float = 0.0
    """What one flight takes, as of late."""
    resolved: int = 0
    """Commits whose reply was lost, and whose outcome was found out."""
