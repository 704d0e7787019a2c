"""Taking turns: tokens of contended keys, and the gate.

Of those who fight over a key all but one would run in vain, and the one who is quickest wins again
and again. So a contended key gets a token: a list with one element, which BLPOP hands out first
come, first served, in the very flight that then reads; the commit puts it back. A long run among
short ones closes the gate, which everyone watches. Both are advisory: who waits too long goes on
without, and the commit alone decides.
"""

import time
from typing import Any

from swarm_workers.stm.engines.commands import evaluated
from swarm_workers.stm.engines.keys import Keys
from swarm_workers.stm.engines.scripts import SCRIPTS, script
from swarm_workers.stm.pools.slots import Slot
from swarm_workers.stm.questions import Effect, RunPlan
from swarm_workers.stm.wires.packing import Command

FLAG_MILLISECONDS_MIN = 500
"""A token that was not handed on for so long died with its holder."""
_FLAG_FLIGHTS = 8


class Turns:
    """The tokens that one session holds, and whether it is let pass at the gate."""

    def __init__(self, keys: Keys, slot: Slot) -> None:
        """Hold nothing."""
        self.has_gate = False
        self._keys = keys
        self._slot = slot
        self._tokens: dict[str, bytes] = {}
        """Names of the tokens that are held, by contended key."""

    @property
    def are_held(self) -> bool:
        """Whether there is anything to give back."""
        return self.has_gate or bool(self._tokens)

    def forget(self) -> None:
        """Hold nothing any more: all was given back, or went with the connection."""
        self._tokens, self.has_gate = {}, False

    def queue_up(self, plan: RunPlan, commands: list[Command]) -> tuple[str, ...]:
        """Add what takes the gate and tokens; return the keys whose tokens are asked for."""
        # In the order of their names, or two could wait for each other.
        wanted = tuple(key for key in plan.tokens if not self._tokens or key > max(self._tokens))
        if (wanted or plan.gate_seconds) and not self._slot.has_programs:
            # A program that the server lacked would have BLPOP wait for a token that nobody made.
            commands += [("SCRIPT", "LOAD", script(name).text) for name in SCRIPTS]
            self._slot.has_programs = True
        if plan.gate_seconds:
            milliseconds = int(plan.gate_seconds * 1000)
            closing = evaluated("close_gate", (self._keys.gate,), (self._slot.writer, milliseconds))
            commands.append(closing)
        for key in wanted:
            pair = self._keys.flag(key), self._keys.token(key)
            name = b"%b:%d" % (self._slot.writer.encode(), time.monotonic_ns())
            commands.append(evaluated("offer", pair, (name, self._flag_milliseconds)))
            commands.append(("BLPOP", pair[1], b"%.3f" % plan.token_seconds))
        return wanted

    def note(self, wanted: tuple[str, ...], replies: list[Any]) -> int:
        """Keep the tokens that came; return how many did not.

        Args:
            wanted: keys whose tokens were asked for, at least one.
            replies: to all but the reading. Only BLPOP answers with a pair, or with nothing.
        """
        popped = [reply for reply in replies if isinstance(reply, list) or reply is None]
        came = {key: reply[1] for key, reply in zip(wanted, popped, strict=True) if reply}
        self._tokens |= came
        return len(wanted) - len(came)

    def returning(self) -> list[Effect]:
        """Return what opens the gate and hands tokens on."""
        effects = [Effect("DEL", self._keys.gate)] if self.has_gate else []
        for key, name in self._tokens.items():
            arguments = (self._keys.token(key).encode(), name, self._flag_milliseconds)
            effects.append(Effect("TOKEN", self._keys.flag(key), arguments))
        return effects

    def opening(self) -> Command | None:
        """Return what opens the gate if it is still held, for a run that ends without a commit."""
        if not self.has_gate:
            return None
        return evaluated("open_gate", (self._keys.gate,), (self._slot.writer,))

    @property
    def _flag_milliseconds(self) -> int:
        return max(FLAG_MILLISECONDS_MIN, int(_FLAG_FLIGHTS * 1000 * self._slot.flight_seconds))
