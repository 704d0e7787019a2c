"""A Sudoku grid as a value: which digits have been ruled out in which cell.

All that is ever learned of a grid is of one form, *this cell is not that digit*: a *fact*. A cell
is solved when one digit is left for it, so a digit that is placed is eight facts. Facts are the
bits of one number: joining what two agents know is `|`, in any order (commutative, idempotent).

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

CELLS = range(81)
DIGITS = range(1, 10)
ALL = 0b1_1111_1111
"""The mask of a cell for which nothing is ruled out: bit 0 is the digit 1."""
FACT_BITS = 81 * 9
SINGLES = {1 << (digit - 1): digit for digit in DIGITS}
"""The digit of a mask that holds just one."""

ROWS = tuple(tuple(range(9 * row, 9 * row + 9)) for row in range(9))
COLUMNS = tuple(tuple(range(column, 81, 9)) for column in range(9))
BOXES = tuple(
    tuple(
        27 * (box // 3) + 3 * (box % 3) + 9 * row + column
        for row in range(3)
        for column in range(3)
    )
    for box in range(9)
)
UNITS = ROWS + COLUMNS + BOXES
UNITS_OF = tuple(tuple(unit for unit in UNITS if cell in unit) for cell in CELLS)
PEERS = tuple(
    tuple(sorted({other for unit in UNITS_OF[cell] for other in unit} - {cell})) for cell in CELLS
)


def cell_name(cell: int) -> str:
    """Return the name of a cell by its row and column, for example `r1c9`."""
    return f"r{cell // 9 + 1}c{cell % 9 + 1}"


def ruled_out(cell: int, mask: int) -> int:
    """Return the facts that a cell is none of the digits in the mask."""
    return mask << (9 * cell)


def placed(cell: int, digit: int) -> int:
    """Return the facts that say that a cell is this digit: that it is none of the others."""
    return ruled_out(cell, ALL ^ (1 << (digit - 1)))


@dataclass(frozen=True)
class Grid:
    """What is known of a puzzle."""

    known: int
    """The facts: bit `9 · cell + digit - 1` says that the cell is not the digit."""

    @classmethod
    def of_clues(cls, clues: str) -> "Grid":
        """Return what 81 characters say: digits 1 to 9, and `.` where nothing is given."""
        assert len(clues) == 81, f"{len(clues)} characters are not a grid"
        return cls.joined(placed(cell, int(char)) for cell, char in enumerate(clues) if char != ".")

    @classmethod
    def joined(cls, parts: Iterable[int]) -> "Grid":
        """Return what is known from several sets of facts together."""
        known = 0
        for facts in parts:
            known |= facts
        return cls(known)

    def with_facts(self, facts: int) -> "Grid":
        """Return the grid with more facts."""
        return self if facts & ~self.known == 0 else Grid(self.known | facts)

    @property
    def generation(self) -> int:
        """How many facts are known. They only grow, so this tells states of one grid apart."""
        return self.known.bit_count()

    @cached_property
    def masks(self) -> tuple[int, ...]:
        """For each cell the digits that are left, as bits."""
        return tuple(ALL & ~(self.known >> shift) for shift in range(0, FACT_BITS, 9))

    @cached_property
    def solved_cells(self) -> frozenset[int]:
        """The cells for which one digit is left."""
        return frozenset(cell for cell, mask in enumerate(self.masks) if mask in SINGLES)

    @cached_property
    def is_contradictory(self) -> bool:
        """Say whether no solution can be had: a cell has no digit left, or a unit no cell."""
        if 0 in self.masks:
            return True
        return any(_is_broken([self.masks[cell] for cell in unit]) for unit in UNITS)

    @property
    def is_solved(self) -> bool:
        """Say whether every cell has one digit, and every unit each digit once."""
        return len(self.solved_cells) == 81 and not self.is_contradictory

    def digits(self, cell: int) -> tuple[int, ...]:
        """Return the digits that are left for a cell."""
        return tuple(digit for bit, digit in SINGLES.items() if self.masks[cell] & bit)

    def text(self) -> str:
        """Return 81 characters: the digit of each solved cell, `.` for the others."""
        return "".join(str(SINGLES.get(mask, ".")) for mask in self.masks)


def named_facts(facts: int) -> Iterator[tuple[int, int]]:
    """Yield each fact as the cell and the digit that it is not."""
    while facts:
        lowest = facts & -facts
        cell, digit = divmod(lowest.bit_length() - 1, 9)
        yield cell, digit + 1
        facts ^= lowest


def _is_broken(masks: list[int]) -> bool:
    """Say whether a unit lacks a place for a digit, or has one digit in two cells."""
    union, singles = 0, 0
    for mask in masks:
        union |= mask
        if mask in SINGLES:
            if singles & mask:
                return True
            singles |= mask
    return union != ALL
