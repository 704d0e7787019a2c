"""The search agent: every small edit that could be the fix, in the order in which to try them.

Pure: no I/O, no clock; chance comes from the seed.
"""

from collections.abc import Mapping

from swarm_workers.agents.search.operators.catalogue import FAMILIES
from swarm_workers.agents.search.ranking import Ranking
from swarm_workers.agents.search.sites import sites_of
from swarm_workers.agents.search.sources import SourceFile
from swarm_workers.protocols import EditCandidate


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
