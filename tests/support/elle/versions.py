"""The versions of one key, in order, from reads alone.

Where the key was read as a sequence, each read must begin all longer ones (prefix rule), so the
longest read is the order. Where it was only read as a set, each set must hold all smaller ones;
what one has more than the next smaller came in between, in no known order.

Pure: no I/O, no clock, no chance.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.elle.history import shown
from tests.support.elle.sights import Sight


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the order of versions a sight belongs."""

    seen: int
    """How many steps it has surely seen; the last of them is the newest."""
    unseen: int | None
    """The first step that it has surely not seen; None if that is not known."""


class Versions:
    """The versions of one key."""

    def __init__(self, sights: Sequence[Sight]) -> None:
        """Infer the order.

        Args:
            sights: those of one key.
        """
        self.contradictions: list[tuple[int, int, str]] = []
        """Two readers whose reads do not fit, and the sentence."""
        self.odd_reads: list[tuple[int, tuple[int, ...]]] = []
        """Readers and reads that do not fit in the order."""
        self.order_reader: int | None = None
        """Who saw most; None if nobody saw all of it at any time."""
        self.is_sequence = any(sight.reads for sight in sights)
        self._steps_of_sets: dict[frozenset[int], int] = {frozenset(): 0}
        if self.is_sequence:
            self.steps = self._steps_of_longest(sights)
        else:
            self.steps = self._steps_of_chain(sights)
        self._step_of: dict[int, int] = {}
        self._sizes = [0]
        for number, step in enumerate(self.steps):
            self._sizes.append(self._sizes[-1] + len(step))
            for value in step:
                self._step_of.setdefault(value, number)
        if self.is_sequence:
            self._check_sets(sights)

    @property
    def size(self) -> int:
        """Return how many values the newest version has."""
        return self._sizes[-1]

    def has(self, value: int) -> bool:
        """Say whether a value is part of the order."""
        return value in self._step_of

    def place(self, sight: Sight) -> Place | None:
        """Return where a sight belongs; None if its whole view does not fit, or it has none."""
        if sight.sequence is not None:
            is_prefix = self.values[: len(sight.sequence)] == sight.sequence
            return _at(len(sight.sequence)) if is_prefix else None
        if sight.members is not None:
            return self._place_of_set(sight.members)
        return None if sight.count is None else self._place_of_count(sight.count)

    def _steps_of_longest(self, sights: Sequence[Sight]) -> list[tuple[int, ...]]:
        reads = [(read, sight.reader) for sight in sights for read in sight.reads]
        self.values, self.order_reader = max(reads, key=lambda each: len(each[0]))
        for read, reader in reads:
            if self.values[: len(read)] != read:
                self.odd_reads.append((reader, read))
                text = f"T{reader} read {shown(read)}, T{self.order_reader} {shown(self.values)}"
                self.contradictions.append((reader, self.order_reader, text))
        return [(value,) for value in self.values]

    def _steps_of_chain(self, sights: Sequence[Sight]) -> list[tuple[int, ...]]:
        readers = {sight.members: sight.reader for sight in sights if sight.members is not None}
        steps: list[tuple[int, ...]] = []
        newest: frozenset[int] = frozenset()
        for members in sorted(readers, key=len):
            if not newest <= members:
                one, other = readers[members], readers[newest]
                text = f"T{one} saw {shown(sorted(members - newest))} and T{other} did not, which "
                text += f"saw {shown(sorted(newest - members))} in turn"
                self.contradictions.append((one, other, text))
                self.odd_reads.append((one, tuple(members)))
            elif members != newest:
                steps.append(tuple(sorted(members - newest)))
                newest = members
                self._steps_of_sets[members] = len(steps)
        self.order_reader = readers.get(newest)
        self.values = tuple(value for step in steps for value in step)
        return steps

    def _check_sets(self, sights: Sequence[Sight]) -> None:
        """Find the sets that are no beginning of the longest read."""
        for sight in sights:
            members, longest = sight.members, self.order_reader
            if members is None or longest is None or self._place_of_set(members) is not None:
                continue
            values = tuple(sorted(members))
            self.odd_reads.append((sight.reader, values))
            text = f"T{sight.reader} saw the members {shown(values)}, "
            text += f"T{longest} read {shown(self.values)}"
            self.contradictions.append((sight.reader, longest, text))

    def _place_of_set(self, members: frozenset[int]) -> Place | None:
        if not self.is_sequence:
            step = self._steps_of_sets.get(members)
            return None if step is None else _at(step)
        count = len(members)
        fits = all(self._step_of.get(value, count) < count for value in members)
        return _at(count) if fits else None

    def _place_of_count(self, count: int) -> Place:
        """Return the place of a count, which may fall between two versions that were seen."""
        seen = max(0, bisect_right(self._sizes, count) - 1)
        is_exact = self._sizes[seen] == count
        if is_exact:
            return _at(seen)
        is_beyond = seen == len(self.steps)
        return Place(seen, None if is_beyond else seen + 1)


def _at(step: int) -> Place:
    return Place(seen=step, unseen=step)
