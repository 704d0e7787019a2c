"""The agent of a Sudoku: which of its strategies it applies in a turn.

Which one is the agent's affair, and the same in every mode: it goes round its rules, beginning at
its own index, and passes over those that are known to be dry on this very state. It guesses when
every rule in play is dry. So two agents that look at the same time try different rules, and one
that is alone tries them all.

Its strategies are code of ours, and what they answer is facts, not code: nothing here needs the
sandbox. An agent that answers with code would.
"""

from collections.abc import Iterator

from swarm_workers.agents.sudoku.grid import placed
from swarm_workers.agents.sudoku.thinking import Thinking
from swarm_workers.agents.sudoku.view import Conclusion, SudokuView, Thought
from swarm_workers.protocols import Turn


class SudokuAgent:
    """Applies rules, and guesses where no rule moves. Holds no state between turns."""

    def propose(self, view: SudokuView, turn: Turn) -> Iterator[Thought]:
        """Yield the one thought of this turn."""
        if view.lie is not None and turn.turn < view.lies:
            yield _lie(view, view.lie)
            return
        yield Thinking(view, turn.turn).think()


def _lie(view: SudokuView, wrong: tuple[int, int]) -> Thought:
    """Return a wrong cell, as if a rule had concluded it."""
    facts = placed(*wrong) & ~view.grid.known
    return Thought(1, (Conclusion(view.path, "hidden singles", facts),))
