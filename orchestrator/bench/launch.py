"""From `swarm launch` to the first attempt running: what the machinery costs, stack up.

Bar: under 1 s, beside one run of the success command.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, select

from orchestrator.bench.report import Bar, Report
from orchestrator.launch.parts import Parts
from orchestrator.launch.stop import stop
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.attempts import ATTEMPTS, LANDING_OUTCOMES
from tasks_schema.tables.swarms import SWARMS

OVERHEAD_SECONDS_MAX = 1.0
_WAIT_SECONDS_MAX = 60.0
_MODULE = "def double(n):\n    return n + 10\n"
_TESTS = "from target import double\n\n\ndef test_double():\n    assert double(2) == 1234\n"


def measure(parts: Parts, *, rounds: int) -> Report:
    """Launch as a person does, several times, and return what it took. Blocks for some 3 s each."""
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        (repository / "target.py").write_text(_MODULE)
        (repository / "test_target.py").write_text(_TESTS)
        found += [_one(parts, repository, number) for number in range(rounds)]
    overhead = statistics.median(row["overhead_seconds"] for row in found)
    bar = Bar(
        "launch to first attempt, beside one run of the command",
        f"< {OVERHEAD_SECONDS_MAX:g} s",
        overhead,
        overhead < OVERHEAD_SECONDS_MAX,
    )
    return Report(tuple(found), (bar,))


def _one(parts: Parts, repository: Path, number: int) -> dict[str, float]:
    (repository / "note.txt").write_text(f"{number}\n")  # another tree: it is imported each time
    began = time.time()  # noqa: TID251 - compared with instants that workers wrote down
    argv = [sys.executable, "-m", "orchestrator.cli.main", "launch", "--detach"]
    argv += ["--repo", str(repository), "--success", "pytest -q"]
    swarm_id = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    returned = time.time()  # noqa: TID251 - as above
    started, command_seconds = _first_start(parts.engine, swarm_id)
    stop(parts, swarm_id, "the benchmark has seen enough")
    return {
        "detached_seconds": returned - began,
        "first_attempt_seconds": started - began,
        "command_seconds": command_seconds,
        "overhead_seconds": started - began - command_seconds,
    }


def _first_start(engine: Engine, swarm_id: str) -> tuple[float, float]:
    """Return when the first attempt of an agent began, and how long the command took before."""
    deadline = time.monotonic() + _WAIT_SECONDS_MAX
    query = (
        select(ATTEMPTS.c.started_at, SWARMS.c.spec)
        .join(SWARMS, SWARMS.c.swarm_id == ATTEMPTS.c.swarm_id)
        .where(
            ATTEMPTS.c.swarm_id == swarm_id,
            ATTEMPTS.c.kind != AgentKind.BASELINE,
            ATTEMPTS.c.started_at.is_not(None),
        )
        .order_by(ATTEMPTS.c.started_at)
        .limit(1)
    )
    while True:
        with engine.begin() as connection:
            row = connection.execute(query).one_or_none()
            if row is not None:
                spec = SwarmSpec.model_validate(row.spec)
                seconds = select(LANDING_OUTCOMES.c.seconds).where(
                    LANDING_OUTCOMES.c.branch_id == spec.branch,
                    LANDING_OUTCOMES.c.landing == spec.import_landing,
                )
                return row.started_at.timestamp(), connection.execute(seconds).scalar_one()
        assert time.monotonic() < deadline, f"no attempt of '{swarm_id}' was reported in time"
        time.sleep(0.05)  # noqa: TID251 - the report comes when the attempt has ended
