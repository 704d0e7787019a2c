"""The seam of a failure: how it is provoked, and what a trial says.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

LIMIT_SECONDS = 2.0
"""After that a trial without fleet is given up, and counts as not overcome."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One failure, provoked once."""

    is_overcome: bool
    """Whether what the failure calls so came about within its bound."""
    seconds: float
    """Until then; if it did not, until the trial ended, for most at the bound."""
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
    overcome: str = ""
    """What `is_overcome` means here, in a sentence; empty if it was not written down."""
    seconds_max: float | None = None
    """The bound of the trial; None if it was not written down."""


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

    @property
    def overcome(self) -> str:
        """What it means that it was overcome, in a sentence."""
        ...

    @property
    def seconds_max(self) -> float:
        """For how long is waited for that, at most; what was not overcome by then counts as not."""
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
