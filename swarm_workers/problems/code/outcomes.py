"""What is known of landings: what the success command said, kept so that it is asked only once."""

import uuid

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from swarm_workers.postgres import transaction
from swarm_workers.problems.code.outcome import CommandOutcome
from tasks_schema.tables.attempts import ATTEMPTS, LANDING_OUTCOMES
from tasks_schema.tables.source import LANDINGS


class LandingOutcomes:
    """Outcomes by landing, in Postgres. Each method blocks for one transaction.

    Raises:
        ServiceUnreachableError: any method, if Postgres does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        """Hold the engine; nothing is read."""
        self._engine = engine

    def find(self, branch: str, landing: int) -> CommandOutcome | None:
        """Return the outcome of a landing; None if nobody measured it."""
        table = LANDING_OUTCOMES.c
        query = select(table.exit_status, table.passed, table.red, table.seconds).where(
            table.branch_id == uuid.UUID(branch), table.landing == landing
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return CommandOutcome(row.exit_status, row.passed, frozenset(row.red), row.seconds)

    def first_from(self, branch: str, landing: int) -> int | None:
        """Return the first landing from this one on whose outcome is known; None if none is."""
        table = LANDING_OUTCOMES.c
        query = select(func.min(table.landing)).where(
            table.branch_id == uuid.UUID(branch), table.landing >= landing
        )
        with transaction(self._engine) as connection:
            found: int | None = connection.execute(query).scalar()
        return found

    def record(self, branch: str, landing: int, outcome: CommandOutcome) -> None:
        """Keep the outcome of a landing; the first one stays."""
        row = {
            "branch_id": uuid.UUID(branch),
            "landing": landing,
            "exit_status": outcome.exit_status,
            "passed": outcome.passed,
            "red": sorted(outcome.red),
            "seconds": outcome.seconds,
        }
        with transaction(self._engine) as connection:
            connection.execute(insert(LANDING_OUTCOMES).values(row).on_conflict_do_nothing())

    def branch_of_agent(self, swarm_id: str, agent: str) -> str | None:
        """Return the branch that an agent landed on last; None if it has not landed."""
        query = (
            select(LANDINGS.c.branch_id)
            .join(ATTEMPTS, ATTEMPTS.c.attempt_id == LANDINGS.c.attempt_id)
            .where(ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.agent_id == agent)
            .order_by(LANDINGS.c.landed_at.desc())
            .limit(1)
        )
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalar()
        return None if found is None else str(found)
