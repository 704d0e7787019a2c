"""Sudoku as an experiment: which puzzles, how large a run, and what came of it.

The agents are the same in every mode: each knows every strategy and goes round them, so that one
that is alone can solve what a swarm can. What differs is only whose moves it sees. (Specialists,
who know one strategy each, would make mode `parallel` weak by construction.) What agents say they
have solved is held against the solution, and only what is right counts.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow, Measures, Point
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.errors import PuzzleError
from swarm_workers.problems.sudoku.reading import read_puzzle
from swarm_workers.problems.sudoku.solver import solutions
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask

_STEPS_MAX = 64
"""Strategies that an agent applies before it tells the others: some 10 ms of thinking."""
_QUICK = ("platinum-blonde", "inkala-2012")
_FULL = ("platinum-blonde", "inkala-2012", "ai-escargot", "golden-nugget", "fata-morgana")
"""Published hard ones, which take many guesses: what the rules alone solve takes an agent one turn,
and there is nothing to share. `seventeen-3@1` is such a one, at one strategy a turn."""
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
            f"A turn applies up to {_STEPS_MAX} strategies before others hear of it: so many that "
            "it is work, and not mostly bookkeeping. One agent alone has turns enough for most "
            "puzzles."
        ),
        "A puzzle is the same for all seeds: what a seed draws is the agents' chance.",
    )
    kind = AgentKind.SOLVER

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        """Return the names of the puzzles."""
        return _QUICK if quick else _FULL

    def size(self, *, quick: bool) -> Size:
        """Return a size at which an agent alone has turns enough for most puzzles."""
        return Size(agents=4 if quick else 8, iterations=80)

    def spec(self, instance: str, seed: int, cell: Cell) -> SudokuTask:  # noqa: ARG002 - one puzzle for all seeds
        """Return the task on a puzzle of the collection, or on one that is given as text.

        Either may end in `@` and the number of strategies that a turn may apply.

        Raises:
            UsageError: it is neither.
        """
        name, _, steps = instance.partition("@")
        if steps and not (steps.isdecimal() and int(steps)):
            raise UsageError(
                f"'{steps}' in '{instance}' is no number of steps; say for example @64"
            )
        return SudokuTask(
            description=f"solve the Sudoku {instance}",
            iterations=cell.iterations,
            sharing=cell.sharing,
            round_trip_seconds=cell.round_trip_seconds,
            puzzle=clues_of(name),
            steps_max=int(steps or _STEPS_MAX),
        )

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        """Return what came of a run: the cells that its best agents solved beyond the clues."""
        assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} is no Sudoku"
        given = sum(char not in ".0" for char in spec.task.puzzle)
        clues = spec.task.puzzle.replace("0", ".")
        curve = tuple(_curve(attempts, next(solutions(clues)), given))
        end = curve[-1] if curve and curve[-1].quality == 81 - given else None
        events = Counter(str(each.findings.get("event", "none")) for each in attempts)
        return Measures.along(
            curve,
            attempts,
            end=end,
            evaluations=sum(each.evaluations for each in attempts),
            redundant=_redundant(attempts),
            detail={name: events[name] for name in _EVENTS},
        )


def clues_of(instance: str) -> str:
    """Return the clues of a puzzle by its name, or from its text.

    Raises:
        UsageError: there is no such puzzle, or what is wrong with the one given.
    """
    known = collection().get(instance)
    if known is not None:
        return known.clues
    if not any(char in ".0|" for char in instance):
        raise UsageError(f"there is no puzzle '{instance}'; say for example '{_FULL[0]}'")
    try:
        return read_puzzle(instance)
    except PuzzleError as error:
        raise UsageError(str(error)) from error


def _curve(attempts: Iterable[AttemptRow], solution: str, given: int) -> Iterator[Point]:
    """Yield a point wherever some agent knew more cells than any had before."""
    evaluations, best, began = 0, 0, None
    for each in attempts:
        started = each.ended_seconds - each.seconds
        began = started if began is None else min(began, started)
        evaluations += each.evaluations
        grid = str(each.findings.get("grid", ""))
        cells = sum(one == other for one, other in zip(grid, solution, strict=False)) - given
        if cells > best:
            best = cells
            yield Point(evaluations, each.ended_seconds - began, float(cells))


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
