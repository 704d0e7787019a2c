"""What follows from one cell or one place: a digit once in each unit, in each unit every digit.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Callable, Sequence

from swarm_workers.agents.sudoku.grid import ALL, SINGLES, UNITS, Grid, ruled_out


def once_in(units: Sequence[Sequence[int]]) -> Callable[[Grid], int]:
    """Return the strategy of the rows, columns or boxes: a solved cell's digit is its alone."""

    def facts_of(grid: Grid) -> int:
        facts = 0
        for unit in units:
            for solved in unit:
                mask = grid.masks[solved]
                if mask in SINGLES:
                    for cell in unit:
                        if cell != solved:
                            facts |= ruled_out(cell, mask)
        return facts

    return facts_of


def hidden_singles(grid: Grid) -> int:
    """Return what follows where a digit has one place left in a unit: it is there."""
    facts = 0
    for unit in UNITS:
        once, twice = 0, 0
        for cell in unit:
            twice |= once & grid.masks[cell]
            once |= grid.masks[cell]
        for cell in unit:
            digit = grid.masks[cell] & once & ~twice
            if digit:
                facts |= ruled_out(cell, ALL ^ (digit & -digit))
    return facts
