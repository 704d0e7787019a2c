"""What follows from two cells of a unit that share two digits.

Pure: no I/O, no clock, no chance.
"""

from itertools import combinations

from swarm_workers.agents.sudoku.grid import ALL, SINGLES, UNITS, Grid, ruled_out


def naked_pairs(grid: Grid) -> int:
    """Return what follows where two cells have the same two digits left: no other cell has them."""
    facts = 0
    for unit in UNITS:
        twos = [cell for cell in unit if grid.masks[cell].bit_count() == 2]
        for one, other in combinations(twos, 2):
            if grid.masks[one] == grid.masks[other]:
                for cell in unit:
                    if cell not in (one, other):
                        facts |= ruled_out(cell, grid.masks[one])
    return facts


def hidden_pairs(grid: Grid) -> int:
    """Return what follows where two digits have the same two places: nothing else is there."""
    facts = 0
    for unit in UNITS:
        places = {digit: [c for c in unit if grid.masks[c] & digit] for digit in SINGLES}
        twos = [digit for digit, cells in places.items() if len(cells) == 2]
        for one, other in combinations(twos, 2):
            if places[one] == places[other]:
                for cell in places[one]:
                    facts |= ruled_out(cell, ALL ^ (one | other))
    return facts
