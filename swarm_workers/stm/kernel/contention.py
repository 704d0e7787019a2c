"""Which keys are fought over, and what the next run of a transaction should do about it.

The ladder: run freely; when a transaction has had to start over, take the token of the keys that
others had changed, and for a while also in transactions to come; when a long transaction has failed
often, close the gate. There is no pause that grows with every failure: it would favour those who
have just won. A token costs no round trip, and to wait for two conflicts first cost more than it
saved: with 32 agents that move between 16 variables, 30 % of the time in vain against 4 to 10 %.
The memory of a contended key is long, by the measure of the network and of the queue for it:
whoever forgets runs in vain once more, and makes others do so. It ends early where a token is had
again and again without a wait, for then nobody else comes.
Pure: no I/O, no clock, no chance.
Source: ZIO, issue 3210 (a global lock after ten retries, as the last step of a ladder).
"""

from collections.abc import Iterable
from dataclasses import dataclass

CONFLICTS_BEFORE_GATE = 3
GATE_REST = 8
"""Times its own length that a process leaves the gate open after it was let pass: a turn stops all
others, and without a rest a stream of long transactions would hold them up for half of the time."""
CONFLICTS_BEFORE_ANY_GATE = 12
MEMORY_SECONDS_MIN = 0.25
MEMORY_SECONDS_MAX = 30.0
MEMORY_WAITS = 4
MEMORY_FLIGHTS = 10_000
"""On a slow network everything takes longer, also for a conflict to come back."""
VAIN_TOKENS_MAX = 16
"""Taken one after the other without a wait."""
TOKEN_SECONDS_MIN = 0.5
TOKEN_SECONDS_MAX = 5.0
GATE_SECONDS_MIN = 0.2
GATE_SECONDS_MAX = 5.0
KEYS_MAX = 1024


@dataclass(slots=True)
class _Heat:
    """How much a key is fought over."""

    until: float = 0.0
    """When it is forgotten."""
    wait_seconds: float = 0.0
    """In the queue for its token, as of late."""
    vain_tokens: int = 0
    """Had without a wait since somebody else last came."""


class HotKeys:
    """What this process has met lately. Every instant is passed in, in seconds."""

    def __init__(self) -> None:
        """Know of no conflict."""
        self.flight_seconds = 0.0
        """What a flight takes, as of late."""
        self._gate_rests_until = 0.0
        self._heats: dict[str, _Heat] = {}
        self._hot_until = 0.0
        """When the last of them is forgotten."""

    def may_close_gate(self, now: float) -> bool:
        """Say whether this process has left the gate open for long enough."""
        return now >= self._gate_rests_until

    def note_gate(self, seconds: float, now: float) -> None:
        """A run of this length was let pass."""
        self._gate_rests_until = now + GATE_REST * seconds

    def is_calm(self, now: float) -> bool:
        """Say whether no conflict is remembered."""
        return now >= self._hot_until

    def tokens(self, keys: Iterable[str], now: float) -> tuple[str, ...]:
        """Return those that need a token, in the order in which all take them."""
        if self.is_calm(now):
            return ()
        heats = ((key, self._heats.get(key)) for key in keys)
        return tuple(sorted(key for key, heat in heats if heat and now < heat.until))

    def token_seconds(self, keys: Iterable[str]) -> float:
        """Return how long to wait for a token before going on without."""
        waits = [heat.wait_seconds for key in keys if (heat := self._heats.get(key))]
        wanted = MEMORY_WAITS * max(waits, default=0.0)
        return min(TOKEN_SECONDS_MAX, max(TOKEN_SECONDS_MIN, wanted))

    def note_conflict(self, keys: Iterable[str], now: float) -> None:
        """These keys have made a transaction start over, or others were seen to queue for them."""
        for key in keys:
            heat = self._heats.setdefault(key, _Heat())
            heat.vain_tokens = 0
            self._keep(heat, now)
        if len(self._heats) > KEYS_MAX:
            heats = list(self._heats.items())  # other threads note theirs meanwhile
            self._heats = {key: heat for key, heat in heats if now < heat.until}

    def note_wait(self, keys: Iterable[str], seconds: float, now: float) -> None:
        """The tokens of these keys were had after so long a wait; none means nobody else came."""
        for key in keys:
            heat = self._heats.setdefault(key, _Heat())
            # Up at once, and down slowly: a wait that was cut short makes everything worse.
            heat.wait_seconds = max(seconds, heat.wait_seconds + (seconds - heat.wait_seconds) / 8)
            heat.vain_tokens = 0 if seconds > 0 else heat.vain_tokens + 1
            if seconds > 0:
                self._keep(heat, now)
            elif heat.vain_tokens >= VAIN_TOKENS_MAX:
                self._heats.pop(key, None)
        if not self._heats:
            self._hot_until = 0.0

    def _keep(self, heat: _Heat, now: float) -> None:
        """Remember a key from now on for as long as it takes."""
        wanted = max(MEMORY_WAITS * heat.wait_seconds, MEMORY_FLIGHTS * self.flight_seconds)
        seconds = min(MEMORY_SECONDS_MAX, max(MEMORY_SECONDS_MIN, wanted))
        heat.until = max(heat.until, now + seconds)
        self._hot_until = max(self._hot_until, heat.until)


def gate_seconds(conflicts: int, *, run_seconds: float, is_long: bool) -> float:
    """Return for how long a transaction should close the gate for its next run; 0: it should not.

    Args:
        conflicts: that it has met.
        run_seconds: that its latest run took.
        is_long: whether that is much more than the two flights that nobody can do without. Short
            ones that fight are served best by a token.
    """
    if conflicts < (CONFLICTS_BEFORE_GATE if is_long else CONFLICTS_BEFORE_ANY_GATE):
        return 0.0
    return min(GATE_SECONDS_MAX, max(GATE_SECONDS_MIN, 4 * run_seconds))
