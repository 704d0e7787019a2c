"""The strategies by name, the cheapest first, and what they conclude together.

Law: a strategy never rules out a digit of a solution of the grid that it is given.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Callable, Iterable, Mapping

from swarm_workers.agents.sudoku.grid import BOXES, COLUMNS, ROWS, Grid
from swarm_workers.agents.sudoku.strategies.lines import pointing, x_wing
from swarm_workers.agents.sudoku.strategies.pairs import hidden_pairs, naked_pairs
from swarm_workers.agents.sudoku.strategies.singles import hidden_singles, once_in

SEARCH = "search"
"""Not a rule but a guess: a fork of the state, which is discarded on a contradiction."""
RULES: Mapping[str, Callable[[Grid], int]] = {
    "row": once_in(ROWS),
    "column": once_in(COLUMNS),
    "box": once_in(BOXES),
    "naked pairs": naked_pairs,
    "hidden singles": hidden_singles,
    "hidden pairs": hidden_pairs,
    "pointing pairs": pointing,
    "x-wing": x_wing,
}
NAMED = ("row", "column", "box", "naked pairs")
"""The four that solve easy puzzles; others end stuck with these alone."""
STRATEGIES = (*RULES, SEARCH)


def conclusions(name: str, grid: Grid) -> int:
    """Return the facts that a rule concludes and that are not known yet; 0 if there are none."""
    return RULES[name](grid) & ~grid.known


def closure(grid: Grid, names: Iterable[str] = tuple(RULES)) -> Grid:
    """Return the grid with all that these rules conclude, again and again."""
    rules = tuple(names)
    while not grid.is_contradictory:
        facts = 0
        for name in rules:
            facts = conclusions(name, grid)
            if facts:
                grid = grid.with_facts(facts)
                break
        if not facts:
            break
    return grid
