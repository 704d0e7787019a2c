"""Two hundred puzzles, graded, each with its source: from a seed, or published.

`puzzles.txt` has one a line: its name, its grade, 81 characters. The name tells where it is from:
`named-7` is `generate(Grade.NAMED, 7)`; `seventeen-…` is from Gordon Royle's collection of puzzles
with 17 clues, the fewest there can be; the others are known by the name that they were published
under. The head of the file has the sources.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from swarm_workers.problems.sudoku.grading import Grade


@dataclass(frozen=True, slots=True)
class Puzzle:
    """One puzzle of the collection."""

    name: str
    grade: Grade
    clues: str
    """81 characters, `.` for an empty cell."""


@cache
def collection() -> dict[str, Puzzle]:
    """Return the puzzles by name, in the order of the file. Reads it once."""
    text = files("swarm_workers.problems.sudoku").joinpath("puzzles.txt").read_text("utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {name: Puzzle(name, Grade(grade), clues) for name, grade, clues in rows}
