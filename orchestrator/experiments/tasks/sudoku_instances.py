"""The puzzles that agents are compared on, and what the name of an instance may say beside one.

`PUZZLE[@STEPS][:named][:specialists]`, such as `hidden-7@1:named`. Pure: no I/O, no clock, no
chance.
"""

from dataclasses import dataclass

from orchestrator.errors import UsageError
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.errors import PuzzleError
from swarm_workers.problems.sudoku.grading import RULES_OF, Grade
from swarm_workers.problems.sudoku.reading import read_puzzle

STEPS_MAX = 96
"""Strategies that an agent applies before it tells the others: some 15 ms of thinking.

To claim a turn, to look and to settle take some 3 ms together. With 64 steps, 10 ms of thinking,
that was a fifth of an agent's time; with more it is less, but what others know comes later."""
QUICK = ("platinum-blonde", "inkala-2012")
FULL = (
    "platinum-blonde", "inkala-2012", "ai-escargot", "golden-nugget", "fata-morgana", "seventeen-3",
)  # fmt: skip
"""Published hard ones, which take many guesses; and one with 17 clues that the rules alone solve.
That one takes any agent one turn, so there is nothing to share and a swarm cannot win: a set in
which sharing has always something to give would answer the question by its choice."""
_NAMED = "named"  #: Only the four strategies with names of their own; nobody guesses.
_SPECIALISTS = "specialists"  #: An agent for each strategy, dealt out in turn.
_SUFFIXES = (_NAMED, _SPECIALISTS)


@dataclass(frozen=True, slots=True)
class Instance:
    """What the name of an instance says."""

    clues: str
    """81 characters, `.` for an empty cell."""
    steps_max: int = STEPS_MAX
    strategies: tuple[str, ...] = ()
    """Empty means all."""
    is_specialized: bool = False


def instance_named(text: str) -> Instance:
    """Return what the name of an instance says.

    Raises:
        UsageError: there is no such puzzle, or what follows its name is unknown.
    """
    puzzle, *suffixes = text.split(":")
    for suffix in suffixes:
        if suffix not in _SUFFIXES:
            raise UsageError(
                f"'{suffix}' in '{text}' is unknown; say :{' or :'.join(_SUFFIXES)} after a puzzle"
            )
    name, _, steps = puzzle.partition("@")
    if steps and not (steps.isdecimal() and int(steps)):
        raise UsageError(f"'{steps}' in '{text}' is no number of steps; say for example @64")
    return Instance(
        clues=_clues_of(name),
        steps_max=int(steps or STEPS_MAX),
        strategies=RULES_OF[Grade.NAMED] if _NAMED in suffixes else (),
        is_specialized=_SPECIALISTS in suffixes,
    )


def _clues_of(name: str) -> str:
    """Return the clues of a puzzle by its name, or from its text.

    Raises:
        UsageError: there is no such puzzle, or what is wrong with the one given.
    """
    known = collection().get(name)
    if known is not None:
        return known.clues
    if not any(char in ".0|" for char in name):
        raise UsageError(f"there is no puzzle '{name}'; say for example '{FULL[0]}'")
    try:
        return read_puzzle(name)
    except PuzzleError as error:
        raise UsageError(str(error)) from error
