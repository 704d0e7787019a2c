"""How an operator waits for a Sudoku: blocked in `retry` until it is solved, or at rest.

No polling and no timeout tell that nothing moves: the agent that finds the last rule dry says so in
the transaction that notes it, and whoever waits is woken by that.
"""

from swarm_workers.coordination.records import SwarmState
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.state import SudokuState
from swarm_workers.stm import check


def wait_until_over(
    shared: SharedState, clues: str, *, timeout_seconds: float | None = None
) -> SwarmState:
    """Return how the swarm stands when 81 cells are solved, or when it has ended. Blocks.

    Agents may complete the grid between them while none has seen the whole: then the swarm is still
    running, and the next who looks ends it.

    Args:
        shared: the variables of a swarm whose agents share one part.
        clues: the puzzle.
        timeout_seconds: the longest to wait; None means for as long as it takes.

    Raises:
        TransactionTimeoutError: the time is over.
    """
    state = SudokuState(shared.stm)
    missing = clues.count(".")

    def over() -> SwarmState:
        now = shared.state.get()
        check(now.status.is_final or state.solved() == missing)
        return now

    return shared.stm.atomically(over, timeout_seconds=timeout_seconds)
