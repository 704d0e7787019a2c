"""The transactional variables of a Sudoku: what its agents share, and nothing else.

| variable | type | meaning |
|---|---|---|
| `<part>trail` | TVar[Trail] | the layers that make up the present state |
| `<part>moves/<layer>` | set of Move | candidates ruled out there, by whom, and why |
| `<part>dry/<layer>` | set of Dry | rules that concluded nothing there, and from how many facts |
| `<part>grid` | map of Filled | the digits found, by cell, without any guess |
| `<part>solved` | counter | how many these are |
| `board` | set of Move | what agents tell who share only digits, or only candidates |
| `quiet` | map of int | parts where nothing moves, and how much of the board they knew |

`<part>` is empty where all agents share, and `<agent>/` where each is alone.

Why so: one variable a cell, or one a unit, would make agents conflict that find out different
things about the same cells; a set conflicts with nothing that is added to it. So a share reads the
trail alone, which changes only with a guess, and the cells that it fills in, so that each is
counted once. A look reads every set, in one flight. What it misses is at worst found twice.

All methods run inside `stm.atomically`.
"""

from collections.abc import Mapping

from swarm_workers.problems.sudoku.records import Dry, Filled, Move, Trail
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.stm import Stm, TMap, TSet, TVar


class SudokuState:
    """The variables of one part of a swarm."""

    def __init__(self, stm: Stm, part: str = "") -> None:
        """Name the variables; nothing is read or written."""
        self.stm = stm
        self.part = part
        self.trail: TVar[Trail] = stm.var(f"{part}trail", Trail, default=Trail())
        self.grid: TMap[Filled] = stm.map(f"{part}grid", Filled)
        self.solved = stm.counter(f"{part}solved")
        self.board: TSet[Move] = stm.set("board", Move)
        self.quiet: TMap[int] = stm.map("quiet", int)

    def moves(self, layer: int) -> TSet[Move]:
        """Return the moves of a layer."""
        return self.stm.set(f"{self.part}moves/{layer}", Move)

    def dry(self, layer: int) -> TSet[Dry]:
        """Return what is known to be dry in a layer."""
        return self.stm.set(f"{self.part}dry/{layer}", Dry)

    def standing(self, clues: str, has_board: bool) -> Standing:  # noqa: FBT001 - through atomically
        """Return where the work stands."""
        trail = self.trail.get()
        layers = {layer: self.moves(layer).members() for layer in trail.layers}
        dry = self.dry(trail.layers[-1]).members()
        board: frozenset[Move] = self.board.members() if has_board else frozenset()
        return Standing(clues, trail, layers, dry, board)

    def all_layers(self) -> dict[int, frozenset[Move]]:
        """Return the moves of every layer that was ever opened, for an audit."""
        last = self.trail.get().opened
        return {layer: self.moves(layer).members() for layer in range(last + 1)}

    def fill(self, cells: dict[int, Filled]) -> None:
        """Put digits into the grid that are not there yet, and count them: each once."""
        for cell, filled in cells.items():
            if self.grid.get(str(cell)) is None:
                self.grid.put(str(cell), filled)
                self.solved.add(1)

    def empty(self, keep: Mapping[int, int]) -> None:
        """Take digits out of the grid again, but not those to keep, by cell."""
        for cell, filled in self.grid.items().items():
            if keep.get(int(cell)) != filled.digit:
                self.grid.remove(cell)
                self.solved.add(-1)
