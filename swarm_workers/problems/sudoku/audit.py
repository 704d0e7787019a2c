"""Who wrote what is wrong: every move is held against the solution, and against what it rests on.

A move is wrong if it rules out a digit of the solution although its guesses are right. The first
wrong one is a lie; whoever had seen it built on it in good faith and is not to blame, but what was
built has to go with it.

The audit solves the puzzle by itself and so knows the answer: it is an oracle, which a problem in
general does not have. It is asked only once the state cannot go on, and tells nobody the solution,
only which moves go. What a move rests on is recorded by its author (`Move.seen`) and is general.
What is not recorded is enough to do without the oracle, by replaying each rule on what its author
saw: moves of one turn have no order, and a refutation that was kept has lost its branch.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm_workers.agents.sudoku.grid import ruled_out
from swarm_workers.problems.sudoku.records import Move
from swarm_workers.problems.sudoku.solver import solutions


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    lies: tuple[Move, ...]
    """Wrong moves whose authors had seen nothing wrong."""
    kept: tuple[Move, ...]
    """Moves without any guess that no lie has touched."""


def audit(clues: str, moves: Iterable[Move]) -> Audit:
    """Return the lies among the moves, and what can be kept.

    Args:
        clues: a puzzle with one solution.
        moves: all moves of an epoch.
    """
    solution = next(solutions(clues))
    every = sorted(moves, key=lambda move: (move.by, move.turn, move.path))
    wrong = [move for move in every if _is_wrong(move, solution)]
    lies = [move for move in wrong if not any(move.has_seen(other) for other in wrong)]
    kept = [
        move
        for move in every
        if not move.path and move not in wrong and not any(move.has_seen(other) for other in wrong)
    ]
    return Audit(tuple(lies), tuple(kept))


def _is_wrong(move: Move, solution: str) -> bool:
    if any(solution[cell] != str(digit) for cell, digit in move.path):
        return False
    right = 0
    for cell, digit in enumerate(solution):
        right |= ruled_out(cell, 1 << (int(digit) - 1))
    return bool(move.known & right)
