"""Version vectors: which operations a state holds, and how two states compare.

A vector says for each author up to which number its operations are seen; an author that is absent
counts as 0. Numbers of one author have no holes, so this says it all: a branch is nothing more.

Pure: no I/O, no clock, no chance.
Source: Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", 1983.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

Vector = Mapping[str, int]
"""Author -> the last of its operations that is seen."""


class Order(StrEnum):
    """How one vector stands to another."""

    EQUAL = "equal"
    BEFORE = "before"  #: The other has seen all of it, and more.
    AFTER = "after"  #: It has seen all of the other, and more.
    CONCURRENT = "concurrent"  #: Each has seen what the other has not.


@dataclass(frozen=True, slots=True)
class Run:
    """Operations of one author that follow one another."""

    author: str
    first: int
    last: int

    def __len__(self) -> int:
        """Return how many operations these are."""
        return self.last - self.first + 1


def join(*vectors: Vector) -> dict[str, int]:
    """Return the least vector that has seen all that any of these has.

    Idempotent, commutative, associative.
    """
    joined: dict[str, int] = {}
    for vector in vectors:
        for author, seq in vector.items():
            if seq > joined.get(author, 0):
                joined[author] = seq
    return joined


def covers(vector: Vector, other: Vector) -> bool:
    """Say whether a vector has seen all that another has."""
    return all(vector.get(author, 0) >= seq for author, seq in other.items())


def compare(left: Vector, right: Vector) -> Order:
    """Return how the left vector stands to the right one."""
    match covers(left, right), covers(right, left):
        case True, True:
            return Order.EQUAL
        case False, True:
            return Order.BEFORE
        case True, False:
            return Order.AFTER
        case _:
            return Order.CONCURRENT


def missing(have: Vector, want: Vector) -> list[Run]:
    """Return the runs, by author, that `want` has seen and `have` has not: what is to be sent."""
    return [
        Run(author, have.get(author, 0) + 1, want[author])
        for author in sorted(want)
        if want[author] > have.get(author, 0)
    ]


def runs_of(numbers: Iterable[tuple[str, int]]) -> list[Run]:
    """Return operations, given by author and number in any order, as runs without repetition."""
    runs: list[Run] = []
    for author, seq in sorted(set(numbers)):
        last = runs[-1] if runs else None
        if last is not None and (last.author, last.last + 1) == (author, seq):
            runs[-1] = Run(author, last.first, seq)
        else:
            runs.append(Run(author, seq, seq))
    return runs
