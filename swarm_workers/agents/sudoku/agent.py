"""The agent of a Sudoku: which of its strategies it applies in a turn.

A turn is one application of one strategy to the present state. Which one is the agent's affair,
and the same in every mode: it goes round its rules, beginning at its own index, and passes over
those that are known to be dry on this very state. It guesses when every rule in play is dry. So two
agents that look at the same time try different rules, and one that is alone tries them all.

Its strategies are code of ours, and what they propose is facts, not code: nothing here needs the
sandbox. An agent that answers with code would.
"""

import random
from collections.abc import Iterator

from swarm_workers.agents.sudoku.grid import placed
from swarm_workers.agents.sudoku.strategies.catalogue import RULES, SEARCH, conclusions
from swarm_workers.agents.sudoku.view import Step, SudokuView, fewest_candidates
from swarm_workers.protocols import Turn


class SudokuAgent:
    """Applies rules, and guesses where no rule moves. Holds no state between turns."""

    def propose(self, view: SudokuView, turn: Turn) -> Iterator[Step]:
        """Yield the one step of this turn; nothing if it has to wait for others."""
        if view.is_over:
            return
        if view.lie is not None and turn.turn < view.lies:
            cell, digit = view.lie
            yield Step("hidden singles", placed(cell, digit) & ~view.grid.known)
            return
        name = chosen(view, turn.turn)
        if name == SEARCH:
            yield Step(SEARCH, guess=guessed(view, random.Random(turn.seed)))  # noqa: S311 - chance that can be replayed
        elif name is not None:
            yield Step(name, conclusions(name, view.grid))


def chosen(view: SudokuView, turn: int) -> str | None:
    """Return the strategy to apply; None if all rules of this agent are dry and it cannot guess."""
    rules = [name for name in view.own if name in RULES]
    for step in range(len(rules)):
        name = rules[(view.index + turn + step) % len(rules)]
        if name not in view.dry:
            return name
    return SEARCH if SEARCH in view.own and view.is_quiescent else None


def guessed(view: SudokuView, chance: random.Random) -> tuple[int, int]:
    """Return a cell with the fewest candidates, and one of these: chance decides among equals."""
    cell = chance.choice(fewest_candidates(view.grid))
    return cell, chance.choice(view.grid.digits(cell))
