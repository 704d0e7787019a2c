"""What follows where a box and a line meet.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence

from swarm_workers.agents.sudoku.grid import BOXES, COLUMNS, ROWS, SINGLES, Grid, ruled_out

_CROSSINGS = [
    (frozenset(box) & frozenset(line), frozenset(box), frozenset(line))
    for box in BOXES
    for line in ROWS + COLUMNS
    if frozenset(box) & frozenset(line)
]


def pointing(grid: Grid) -> int:
    """Return what follows where a digit of a box, or of a line, is held to the cells of both.

    A digit whose places in a box are all on one line is nowhere else on that line (pointing pairs);
    one whose places on a line are all in one box is nowhere else in that box.
    """
    facts = 0
    for both, box, line in _CROSSINGS:
        shared = _union(grid, both)
        in_box, on_line = _union(grid, box - both), _union(grid, line - both)
        for cell in line - both:
            facts |= ruled_out(cell, shared & ~in_box)
        for cell in box - both:
            facts |= ruled_out(cell, shared & ~on_line)
    return facts


def x_wing(grid: Grid) -> int:
    """Return what follows where a digit has the same two places on two parallel lines."""
    return _x_wing(grid, ROWS, COLUMNS) | _x_wing(grid, COLUMNS, ROWS)


def _x_wing(grid: Grid, lines: Sequence[Sequence[int]], across: Sequence[Sequence[int]]) -> int:
    facts = 0
    for digit in SINGLES:
        by_places: dict[tuple[int, ...], list[int]] = {}
        for index, line in enumerate(lines):
            places = tuple(at for at, cell in enumerate(line) if grid.masks[cell] & digit)
            if len(places) == 2:
                by_places.setdefault(places, []).append(index)
        for places, pair in by_places.items():
            if len(pair) == 2:
                others = (
                    cell for at in places for i, cell in enumerate(across[at]) if i not in pair
                )
                for cell in others:
                    facts |= ruled_out(cell, digit)
    return facts


def _union(grid: Grid, cells: frozenset[int]) -> int:
    union = 0
    for cell in cells:
        union |= grid.masks[cell]
    return union
