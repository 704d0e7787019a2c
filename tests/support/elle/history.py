"""What clients did and saw: the input of the checker.

A key holds values that are only ever appended, each value once. A transaction appends to keys and
looks at them: as a sequence, as a set of members, as a count, or by asking for one member. All four
are views of the same key, so that a list, a set and a counter which change together are one key.

Pure: no I/O, no clock, no chance.
Source: K. Kingsbury and P. Alvaro, Elle: inferring isolation anomalies from experimental
observations, VLDB 2020.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHOWN_MAX = 6
"""Of a longer sequence only the end is shown."""


class Outcome(StrEnum):
    """What the client knows of its transaction."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    """The client was told that nothing was written, and nothing ever will be."""
    UNKNOWN = "unknown"
    """The client ended before it was told; what others read tells whether it committed."""


@dataclass(frozen=True, slots=True)
class Append:
    """A value put at the end of a key. No other append to this key has the same value."""

    key: str
    value: int

    def __str__(self) -> str:
        return f"append {self.value} to {self.key}"


@dataclass(frozen=True, slots=True)
class Read:
    """The whole key, in order."""

    key: str
    values: tuple[int, ...]

    def __str__(self) -> str:
        return f"read {self.key} = {shown(self.values)}"


@dataclass(frozen=True, slots=True)
class Members:
    """The whole key, without its order."""

    key: str
    values: frozenset[int]

    def __str__(self) -> str:
        return f"members of {self.key} = {shown(sorted(self.values))}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many values the key had."""

    key: str
    count: int

    def __str__(self) -> str:
        return f"count of {self.key} = {self.count}"


@dataclass(frozen=True, slots=True)
class Contains:
    """Whether one value was there."""

    key: str
    value: int
    is_there: bool

    def __str__(self) -> str:
        return f"{self.value} {'is' if self.is_there else 'is not'} in {self.key}"


View = Read | Members | Count | Contains
Operation = Append | View


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction, as its client tells of it."""

    process: str
    """Who ran it. One process runs one transaction at a time, and none after an unknown one."""
    operations: tuple[Operation, ...]
    """In the order of the body. Views count only where the outcome is `committed`."""
    outcome: Outcome
    invoked_at: int
    """Instant on a clock that all clients share; the unit does not matter."""
    completed_at: int | None
    """When the client had the outcome; None if it never had."""

    def appends(self) -> list[Append]:
        """Return the appends, in order."""
        return [each for each in self.operations if isinstance(each, Append)]

    def __str__(self) -> str:
        done = ", ".join(str(each) for each in self.operations)
        return f"(process {self.process}, {self.outcome}) {done}"


History = Sequence[Transaction]


class MalformedHistoryError(Exception):
    """Nothing can be inferred: two transactions append the same value to one key."""

    def __init__(self, append: Append, first: int, second: int) -> None:
        """Name the append, and the two transactions by their place in the history."""
        super().__init__(f"T{first} and T{second} both {append}; every value must be unique")


def shown(values: Sequence[int]) -> str:
    """Return a sequence as text, cut to its end if it is long."""
    left_out = len(values) - SHOWN_MAX
    text = " ".join(str(each) for each in values[-SHOWN_MAX:])
    return f"[… {text}] of {len(values)}" if left_out > 0 else f"[{text}]"
