"""Solutions of a grid by exhaustive search: the proof that a puzzle has one, and only one.

No agent asks it for help: it judges puzzles before they are handed out, and nothing else.

Pure: no I/O, no clock, no chance.
Source: P. Norvig, Solving Every Sudoku Puzzle, 2006, for rippling assignments through the units.
"""

from collections.abc import Callable, Iterator

from swarm_workers.agents.sudoku.grid import ALL, PEERS, SINGLES, UNITS_OF, Grid

Order = Callable[[int], list[int]]
"""The bits of a mask in the order in which to try them."""


def solutions(clues: str, order: Order | None = None) -> Iterator[str]:
    """Yield the solutions of 81 characters, one after the other, each as 81 digits."""
    masks: list[int] | None = [ALL] * 81
    for cell, mask in enumerate(Grid.of_clues(clues).masks):
        if masks is not None and mask in SINGLES:
            masks = _assigned(masks, cell, mask)
    if masks is not None:
        yield from _search(masks, order or _ascending)


def count_solutions(clues: str, *, limit: int = 2) -> int:
    """Return how many solutions there are, but at most the limit."""
    count = 0
    for _ in solutions(clues):
        count += 1
        if count == limit:
            break
    return count


def _search(masks: list[int], order: Order) -> Iterator[str]:
    open_cells = [
        (mask.bit_count(), cell) for cell, mask in enumerate(masks) if mask not in SINGLES
    ]
    if not open_cells:
        yield "".join(str(SINGLES[mask]) for mask in masks)
        return
    _, cell = min(open_cells)
    for bit in order(masks[cell]):
        after = _assigned(list(masks), cell, bit)
        if after is not None:
            yield from _search(after, order)


def _assigned(masks: list[int], cell: int, bit: int) -> list[int] | None:
    """Put a digit in a cell and follow what comes of it, in place; None if nothing fits then."""
    if not masks[cell] & bit:
        return None
    gone = [(cell, other) for other in _ascending(masks[cell] ^ bit)]
    if not gone:
        return masks if masks[cell] == bit else None
    while gone:
        at, digit = gone.pop()
        if not masks[at] & digit:
            continue
        masks[at] ^= digit
        if masks[at] == 0 or not _follow(masks, at, digit, gone):
            return None
    return masks


def _follow(masks: list[int], at: int, digit: int, gone: list[tuple[int, int]]) -> bool:
    """Note what goes next, after this cell lost this digit; False if the digit has no place."""
    if masks[at] in SINGLES:
        gone += [(peer, masks[at]) for peer in PEERS[at] if masks[peer] & masks[at]]
    for unit in UNITS_OF[at]:
        places = [cell for cell in unit if masks[cell] & digit]
        if not places:
            return False
        if len(places) == 1:
            gone += [(places[0], other) for other in _ascending(masks[places[0]] ^ digit)]
    return True


def _ascending(mask: int) -> list[int]:
    return [bit for bit in SINGLES if mask & bit]
