"""The transactional variables of one swarm: what its agents share, and nothing else.

| variable | type | meaning |
|---|---|---|
| `state` | TVar[SwarmState] | is it running, and if not, how it ended |
| `baseline` | TVar[Baseline or None] | the success command on the code as it was |
| `operations` | counter | operations left to spend (unused when there is no limit) |
| `candidates` | counter | candidates evaluated so far, by all agents |
| `turn/<agent>` | TVar[TurnRecord] | the lease of an agent's turn |
| `spending` | set | agents that hold operations of the budget, and may give some back |
| `resigned` | set | agents of mode `parallel` that have nothing left to try |
| `<part>head` | TVar[Head or None] | the newest landing |
| `<part>flaky` | set | tests seen both green and red on the same code |
| `<part>focus` | map | which test each agent works on; who is in it holds a slice |
| `<part>lead/<key>` | TVar[Lead] | how far the search for one red test has come |

`<part>` is empty where all agents share, and `<agent>/` in mode `parallel`, where each is alone.
All methods run inside `stm.atomically`, except where they say that they are transactions.
"""

from swarm_workers.coordination.records import Baseline, Head, Lead, SwarmState, TurnRecord
from swarm_workers.stm import Stm, TMap, TSet, TVar
from tasks_schema.kinds import SwarmStatus


class SharedState:
    """The variables of one swarm."""

    def __init__(self, stm: Stm, part: str = "") -> None:
        """Name the variables; nothing is read or written.

        Args:
            stm: the space of the swarm.
            part: empty for what all agents share, `<agent>/` for what is one agent's own.
        """
        self.stm = stm
        self.state: TVar[SwarmState] = stm.var("state", SwarmState, default=SwarmState())
        self.baseline: TVar[Baseline | None] = stm.var("baseline", Baseline | None, default=None)
        self.operations = stm.counter("operations")
        self.candidates = stm.counter("candidates")
        self.outbox = stm.stream("outbox")
        self.head: TVar[Head | None] = stm.var(f"{part}head", Head | None, default=None)
        self.flaky: TSet[str] = stm.set(f"{part}flaky", str)
        self.focus: TMap[str] = stm.map(f"{part}focus", str)
        self.spending: TSet[str] = stm.set("spending", str)
        self.resigned: TSet[str] = stm.set("resigned", str)
        self._part = part

    def turn(self, agent: str) -> TVar[TurnRecord]:
        """Return the lease of this agent."""
        return self.stm.var(f"turn/{agent}", TurnRecord, default=TurnRecord())

    def lead(self, key: str) -> TVar[Lead]:
        """Return the lead with this key."""
        return self.stm.var(f"{self._part}lead/{key}", Lead, default=Lead())

    def begin(self, operations: int = 0) -> None:
        """Let attempts be handed out, with a budget; once at most. Runs inside atomically.

        Args:
            operations: that may be spent; 0 if there is no limit, or nothing left of it.
        """
        if self.state.get().status is SwarmStatus.PENDING:
            self.state.set(SwarmState(SwarmStatus.RUNNING))
            self.operations.add(operations)

    def others_at_work(self, agent: str) -> bool:
        """Say whether an agent of this part, other than this one, holds a slice. Two flights."""
        return any(other != agent for other in self.focus.items())

    def end(self, status: SwarmStatus, reason: str, branch: str = "") -> bool:
        """End the swarm unless it has ended; say whether this call did. Runs inside atomically."""
        state = self.state.get()
        if state.status.is_final:
            return False
        self.state.set(SwarmState(status, reason, branch))
        return True
