"""Slices of the search, claimed and closed in one transaction each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from swarm_workers.coordination.records import Lead, Partial
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.code.targets import Choice, Exhausted, better, choose
from swarm_workers.stm import TransactionTimeoutError, check
from tasks_schema.kinds import SwarmStatus

IDLE_SECONDS_MAX = 5.0
"""How long an agent with nothing to claim waits for the others before its turn ends."""


Tiers = Sequence[Mapping[str, str]]
"""Keys of leads by test; a later tier is for when the earlier ones are exhausted."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one turn claimed."""

    test: str
    lead_key: str
    start: int
    stop: int
    partial: Partial | None
    is_partial_due: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was claimed."""

    reason: str
    is_exhausted: bool = False
    """True if the search has nothing left, and nobody is at work who could change that."""


class Claims:
    """The claims of one agent on the leads of its swarm."""

    def __init__(self, shared: SharedState, agent: str, *, has_budget: bool) -> None:
        """Name the agent.

        Args:
            shared: where the leads are.
            agent: who claims.
            has_budget: True if operations are counted against a limit.
        """
        self._shared = shared
        self._agent = agent
        self._has_budget = has_budget

    def claim(
        self, tiers: Tiers, count: int, landing: int, *, again: Tiers = ()
    ) -> Slice | Nothing:
        """Claim a slice, in one transaction; waits a while if others hold all there is.

        Args:
            tiers: the leads.
            count: the most candidates to take.
            landing: the head they were computed for; when it moves, nothing is claimed.
            again: like `tiers`, with other keys: searched when all of these are exhausted.
        """
        try:
            return self._shared.stm.atomically(
                self._claim, (tiers, again), count, landing, timeout_seconds=IDLE_SECONDS_MAX
            )
        except TransactionTimeoutError:
            return Nothing("other agents hold all that is left to try")

    def give_back(self) -> None:
        """Give back the slice that a turn of this agent left open, in one transaction."""
        self._shared.stm.atomically(self._give_back)

    def close(
        self,
        taken: Slice,
        *,
        evaluated: int,
        total: int | None,
        partial: Partial | None,
        operations_spent: int,
        candidates: int,
    ) -> None:
        """Give a slice back, in one transaction; does nothing if it is not ours any more.

        It is not if the lease lapsed and another process gave it back, or if Redis lost the space.

        Args:
            taken: the slice.
            evaluated: how many of its candidates were tried, from its start.
            total: length of the ranked list where it turned out to be shorter than the slice.
            partial: the best partial fix known here; a better one that another agent found
                meanwhile stays. If this was the partial fix that was due, it is cleared.
            operations_spent: what is to be charged; the rest of the reservation is refunded.
            candidates: how many of them had their tests run, for the count that people see.
        """
        untried = (taken.start + evaluated, taken.stop)

        def body() -> None:
            held = self._shared.turn(self._agent).get().slice
            if held != (taken.lead_key, taken.start, taken.stop):
                return
            lead = self._shared.lead(taken.lead_key)
            before = lead.get()
            best = None if taken.is_partial_due else better(before.partial, partial)
            after = before.closed(self._agent, untried=untried, total=total)
            lead.set(replace(after, partial=best))
            self._let_go()
            self._shared.candidates.add(candidates)
            self._refund(taken.stop - taken.start - operations_spent)

        self._shared.stm.atomically(body)

    def _claim(self, passes: Sequence[Tiers], count: int, landing: int) -> Slice | Nothing:
        status = self._shared.state.get().status
        if status is not SwarmStatus.RUNNING:
            # Pending: Redis lost the space, and what follows would look as if all were spent.
            return Nothing("the swarm has ended" if status.is_final else "the space is not there")
        head = self._shared.head.get()
        if head is not None and head.landing != landing:
            return Nothing(f"landing {head.landing} moved the head")
        self._give_back()
        for tiers in passes:
            found = self._claim_of(tiers, count)
            if found is not None:
                return found
        return Nothing("every candidate was tried", is_exhausted=True)

    def _claim_of(self, tiers: Tiers, count: int) -> Slice | Nothing | None:
        """Return what is claimed of these leads; None if they are exhausted, and nobody at work."""
        known: dict[str, Lead] = {}
        keys: dict[str, str] = {}
        for tier in tiers:
            keys |= tier
            known |= {test: self._shared.lead(key).get() for test, key in tier.items()}
            choice = choose(known, self._agent)
            if isinstance(choice, Choice):
                return self._take(choice, keys[choice.test], known[choice.test], count)
        # Wait until another agent closes a slice or moves the head. It may be one that works on an
        # older head, with leads that are not among these, and is about to land.
        is_alone = not self._shared.others_at_work(self._agent)
        check(is_alone and choose(known, self._agent) is Exhausted)
        return None

    def _take(self, choice: Choice, key: str, lead: Lead, count: int) -> Slice | Nothing:
        if choice.is_partial_due:
            self._shared.lead(key).set(replace(lead, open=(*lead.open, self._agent)))
            self._hold(choice.test, (key, 0, 0))
            return Slice(choice.test, key, 0, 0, lead.partial, is_partial_due=True)
        if self._has_budget:
            count = self._shared.operations.take(count, floor=0)
            if count == 0:
                # Wait for what others give back of their slices, before it is called spent.
                check(not self._shared.spending.members() - {self._agent})
                return Nothing("the budget of operations is spent", is_exhausted=True)
            self._shared.spending.add(self._agent)
        after, (start, stop) = lead.claimed(self._agent, count)
        self._shared.lead(key).set(after)
        self._hold(choice.test, (key, start, stop))
        self._refund(count - (stop - start))
        return Slice(choice.test, key, start, stop, lead.partial, is_partial_due=False)

    def _give_back(self) -> None:
        """Close the slice that an earlier process of this agent left open when it died.

        What that process spent of it was never reported, and is tried again: it is refunded.
        """
        left = self._shared.turn(self._agent).get().slice
        if left is None:
            return
        key, start, stop = left
        lead = self._shared.lead(key)
        lead.set(lead.get().closed(self._agent, untried=(start, stop), total=None))
        self._let_go()
        self._refund(stop - start)

    def _refund(self, operations: int) -> None:
        if self._has_budget:
            self._shared.operations.add(operations)

    def _let_go(self) -> None:
        turn = self._shared.turn(self._agent)
        turn.set(replace(turn.get(), slice=None))
        self._shared.focus.remove(self._agent)
        self._shared.spending.remove(self._agent)

    def _hold(self, test: str, held: tuple[str, int, int]) -> None:
        self._shared.focus.put(self._agent, test)
        self._shared.resigned.remove(self._agent)
        turn = self._shared.turn(self._agent)
        turn.set(replace(turn.get(), slice=held))
