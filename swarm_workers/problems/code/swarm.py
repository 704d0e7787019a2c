"""One swarm on code, as one worker process holds it: what all of its agents here have in common."""

from dataclasses import dataclass

from sqlalchemy import Engine

from swarm_workers.coordination.records import Head
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.coordination.spaces import Spaces
from swarm_workers.problems.code.landing import Lander
from swarm_workers.problems.code.merge_queue import MergeQueue
from swarm_workers.problems.code.outcome import CommandOutcome
from swarm_workers.problems.code.outcomes import LandingOutcomes
from swarm_workers.problems.code.state_outcomes import StateOutcomes
from swarm_workers.problems.code.workbench import Workbench
from swarm_workers.settings import Settings
from swarm_workers.source.store import SourceStore
from tasks_schema.kinds import Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec


@dataclass(frozen=True, slots=True)
class CodeSwarm:
    """Spec, store, sandboxes and spaces of one swarm."""

    spec: SwarmSpec
    settings: Settings
    spaces: Spaces
    store: SourceStore
    outcomes: LandingOutcomes
    workbench: Workbench
    lander: Lander

    @classmethod
    def open(
        cls, spec: SwarmSpec, engine: Engine, spaces: Spaces, settings: Settings
    ) -> "CodeSwarm":
        """Return the parts, wired; nothing is started yet."""
        store = SourceStore(engine)
        outcomes = LandingOutcomes(engine)
        workbench = Workbench(spec, store, settings)
        lander = Lander(store, MergeQueue(engine), StateOutcomes(store, outcomes, workbench))
        return cls(spec, settings, spaces, store, outcomes, workbench, lander)

    def shared_by(self, agent: str) -> SharedState:
        """Return the variables that this agent shares: with all, or with none but itself."""
        part = self.spec.part(agent)
        return self.spaces.shared(self.spec.swarm_id, part)

    def branch_of(self, shared: SharedState, agent: str) -> str:
        """Return the branch of these variables; forks one for an agent that is alone.

        If Redis lost the variables, it is the one that the agent landed on last.
        """
        if self.spec.mode is not Mode.PARALLEL:
            return self.spec.branch
        head = shared.stm.atomically(shared.head.get)
        if head is not None:
            return head.branch
        landed_on = self.outcomes.branch_of_agent(self.spec.swarm_id, agent)
        if landed_on is not None:
            return landed_on
        branch = self.store.fork(self.spec.branch, self.spec.import_landing)
        number = self.store.head(branch).number
        known = self.lander.outcome_at(self.spec.branch, self.spec.import_landing)
        self.outcomes.record(branch, number, known)
        return self.publish(shared, branch, number, known)

    def publish(
        self, shared: SharedState, branch: str, number: int, outcome: CommandOutcome
    ) -> str:
        """Tell the agents of a newer head, and end the swarm if the command succeeds on it.

        Idempotent: whoever finds the head in Postgres ahead of the one in the space repeats it.

        Returns:
            The branch that the variables are on now.
        """
        new = Head(branch, number, outcome.exit_status, outcome.passed, len(outcome.red))
        return shared.stm.atomically(self._publish, shared, new)

    def _publish(self, shared: SharedState, new: Head) -> str:
        known = shared.head.get()
        if known is None or (known.branch == new.branch and known.landing < new.landing):
            shared.head.set(new)
            known = new
        if new.exit_status == 0:
            flaky = sorted(shared.flaky.members())
            shared.end(SwarmStatus.SUCCEEDED, _success_reason(flaky), new.branch)
        return known.branch


def _success_reason(flaky: list[str]) -> str:
    if not flaky:
        return "the success command passes"
    names = ", ".join(f"'{name}'" for name in flaky[:5])
    return f"the success command passes, but flaky tests make that uncertain: {names}"
