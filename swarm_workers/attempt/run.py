"""The story of one attempt: lease, look, propose, evaluate, share, land, report.

This is the one file that knows the order. Each step takes a value and returns a value; what a step
means for code, numbers, grids or facts is the problem's business.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from swarm_workers.attempt.lease import Grant, Lease
from swarm_workers.attempt.lifecycle import Verdict
from swarm_workers.clock import Clock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.errors import SandboxError, ServiceUnreachableError
from swarm_workers.protocols import Agent, Evaluation, Outcome, Problem, Turn
from swarm_workers.settings import Settings
from swarm_workers.source.tree_files import storable
from swarm_workers.stm import StmUnavailableError
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.attempt import SCOPES_MAX, AttemptOrder, AttemptReport

_LOG = logging.getLogger(__name__)
_OUTAGES = (StmUnavailableError, ServiceUnreachableError)
"""A server was away: no fault of the attempt, so it does not count as failed."""
OUTAGE_PAUSE_SECONDS = 3
OUTAGE_PAUSES_MAX = 10
"""How often a turn that met an outage waits for the end of it before it is left to a later time."""


class SwarmParts(Protocol):
    """What this process holds of one swarm. Types of views and candidates are the problem's own."""

    @property
    def seed(self) -> int:
        """The swarm's seed."""
        ...

    @property
    def import_landing(self) -> int:
        """The landing that holds the code as it was."""
        ...

    @property
    def shared(self) -> SharedState:
        """Its shared variables."""
        ...

    def problem(self, order: AttemptOrder) -> Problem[Any, Any, Any]:
        """Return the problem as this agent sees it."""
        ...

    def agent(self, order: AttemptOrder) -> Agent[Any, Any]:
        """Return the strategy of this agent."""
        ...

    def interrupt(self) -> None:
        """End what runs for it in this process now. Called from another thread, maybe often."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """What became of an attempt, and what it cost."""

    outcome: Outcome
    evaluation: Evaluation[Any] = Evaluation(candidates=0, operations_spent=0)  # noqa: RUF009 - frozen


def run_attempt(
    order: AttemptOrder, swarm: SwarmParts, settings: Settings, clock: Clock
) -> AttemptReport | None:
    """Run one turn of one agent; blocks until it is reported.

    Args:
        order: whose turn it is.
        swarm: what this process holds of the swarm.
        settings: bounds in time.
        clock: for leases and the report.

    Returns:
        The report as it was sent; None if the turn was another process's, or done before.

    Raises:
        StmError: Redis is away; the order is sent again when it is overdue.
    """
    lease = Lease(swarm.shared, order, settings, clock)
    grant = lease.claim()
    if grant.verdict is Verdict.DROP:
        return None
    started_at, started, cpu_before = clock.now(), clock.monotonic(), clock.cpu_seconds()
    with lease.renewed(swarm.interrupt) as is_over:
        work = _guarded(order, swarm, settings, clock, grant, is_over)
    if work.outcome.status in (AttemptStatus.FAILED, AttemptStatus.DEAD):
        swarm.problem(order).give_back()  # its agent's next turn may be a long time off
    costs = work.evaluation.costs
    report = AttemptReport(
        attempt_id=order.attempt_id,
        swarm=order.swarm,
        agent=order.agent,
        kind=order.kind,
        turn=order.turn,
        status=work.outcome.status,
        reason=storable(work.outcome.reason),
        worker=lease.holder,
        started_at=started_at,
        seconds=clock.monotonic() - started,
        candidates=work.evaluation.candidates,
        operations_spent=work.evaluation.operations_spent,
        base_landing=work.outcome.base_landing,
        landing=work.outcome.landing,
        exit_status=work.outcome.exit_status,
        tests=work.outcome.tests,
        scopes=work.outcome.scopes[:SCOPES_MAX],
        evaluations=costs.evaluations,
        cpu_seconds=clock.cpu_seconds() - cpu_before + costs.sandbox_cpu_seconds,
        tokens=costs.tokens,
        dollars=costs.dollars,
    )
    if work.outcome.findings is not None:
        report = report.with_findings(work.outcome.findings)
    return report if lease.finish(report, work.outcome.settle) else None


def _guarded(
    order: AttemptOrder,
    swarm: SwarmParts,
    settings: Settings,
    clock: Clock,
    grant: Grant,
    is_over: Callable[[], bool],
) -> Work:
    """Do the work that the lease allows; whatever is raised becomes part of the report."""
    problem = swarm.problem(order)
    turn = Turn(
        swarm_id=order.swarm,
        agent_id=order.agent,
        turn=order.turn,
        seed=random.Random(f"{swarm.seed}/{order.agent}/{order.turn}").getrandbits(64),  # noqa: S311 - chance that can be replayed, not a secret
        seconds_max=settings.attempt_seconds_max,
    )
    if grant.verdict is Verdict.DEAD:
        reason = f"its worker died {settings.deliveries_max} times"
        dead = Outcome(AttemptStatus.DEAD, reason, swarm.import_landing)
        return Work(_landed_after_all(problem, turn, clock) or dead)
    try:
        return _turn(order, swarm, problem, turn, grant, is_over)
    except Exception as error:  # noqa: BLE001 - the edge of the process: a report says what happened
        outcome = _landed_after_all(problem, turn, clock)
        return Work(outcome or _broken_off(error, swarm, is_over=is_over()))


def _landed_after_all(problem: Problem[Any, Any, Any], turn: Turn, clock: Clock) -> Outcome | None:
    """Return what a turn that raised, or whose workers died, had landed; None if nothing.

    Waits for a server that is away, but not for ever: then it raises, nothing is reported, and the
    order is sent again when it is overdue.
    """
    for pauses_left in reversed(range(OUTAGE_PAUSES_MAX)):
        try:
            return problem.landed_before(turn)
        except _OUTAGES:
            if not pauses_left:
                raise
            clock.sleep(OUTAGE_PAUSE_SECONDS)
        except SandboxError:
            return None
    return None


def _broken_off(error: Exception, swarm: SwarmParts, *, is_over: bool) -> Outcome:
    """Return the outcome of a turn that raised and landed nothing."""
    status, reason = AttemptStatus.CANCELLED, "the swarm ended while it ran"
    if isinstance(error, _OUTAGES):
        reason = f"broken off: {error}"
    elif not is_over:
        _LOG.error("an attempt failed", exc_info=error)
        status, reason = AttemptStatus.FAILED, f"{type(error).__name__}: {error}"
    return Outcome(status, reason[:500], swarm.import_landing)


def _turn(
    order: AttemptOrder,
    swarm: SwarmParts,
    problem: Problem[Any, Any, Any],
    turn: Turn,
    grant: Grant,
    is_over: Callable[[], bool],
) -> Work:
    # Asked of every turn, not only of repeated ones: a Redis that lost its data forgets those too,
    # and one that landed and died before its report says so even if its swarm has ended since.
    landed = problem.landed_before(turn)
    if landed is not None:
        return Work(landed)
    if grant.is_swarm_over:
        reason = "the swarm had ended before it started"
        return Work(Outcome(AttemptStatus.CANCELLED, reason, swarm.import_landing))
    if order.kind is AgentKind.BASELINE:
        return Work(problem.measure())
    agent = swarm.agent(order)
    with problem.look() as view:
        candidates = agent.propose(view, turn)
        evaluation = problem.evaluate(view, candidates, is_over)
        problem.share(evaluation)
        return Work(problem.land(view, evaluation, turn), evaluation)
