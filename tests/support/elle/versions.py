"""The versions of one key, in order, from reads alone.

Where the key was read as a sequence, each read must begin all longer ones (prefix rule), so the
longest read is the order. Where it was read as a set, each set must hold all smaller ones; what one
has more than the next smaller came in between, in no known order.

Pure: no I/O, no clock, no chance.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
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
    """The versions of one key. Each is made from the one before by a step: some values more."""

    def __init__(self, sights: Sequence[Sight]) -> None:
        """Infer the order.

        Args:
            sights: those of one key.
        """
        self.steps: list[tuple[int, ...]] = []
        self.contradictions: list[tuple[int, int, str]] = []
        """Two readers whose reads do not fit, and the sentence."""
        self.odd_reads: list[tuple[int, tuple[int, ...]]] = []
        """Readers and reads that do not fit in the order."""
        self.order_reader: int | None = None
        """Who saw most; None if nobody saw all of it at any time."""
        self.is_sequence = any(sight.reads for sight in sights)
        self._step_of: dict[int, int] = {}
        self._step_of_set: dict[frozenset[int], int] = {}
        self._longest: tuple[int, ...] = ()
        self._order_reads([(read, sight.reader) for sight in sights for read in sight.reads])
        sets = {sight.members: sight.reader for sight in sights if sight.members is not None}
        self._order_sets(sets)
        self._sizes = [0]
        for step in self.steps:
            self._sizes.append(self._sizes[-1] + len(step))

    @property
    def size(self) -> int:
        """Return how many values the newest version has."""
        return self._sizes[-1]

    @property
    def values(self) -> tuple[int, ...]:
        """Return the newest version, in order as far as it is known."""
        return tuple(value for step in self.steps for value in step)

    def has(self, value: int) -> bool:
        """Say whether a value is part of the order."""
        return value in self._step_of

    def place(self, sight: Sight) -> Place | None:
        """Return where a sight belongs; None if its whole view does not fit, or it has none."""
        if sight.sequence is not None:
            is_prefix = self._longest[: len(sight.sequence)] == sight.sequence
            return _at(len(sight.sequence)) if is_prefix else None
        if sight.members is not None:
            return self._place_of_set(sight.members)
        return None if sight.count is None else self._place_of_count(sight.count)

    def _order_reads(self, reads: Sequence[tuple[tuple[int, ...], int]]) -> None:
        if not reads:
            return
        self._longest, longest_reader = max(reads, key=lambda each: len(each[0]))
        self.order_reader = longest_reader
        for value in self._longest:
            self._add_step((value,))
        for read, reader in reads:
            if self._longest[: len(read)] != read:
                text = f"T{reader} read {shown(read)}, T{longest_reader} {shown(self._longest)}"
                self._note_odd(reader, read, longest_reader, text)

    def _order_sets(self, readers: dict[frozenset[int], int]) -> None:
        newest = frozenset(self._longest)
        for members, reader in sorted(readers.items(), key=lambda each: len(each[0])):
            if self._place_of_set(members) is not None:
                continue
            if newest <= members:
                self._add_step(tuple(sorted(members - newest)))
                self._step_of_set[members] = len(self.steps)
                newest, self.order_reader = members, reader
                continue
            text = f"T{reader} saw the members {shown(sorted(members))}, "
            text += f"T{self.order_reader} saw {shown(sorted(newest))}"
            self._note_odd(reader, tuple(sorted(members)), self.order_reader, text)

    def _add_step(self, values: tuple[int, ...]) -> None:
        for value in values:
            self._step_of.setdefault(value, len(self.steps))
        self.steps.append(values)

    def _note_odd(self, reader: int, values: tuple[int, ...], other: int | None, text: str) -> None:
        assert other is not None
        self.odd_reads.append((reader, values))
        self.contradictions.append((reader, other, text))

    def _place_of_set(self, members: frozenset[int]) -> Place | None:
        step = self._step_of_set.get(members)
        if step is not None:
            return _at(step)
        count = len(members)
        if count > len(self._longest) or not self._all_within(members, count):
            return None
        return _at(count)

    def _all_within(self, members: Iterable[int], count: int) -> bool:
        return all(self._step_of.get(value, count) < count for value in members)

    def _place_of_count(self, count: int) -> Place:
        """Return the place of a count, which may fall between two versions that were seen."""
        seen = max(0, bisect_right(self._sizes, count) - 1)
        if self._sizes[seen] == count:
            return _at(seen)
        return Place(seen, None if seen == len(self.steps) else seen + 1)


def _at(step: int) -> Place:
    return Place(seen=step, unseen=step)
