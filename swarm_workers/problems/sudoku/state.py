"""The transactional variables of a Sudoku: what its agents share, and nothing else.

| variable | type | meaning |
|---|---|---|
| `<part>epoch` | TVar[Epoch] | which sets are in force, and who has been expelled |
| `<part>moves/<epoch>` | set of Move | candidates ruled out, on which guesses, by whom |
| `<part>splits/<epoch>` | set of Split | branches that go on as one for each digit of a cell |
| `<part>refuted/<epoch>` | set of Move | those of branches that are refuted, for an audit |
| `<part>dry/<epoch>` | set of Dry | rules that conclude nothing, and from which state |
| `<part>claims` | set of Claim | which branch each agent is thinking about |
| `<part>grid` | set of Filled | the digits found without any guess; their number is its size |
| `board` | set of Move | what agents tell who share only digits, or only candidates |
| `quiet` | map of int | parts where nothing moves, and how much of the board they knew |

`<part>` is empty where all agents share, and `<agent>/` where each is alone.

Why so: one variable a cell, or one a unit, would make agents conflict that find out different
things about the same cells; a set conflicts with nothing that is added to it. So telling reads
nothing but the epoch; a cell that two have filled in is in the set once, so the number of cells
solved is right without anybody counting. A look reads every set, in one flight; what it misses is
at worst found twice. Claims keep two agents from thinking about one branch; they are hints, so one
that a dead worker left costs little.

All methods run inside `stm.atomically`.
"""

from collections.abc import Iterable

from swarm_workers.agents.sudoku.view import Path, Split
from swarm_workers.problems.sudoku.records import Claim, Dry, Epoch, Filled, Move
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.problems.sudoku.tree import Branch
from swarm_workers.stm import Stm, TMap, TSet, TVar


class SudokuState:
    """The variables of one part of a swarm."""

    def __init__(self, stm: Stm, part: str = "") -> None:
        """Name the variables; nothing is read or written."""
        self.stm = stm
        self.part = part
        self.epoch: TVar[Epoch] = stm.var(f"{part}epoch", Epoch, default=Epoch())
        self.claims: TSet[Claim] = stm.set(f"{part}claims", Claim)
        self.grid: TSet[Filled] = stm.set(f"{part}grid", Filled)
        self.board: TSet[Move] = stm.set("board", Move)
        self.quiet: TMap[int] = stm.map("quiet", int)

    def moves(self, epoch: int) -> TSet[Move]:
        """Return what was concluded in an epoch."""
        return self.stm.set(f"{self.part}moves/{epoch}", Move)

    def refuted(self, epoch: int) -> TSet[Move]:
        """Return what was concluded in branches of an epoch that are refuted."""
        return self.stm.set(f"{self.part}refuted/{epoch}", Move)

    def splits(self, epoch: int) -> TSet[Split]:
        """Return the branches that were split in an epoch."""
        return self.stm.set(f"{self.part}splits/{epoch}", Split)

    def dry(self, epoch: int) -> TSet[Dry]:
        """Return what was found to be dry in an epoch."""
        return self.stm.set(f"{self.part}dry/{epoch}", Dry)

    def standing(self, clues: str, has_board: bool) -> Standing:  # noqa: FBT001 - through atomically
        """Return where the work stands, but for who is where."""
        epoch = self.epoch.get()
        return Standing(
            clues,
            epoch,
            self.moves(epoch.number).members(),
            self.splits(epoch.number).members(),
            self.dry(epoch.number).members(),
            board=self.board.members() if has_board else frozenset(),
        )

    def claim(self, standing: Standing, index: int) -> list[Branch]:
        """Claim branches for an agent, and return them. Agents claim one after the other.

        While there is one branch alone, there is nothing to choose, and nothing is claimed.
        """
        if len(standing.tree.leaves) == 1:
            return standing.tree.leaves
        claims = self.claims.members()
        branches = standing.branches_for(index, claims)
        self.release(index, claims)
        for branch in branches:
            self.claims.add(Claim(index, branch.path))
        return branches

    def release(self, index: int, claims: frozenset[Claim]) -> None:
        """Give up what this agent has claimed, be it in a turn that broke off."""
        for claim in claims:
            if claim.by == index:
                self.claims.remove(claim)

    def prune(self, standing: Standing, dead: Path) -> None:
        """Take a refuted branch out of what a look reads."""
        number, length = standing.epoch.number, len(dead)
        for move in standing.moves:
            if move.path[:length] == dead:
                self.moves(number).remove(move)
                self.refuted(number).add(move)
        for split in standing.splits:
            if split.path[:length] == dead:
                self.splits(number).remove(split)
        for note in standing.dry_notes:
            if note.path[:length] == dead:
                self.dry(number).remove(note)

    def every_move(self, epoch: int) -> frozenset[Move]:
        """Return all moves of an epoch, those of refuted branches included."""
        return self.moves(epoch).members() | self.refuted(epoch).members()

    def solved(self) -> int:
        """Return how many cells are filled in, the clues left out."""
        return len({filled.cell for filled in self.grid.members()})

    def fill(self, cells: Iterable[Filled]) -> None:
        """Put digits into the grid. What is there already stays as it is."""
        for filled in cells:
            self.grid.add(filled)

    def empty(self, keep: frozenset[Filled]) -> None:
        """Take digits out of the grid again, but not those to keep."""
        for filled in self.grid.members() - keep:
            self.grid.remove(filled)
