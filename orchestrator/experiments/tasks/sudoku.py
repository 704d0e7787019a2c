"""Sudoku as an experiment: which puzzles, how large a run, and what came of it.

The agents are the same in every mode: each knows every strategy and goes round them, so that one
that is alone can solve what a swarm can. What differs is only whose moves it sees. (Specialists,
who know one strategy each, make mode `parallel` weak by construction: they can be asked for, and
are no instance of the set.) What agents say they have solved is held against the solution, and only
what is right counts.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow, Measures, Point, began
from orchestrator.experiments.tasks.sudoku_instances import FULL, QUICK, STEPS_MAX, instance_named
from swarm_workers.problems.sudoku.solver import solutions
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask

_EVENTS = ("moved", "dry", "guessed", "refuted", "late", "idle", "undone")


class SudokuExperiment:
    """Puzzles of the collection by name, or any that is given as text."""

    name = "sudoku"
    quality_name = "cells solved"
    redundant_name = "facts that an agent of the run had told before, on the same guesses"
    goal_name = "all 81 cells are right, held against the only solution, which no agent is shown"
    remarks = (
        (
            "The hard puzzles are published ones that take many guesses. Some were chosen after "
            "the number of steps that they take had been simulated: what the rules alone solve "
            "takes an agent one turn, and there is nothing to share. They say nothing of puzzles "
            "at large."
        ),
        (
            f"A turn applies up to {STEPS_MAX} strategies before others hear of it. With 64, the "
            "first choice, trial runs spent about a fifth of the agents' time on coordination; so "
            "it was raised before these runs, for all modes alike. One agent alone has turns "
            "enough for most puzzles."
        ),
        (
            "`seventeen-3` was taken in because sharing cannot win there: the rules alone solve it "
            "within one turn."
        ),
        "A puzzle is the same for all seeds: what a seed draws is the agents' chance.",
    )
    kind = AgentKind.SOLVER

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        """Return the names of the puzzles."""
        return QUICK if quick else FULL

    def size(self, *, quick: bool) -> Size:
        """Return a size at which an agent alone has turns enough for most puzzles."""
        return Size(agents=4 if quick else 8, iterations=80)

    def spec(self, instance: str, seed: int, cell: Cell) -> SudokuTask:  # noqa: ARG002 - one puzzle for all seeds
        """Return the task on a puzzle of the collection, or on one that is given as text.

        What may follow it says how agents work on it: see `sudoku_instances.py`.

        Raises:
            UsageError: it is neither.
        """
        named = instance_named(instance)
        return SudokuTask(
            description=f"solve the Sudoku {instance}",
            iterations=cell.iterations,
            sharing=cell.sharing,
            round_trip_seconds=cell.round_trip_seconds,
            puzzle=named.clues,
            steps_max=named.steps_max,
            strategies=named.strategies,
            is_specialized=named.is_specialized,
        )

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        """Return what came of a run: the cells that its best agents solved beyond the clues."""
        assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} is no Sudoku"
        given = sum(char not in ".0" for char in spec.task.puzzle)
        clues = spec.task.puzzle.replace("0", ".")
        curve = tuple(_curve(attempts, next(solutions(clues)), given))
        events = Counter(str(each.findings.get("event", "none")) for each in attempts)
        return Measures.along(
            curve,
            attempts,
            goal=81 - given,
            evaluations=sum(each.evaluations for each in attempts),
            redundant=_redundant(attempts),
            detail={name: events[name] for name in _EVENTS},
        )


def _curve(attempts: Sequence[AttemptRow], solution: str, given: int) -> Iterator[Point]:
    """Yield a point wherever some agent knew more cells than any had before."""
    evaluations, best, start = 0, 0, began(attempts)
    for each in attempts:
        evaluations += each.evaluations
        grid = str(each.findings.get("grid", ""))
        cells = sum(one == other for one, other in zip(grid, solution, strict=False)) - given
        if cells > best:
            best = cells
            yield Point(evaluations, each.ended_seconds - start, float(cells))


def _redundant(attempts: Iterable[AttemptRow]) -> float:
    """Return the share of facts that some agent had concluded before, on equal guesses."""
    told: Counter[str] = Counter()
    known: dict[str, int] = {}
    for each in attempts:
        for branch, _, facts in each.findings.get("told", ()):
            told[branch] += int(facts, 16).bit_count()
            known[branch] = known.get(branch, 0) | int(facts, 16)
    total = told.total()
    return 1 - sum(facts.bit_count() for facts in known.values()) / total if total else 0.0


TASK = SudokuExperiment()
