"""A turn's worth of thinking: rules for as long as they move, then guesses, depth first.

A guess splits a branch: each digit of a cell is one of its own. The agent goes on with one of them;
what it leaves open others can take up. A branch that contradicts itself refutes its guess, which is
known to the branch before from then on.

No I/O, no clock; chance comes from the view.
"""

import random
from dataclasses import dataclass, field

from swarm_workers.agents.sudoku.grid import Grid, placed, ruled_out
from swarm_workers.agents.sudoku.strategies.catalogue import RULES, SEARCH, conclusions
from swarm_workers.agents.sudoku.view import (
    Conclusion,
    DryRules,
    Path,
    Split,
    SudokuView,
    Thought,
    is_quiescent,
)

SEVERAL = "several"


@dataclass
class _Branch:
    """A branch that is being thought about. Not frozen: it grows."""

    path: Path
    grid: Grid
    dry: set[str] = field(default_factory=set)
    facts: int = 0
    strategies: set[str] = field(default_factory=set)
    split_on: int | None = None
    """The cell whose digits are its branches; None if it has none."""
    first: int = 0
    """With which of these digits to begin."""

    def learn(self, strategy: str, facts: int) -> None:
        self.grid = self.grid.with_facts(facts)
        self.facts |= facts
        self.strategies.add(strategy)
        self.dry.clear()


class Thinking:
    """One agent at one view."""

    def __init__(self, view: SudokuView, turn: int) -> None:
        """Stand at the branch of the view."""
        self._view = view
        self._rules = [name for name in view.own if name in RULES]
        self._next = view.index + turn
        self._open = [_Branch(view.path, view.grid, set(view.dry))]
        self._spare = list(view.spare)
        self._steps = 0
        self._splits: list[Split] = []
        self._above: list[Conclusion] = []
        self._solution: Grid | None = None

    def think(self) -> Thought:
        """Apply strategies until the turn's are used up, or there is nothing more to do."""
        while self._open and self._solution is None:
            branch = self._open[-1]
            if branch.grid.is_contradictory:
                self._refute(branch)
            elif branch.grid.is_solved:
                self._solution = branch.grid
            elif branch.split_on is not None and len(branch.grid.digits(branch.split_on)) > 1:
                self._descend(branch, branch.split_on)
            elif self._steps == self._view.steps_max or not self._step(branch):
                break
        return self._thought()

    def _refute(self, branch: _Branch) -> None:
        """Leave a branch that contradicts itself; what it rests on learns that the guess is wrong.

        What was found out in it is of no use to anybody, unless it rests on no guess: that it is
        doomed is for all to see.
        """
        if not branch.path:
            self._above.extend(_conclusion(branch))
            self._open.clear()
            return
        self._open.pop()
        cell, digit = branch.path[-1]
        wrong = ruled_out(cell, 1 << (digit - 1))
        if self._open:
            self._open[-1].learn(SEARCH, wrong)
        else:
            self._above.append(Conclusion(branch.path[:-1], SEARCH, wrong))
            if self._spare and self._steps < self._view.steps_max:
                self._open.append(_Branch(*self._spare.pop(0)))

    def _descend(self, branch: _Branch, cell: int) -> None:
        digits = branch.grid.digits(cell)
        digit = digits[(branch.first + self._view.index) % len(digits)]
        grid = branch.grid.with_facts(placed(cell, digit))
        self._open.append(_Branch((*branch.path, (cell, digit)), grid))

    def _step(self, branch: _Branch) -> bool:
        """Apply one strategy; say whether there was one to apply."""
        name = self._chosen(branch)
        if name is None:
            return False
        self._steps += 1
        if name == SEARCH:
            self._split(branch)
            return True
        facts = conclusions(name, branch.grid)
        if facts:
            branch.learn(name, facts)
        else:
            branch.dry.add(name)
        return True

    def _split(self, branch: _Branch) -> None:
        """Guess on a cell with the fewest candidates; chance decides among equals."""
        chance = random.Random(f"{self._view.draw}/{branch.grid.known:x}")  # noqa: S311 - can be replayed
        branch.split_on = chance.choice(fewest_candidates(branch.grid))
        branch.first = chance.randrange(9)
        self._splits.append(Split(branch.path, branch.split_on))

    def _chosen(self, branch: _Branch) -> str | None:
        """Return the next rule in the round that is not dry; a guess if nothing else moves."""
        for _ in self._rules:
            name = self._rules[self._next % len(self._rules)]
            self._next += 1
            if name not in branch.dry:
                return name
        is_time = is_quiescent(branch.dry, self._view.in_play)
        return SEARCH if SEARCH in self._view.own and is_time else None

    def _thought(self) -> Thought:
        told = [each for branch in self._open for each in _conclusion(branch)]
        last = self._open[-1] if self._open else None
        is_open = last is not None and last.split_on is None and self._solution is None
        dry = None
        if last is not None and is_open and last.dry:
            dry = DryRules(last.path, last.grid, frozenset(last.dry))
        kept = {branch.path for branch in self._open}
        return Thought(
            steps=self._steps,
            conclusions=(*self._above, *told),
            splits=tuple(each for each in self._splits if each.path in kept),
            dry=dry,
            solution=self._solution,
            is_doomed=self._view.grid.is_contradictory and not self._view.path,
        )


def _conclusion(branch: _Branch) -> list[Conclusion]:
    """Return what was found out of a branch, if anything."""
    if not branch.facts:
        return []
    strategy = branch.strategies.pop() if len(branch.strategies) == 1 else SEVERAL
    return [Conclusion(branch.path, strategy, branch.facts)]


def fewest_candidates(grid: Grid) -> tuple[int, ...]:
    """Return the unsolved cells that have the fewest digits left, in order."""
    left = [(mask.bit_count(), cell) for cell, mask in enumerate(grid.masks)]
    fewest = min((count for count, _ in left if count > 1), default=0)
    return tuple(cell for count, cell in left if count == fewest)
