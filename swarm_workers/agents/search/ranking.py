"""The order in which candidates are tried. The same sources and seed give the same order.

Pure: no I/O, no clock; chance comes from the seed.
"""

import heapq
import random
from collections.abc import Iterable

from swarm_workers.agents.search.sites import Proposal
from swarm_workers.agents.search.sources import SourceFile
from swarm_workers.protocols import Edit, EditCandidate

_FLOOR = 0.15
"""What a line of no suspicion is worth: a good edit in a doubtful place still has its turn."""


class Ranking:
    """Collects scored proposals, each distinct edit once."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._best: dict[tuple[str, int, int, str], tuple[float, str]] = {}
        self._files: dict[str, SourceFile] = {}

    def add(self, file: SourceFile, suspicion: float, proposals: Iterable[Proposal]) -> None:
        """Take the proposals made for one place; an edit that changes nothing is left out."""
        self._files[file.path] = file
        weight = _FLOOR + (1 - _FLOOR) * suspicion
        for start, end, text, operator, prior in proposals:
            if file.text[start:end] == text:
                continue
            key = (file.path, start, end, text)
            score = weight * prior
            if score > self._best.get(key, (0.0, ""))[0]:
                self._best[key] = (score, operator)

    def candidates(self, *, seed: int, limit: int) -> list[EditCandidate]:
        """Return at most `limit` candidates, best first; ties fall as the seed says."""
        chance = random.Random(seed)  # noqa: S311 - an order, not a secret
        ordered = sorted(self._best.items())
        ranked = ((-score, chance.random(), key, operator) for key, (score, operator) in ordered)
        return [
            self._candidate(key, operator) for _, _, key, operator in heapq.nsmallest(limit, ranked)
        ]

    def _candidate(self, key: tuple[str, int, int, str], operator: str) -> EditCandidate:
        path, start, _, _ = key
        return EditCandidate((Edit(*key),), operator, self._files[path].line_of(start))
