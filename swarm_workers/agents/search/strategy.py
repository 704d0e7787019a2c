"""The search agent as the fleet runs it: a slice of one ranked list of edits a turn.

All agents of a swarm rank alike for one red test, so that their slices never overlap.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from swarm_workers.agents.search.agent import ranked_candidates
from swarm_workers.agents.search.suspicion import line_suspicion, outside_functions
from swarm_workers.protocols import EditCandidate, Turn

_LISTS_KEPT_MAX = 4

Lines = Mapping[str, frozenset[int]]


class SearchView(Protocol):
    """What this strategy wants to see."""

    @property
    def branch(self) -> str:
        """The branch looked at."""
        ...

    @property
    def landing(self) -> int:
        """The landing looked at."""
        ...

    @property
    def sources(self) -> Mapping[str, str]:
        """Decoded text of the files that may be changed."""
        ...

    @property
    def green(self) -> tuple[str, ...]:
        """The tests that pass."""
        ...

    @property
    def target(self) -> str | None:
        """The red test to work on; None for none."""
        ...

    @property
    def seed(self) -> int:
        """Decides among edits of equal score."""
        ...

    @property
    def start(self) -> int:
        """Index of the first candidate that is ours."""
        ...

    @property
    def stop(self) -> int:
        """Index after the last one."""
        ...

    def covered(self, test: str) -> Lines:
        """Return the lines that a test executes, of those that may be changed."""
        ...


class SearchAgent:
    """Proposes single edits, the most promising first. Keeps the last few ranked lists."""

    def __init__(self) -> None:
        """Rank nothing yet."""
        self._ranked: dict[tuple[str, int, str, int], list[EditCandidate]] = {}

    def propose(self, view: SearchView, turn: Turn) -> Iterator[EditCandidate]:  # noqa: ARG002 - all turns share one list
        """Yield the candidates of this turn's slice; fewer than its length where the list ends."""
        if view.target is None:
            return
        yield from self._list(view, view.target)[view.start : view.stop]

    def _list(self, view: SearchView, target: str) -> list[EditCandidate]:
        key = (view.branch, view.landing, target, view.seed)
        if key not in self._ranked:
            while len(self._ranked) >= _LISTS_KEPT_MAX:
                self._ranked.pop(next(iter(self._ranked)))
            lines = {test: view.covered(test) for test in (target, *view.green)}
            suspicion = line_suspicion(lines, failing=[target], passing=view.green)
            if not lines[target]:
                suspicion = outside_functions(view.sources)
            self._ranked[key] = ranked_candidates(view.sources, suspicion, seed=view.seed)
        return self._ranked[key]
