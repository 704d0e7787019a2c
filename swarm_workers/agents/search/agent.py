"""The search agent: every small edit that could be the fix, in the order in which to try them.

Pure: no I/O, no clock; chance comes from the seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from swarm_workers.agents.search.operators.catalogue import FAMILIES
from swarm_workers.agents.search.ranking import Ranking
from swarm_workers.agents.search.sites import sites_of
from swarm_workers.agents.search.sources import SourceFile
from swarm_workers.agents.search.suspicion import LinesByTest, line_suspicion
from swarm_workers.protocols import EditCandidate, Turn


class SurveyView(Protocol):
    """What tests did on the code as it is."""

    @property
    def lines(self) -> LinesByTest:
        """The lines that each test runs."""
        ...

    @property
    def green(self) -> Sequence[str]:
        """The tests that pass."""
        ...


class SearchView(Protocol):
    """What this agent must see of a repository."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Decoded text of the files that may be changed."""
        ...

    @property
    def survey(self) -> SurveyView:
        """What its tests did."""
        ...

    @property
    def target(self) -> str | None:
        """The red test to work on; None if there is nothing to do."""
        ...

    @property
    def seed(self) -> int:
        """The same for all who share one ranked list."""
        ...

    @property
    def start(self) -> int:
        """Index of the first candidate of the list that is this agent's."""
        ...

    @property
    def stop(self) -> int:
        """Index after the last one."""
        ...


class SearchAgent:
    """Proposes its slice of the ranked list for the target: an `Agent` of candidates for code.

    The last list is kept: an agent mostly comes back for the next slice of the same one.
    """

    def __init__(self) -> None:
        """Keep no list yet."""
        self._key: object = None
        self._ranked: list[EditCandidate] = []

    def propose(self, view: SearchView, turn: Turn) -> Iterator[EditCandidate]:
        """Yield the slice. The list depends on the view's seed alone, not on whose turn it is."""
        del turn
        if view.target is not None:
            yield from self._list(view, view.target)[view.start : view.stop]

    def _list(self, view: SearchView, target: str) -> list[EditCandidate]:
        found = line_suspicion(view.survey.lines, failing=[target], passing=view.survey.green)
        suspicion = {path: lines for path, lines in found.items() if path in view.sources}
        key = (view.seed, suspicion, {path: view.sources[path] for path in suspicion})
        if key != self._key:
            self._ranked = ranked_candidates(view.sources, suspicion, seed=view.seed)
            self._key = key
        return self._ranked


def ranked_candidates(
    sources: Mapping[str, str],
    suspicion: Mapping[str, Mapping[int, float]],
    *,
    seed: int,
    limit: int = 50_000,
) -> list[EditCandidate]:
    """Return single edits of the suspicious statements, most promising first.

    The score of an edit is (0.15 + 0.85 × suspicion of its statement) × how often an edit of its
    kind is the fix. Files that do not parse are left out (`unparsable` names them).

    Args:
        sources: decoded text, line ends as they are, of the files that may be changed.
        suspicion: by path and 1-based line, above 0 and at most 1; other lines are left alone.
        seed: decides among edits of equal score.
        limit: how many to return at most.
    """
    ranking = Ranking()
    for path in sorted(suspicion):
        file = _parsed(path, sources[path]) if path in sources else None
        if file is None:
            continue
        for site in sites_of(file, suspicion[path]):
            for family in FAMILIES:
                ranking.add(file, site.suspicion, family(site))
    return ranking.candidates(seed=seed, limit=limit)


def unparsable(sources: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that this interpreter cannot parse."""
    return [path for path, text in sorted(sources.items()) if _parsed(path, text) is None]


def _parsed(path: str, text: str) -> SourceFile | None:
    try:
        return SourceFile(path, text)
    except (SyntaxError, ValueError, RecursionError):
        return None
