"""Which red test an agent works on, and which part of its candidates it takes.

Agents share *leads*: for each red test, on the present state of the files it runs through, how far
the ranked list of candidates has been tried. Two agents never try the same candidate.

Pure: no I/O, no clock, no chance.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from swarm_workers.coordination.records import Lead, Partial

Lines = Mapping[str, frozenset[int]]
"""Executed lines by file."""

PATIENCE_CANDIDATES = 200
"""How many more candidates are tried, at least, in the hope of one better than a partial fix."""
_SAME_BUG_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Choice:
    """What to work on: a test, and why."""

    test: str
    is_partial_due: bool
    """True if the best partial fix found for it is to be landed, and nothing more searched."""


class Idle:
    """There is nothing to claim now, but what others hold may change that."""


class Exhausted:
    """There is nothing to claim, and nobody who could change that."""


def lead_key(test: str, digests: Mapping[str, bytes], lines: Lines) -> str:
    """Return the key of a test's lead: it changes only if a file that the test runs through does.

    Args:
        test: the red test.
        digests: a digest of each file that an agent may change, by path.
        lines: what the test executes.
    """
    digest = hashlib.sha256(test.encode())
    # Without lines, what the test imports is unknown: then it is any of them.
    for path in sorted(set(lines) & set(digests) or digests):
        digest.update(path.encode() + b"\0" + digests[path])
    return digest.hexdigest()[:24]


def in_order(red: Sequence[str], lines: Mapping[str, Lines]) -> tuple[list[str], list[str]]:
    """Return the red tests to search first, and those that probably show the same bugs.

    The test that runs through the fewest lines says most about where its bug is. A later test that
    runs through nearly all of these lines too is taken for another symptom of the same bug.
    """
    sizes = {test: _pairs(lines.get(test, {})) for test in red}
    first: list[str] = []
    rest: list[str] = []
    traced: list[frozenset[tuple[str, int]]] = []
    for test in sorted(red, key=lambda name: (len(sizes[name]), name)):
        pairs = sizes[test]
        is_symptom = bool(pairs) and any(
            len(known & pairs) >= _SAME_BUG_SHARE * len(known) for known in traced
        )
        (rest if is_symptom else first).append(test)
        if pairs and not is_symptom:
            traced.append(pairs)
    return first, rest


def better(one: Partial | None, other: Partial | None) -> Partial | None:
    """Return the partial fix that turns more tests green, the earlier in the list if both do."""
    found = [each for each in (one, other) if each is not None]
    return min(found, key=lambda each: (-len(each.gained), each.rank), default=None)


def patience_end(rank: int) -> int:
    """Return the rank up to which the search goes on after a partial fix at `rank`."""
    return max(2 * rank, rank + PATIENCE_CANDIDATES)


def choose(leads: Mapping[str, Lead], agent: str) -> Choice | type[Idle] | type[Exhausted]:
    """Return what this agent does next.

    Args:
        leads: by test, in the order in which they are to be searched.
        agent: who asks; a slice that it left open by a crash does not keep it away.
    """
    for test, lead in leads.items():
        if _is_partial_due(lead) and not _others(lead, agent):
            return Choice(test, is_partial_due=True)
    # Once patience is over nobody starts to search on: those still at it end, and it lands.
    claimable = [
        test for test, lead in leads.items() if not (lead.is_exhausted or _is_partial_due(lead))
    ]
    if claimable:
        ranked = sorted(claimable, key=lambda test: (len(leads[test].open), leads[test].next))
        return Choice(ranked[0], is_partial_due=False)
    return Idle if any(_others(lead, agent) for lead in leads.values()) else Exhausted


def siblings(edited: Lines, red: Sequence[str], lines: Mapping[str, Lines]) -> Iterator[str]:
    """Yield the red tests that run through an edited line: what a whole fix should turn green."""
    for test in red:
        ran = lines.get(test, {})
        if any(numbers & ran.get(path, frozenset()) for path, numbers in edited.items()):
            yield test


def _is_partial_due(lead: Lead) -> bool:
    if lead.partial is None:
        return False
    return lead.is_exhausted or lead.next >= patience_end(lead.partial.rank)


def _others(lead: Lead, agent: str) -> bool:
    return any(other != agent for other in lead.open)


def _pairs(lines: Lines) -> frozenset[tuple[str, int]]:
    return frozenset((path, number) for path, numbers in lines.items() for number in numbers)
