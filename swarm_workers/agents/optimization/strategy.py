"""The optimizer as the fleet runs it: one program a turn.

Pure: no I/O, no clock; chance comes from the turn's seed.
"""

import random
from collections.abc import Iterator

from swarm_workers.agents.optimization.policy import ELITES_MIN
from swarm_workers.agents.optimization.view import OptimizationView, Role, SearchCode
from swarm_workers.agents.optimization.writing import climbing, exploring, refining
from swarm_workers.protocols import Turn

_STEPS = (0.1, 0.01, 0.001)
"""With which a climb may begin, as parts of the box: it is not known how far there is to go."""


class OptimizerAgent:
    """Writes code that searches what its view says."""

    def propose(self, view: OptimizationView, turn: Turn) -> Iterator[SearchCode]:
        """Yield one program."""
        if view.role is Role.EXPLORE:
            yield exploring(view, turn.seed)
        elif len(view.elites) < ELITES_MIN:
            step = random.Random(turn.seed).choice(_STEPS)  # noqa: S311 - not a secret
            yield climbing(view, turn.seed, step)
        else:
            yield refining(view, turn.seed)
