"""The seam of a failure: how it is provoked, and what a trial says.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

LIMIT_SECONDS = 2.0
"""A trial that has not come to an end by then never would: it counts as hung."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One failure, provoked once."""

    is_overcome: bool
    """Whether the work went on, or was ended with its reason, within the limit."""
    seconds: float
    """Until it was; the limit if it was not."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What else was measured, by a name with its unit."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial as it is recorded."""

    failure: str
    provocation: str
    way: str
    """The remedy, or what stood in for it."""
    has_remedy: bool
    seed: int
    trial: Trial


class Failure(Protocol):
    """One way to fail."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    @property
    def provocation(self) -> str:
        """What is done to provoke it, in a sentence."""
        ...

    @property
    def remedy(self) -> str:
        """What overcomes it, in a sentence."""
        ...

    @property
    def without(self) -> str:
        """What stands in for the remedy in the other half of the trials, in a sentence."""
        ...

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Provoke it once on a real server. Blocks for some seconds at most."""
        ...


def by_way(trials: Iterable[TrialRow]) -> dict[tuple[str, bool], list[TrialRow]]:
    """Return the trials of each failure, those with its remedy before those without."""
    found: dict[tuple[str, bool], list[TrialRow]] = {}
    for row in sorted(trials, key=lambda row: (row.failure, not row.has_remedy, row.seed)):
        found.setdefault((row.failure, row.has_remedy), []).append(row)
    return found
