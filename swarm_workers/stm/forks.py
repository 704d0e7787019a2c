"""Whether this process is still the one that something was made in.

A number that a forked child finds raised: to look at it costs nothing, while asking the system for
the process id at every use cost as much as a tenth of a transaction.
"""

import os

_generation = 0


def generation() -> int:
    """Return how many forks lie between this process and the one that was started."""
    return _generation


def _note_fork() -> None:
    global _generation  # noqa: PLW0603 - there is one process
    _generation += 1


os.register_at_fork(after_in_child=_note_fork)
