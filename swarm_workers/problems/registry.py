"""Problems by kind. A new kind of problem takes its seat here."""

from collections.abc import Mapping
from typing import Final

from swarm_workers.problems.code.opening import OpenCode
from swarm_workers.problems.opening import Opener, OpenProblem, Workshop
from swarm_workers.problems.optimization.opening import OpenOptimization
from swarm_workers.problems.research.opening import OpenResearch
from swarm_workers.problems.sudoku.opening import OpenSudoku
from tasks_schema.kinds import ProblemKind
from tasks_schema.messages.swarm import SwarmSpec

OPENERS: Final[Mapping[ProblemKind, Opener]] = {
    ProblemKind.CODE: OpenCode.open,
    ProblemKind.OPTIMIZATION: OpenOptimization,
    ProblemKind.SUDOKU: OpenSudoku,
    ProblemKind.RESEARCH: OpenResearch,
}


def open_problem(spec: SwarmSpec, workshop: Workshop) -> OpenProblem:
    """Return the problem of a swarm, opened in this process.

    Raises:
        LookupError: no worker of this version works on such problems.
    """
    kind = ProblemKind(spec.task.problem)
    if kind not in OPENERS:
        raise LookupError(f"swarm {spec.swarm_id} works on '{kind}', which this worker cannot")
    return OPENERS[kind](spec, workshop)
