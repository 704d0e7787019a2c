"""The values of the variables that researchers share.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass, replace

from swarm_workers.agents.research.words import Question

ANSWERS_MAX = 48
"""Facts kept for one question; with more it is answered. So many fit into one variable."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement, and the words of a source that support it."""

    key: str
    """The same wherever its quotation is found: a fact counts once."""
    source: str
    """Id of the source that it was first found in."""
    statement: str
    quotation: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """How far the sources for one question have been read."""

    read: tuple[tuple[str, int], ...] = ()
    """Sources that somebody has read for it, and how many new facts each brought."""
    claimed: tuple[tuple[str, str], ...] = ()
    """Agent and source of each reading that is under way."""

    @property
    def found(self) -> int:
        """Facts that readings for it have brought and nobody knew before."""
        return sum(count for _, count in self.read)

    @property
    def taken(self) -> frozenset[str]:
        """Sources that are read already, or being read."""
        return frozenset(source for source, _ in self.read) | {source for _, source in self.claimed}

    def is_free(self, source: str, agent: str) -> bool:
        """Say whether nobody but this agent reads or has read a source."""
        others = (taken for holder, taken in self.claimed if holder != agent)
        return source not in dict(self.read) and source not in others

    def claim(self, agent: str, source: str) -> "Shelf":
        """Return the shelf while this agent reads a source."""
        return replace(self, claimed=(*self._claims_but(agent), (agent, source)))

    def close(self, agent: str, source: str, found: int) -> "Shelf":
        """Return the shelf after this agent read a source and found so many new facts."""
        read = self.read if source in dict(self.read) else (*self.read, (source, found))
        return Shelf(read, self._claims_but(agent))

    def _claims_but(self, agent: str) -> tuple[tuple[str, str], ...]:
        return tuple(claim for claim in self.claimed if claim[0] != agent)


@dataclass(frozen=True, slots=True)
class Pair:
    """One question, and one source to read for it."""

    question: Question
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where one agent stands."""

    readings: int = 0
    """How many it has ended; decides, with the seed, what it takes next."""
    pair: Pair | None = None
    """What it reads at present. A turn that broke off is taken up again here."""


def merged(known: tuple[Fact, ...], new: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return the facts of both, each once, as many as are kept. Idempotent."""
    by_key = {fact.key: fact for fact in reversed((*known, *new))}
    order = dict.fromkeys(fact.key for fact in (*known, *new))
    return tuple(by_key[key] for key in order)[:ANSWERS_MAX]
