"""Which claims of a turn are granted, and what a crash makes of it.

Pure: no I/O, no clock, no chance.

```
            claim               finish
  (none) ─────────▶ leased ─────────────▶ done      a message for a done turn is dropped
                      │  ▲
        holder dead,  │  │ claim again (deliveries + 1)
        or lapsed     ▼  │
                    lapsed ──▶ dead        after `deliveries_max` processes died on it
```
"""

from dataclasses import dataclass
from enum import StrEnum

from swarm_workers.coordination.records import TurnRecord


class Verdict(StrEnum):
    """What becomes of a message that asks to run a turn."""

    RUN = "run"  #: The lease is granted.
    DROP = "drop"  #: The turn is done, or another process is at it.
    DEAD = "dead"  #: Too many processes died on it; it is reported as dead and not run.


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for the lease of one turn."""

    turn: int
    holder: str
    now: float
    """Unix seconds."""
    lease_seconds: float
    deliveries_max: int


def judge(record: TurnRecord, claim: Claim, *, is_holder_dead: bool) -> Verdict:
    """Say what becomes of a claim, given the lease as it stands.

    Args:
        record: the lease of the agent, as read in the claiming transaction.
        claim: who asks for which turn, when.
        is_holder_dead: True if the present holder is known to have died; False if not known.
    """
    if claim.turn < record.turn or (claim.turn == record.turn and record.is_done):
        return Verdict.DROP
    if claim.turn > record.turn:
        return Verdict.RUN
    is_lapsed = record.until <= claim.now
    if not (is_lapsed or is_holder_dead):
        return Verdict.DROP
    return Verdict.RUN if record.deliveries < claim.deliveries_max else Verdict.DEAD


def leased(record: TurnRecord, claim: Claim) -> TurnRecord:
    """Return the lease after it was granted.

    A slice that an earlier process of this agent left open stays in it, to be given back.
    """
    is_repeat = claim.turn == record.turn
    return TurnRecord(
        turn=claim.turn,
        holder=claim.holder,
        until=claim.now + claim.lease_seconds,
        deliveries=record.deliveries + 1 if is_repeat else 1,
        is_done=False,
        slice=record.slice,
    )
