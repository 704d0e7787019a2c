"""What one transaction saw of one key before its own appends, and whether it agrees with itself.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    Members,
    Read,
    Transaction,
    View,
)


@dataclass(slots=True)
class Sight:
    """The version of a key that one transaction began with, as far as its views tell."""

    key: str
    reader: int
    """Place of the transaction in the history."""
    sequence: tuple[int, ...] | None = None
    members: frozenset[int] | None = None
    count: int | None = None
    probes: dict[int, bool] = field(default_factory=dict)
    """Single values that it asked for."""
    reads: list[tuple[int, ...]] = field(default_factory=list)
    """Sequences as they were read, own appends included."""


@dataclass(slots=True)
class Testimony:
    """All that one committed transaction says."""

    sights: dict[str, Sight] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)


def testimony(reader: int, transaction: Transaction) -> Testimony:
    """Return what a transaction saw, own appends taken off.

    Args:
        reader: its place in the history.
        transaction: committed, as its client knows.
    """
    told = Testimony()
    own: dict[str, list[int]] = {}
    later: dict[str, set[int]] = {}
    for append in transaction.appends():
        later.setdefault(append.key, set()).add(append.value)
    for operation in transaction.operations:
        appended = own.setdefault(operation.key, [])
        if isinstance(operation, Append):
            appended.append(operation.value)
            later[operation.key].remove(operation.value)
            continue
        sight = told.sights.get(operation.key)
        if sight is None:
            sight = told.sights[operation.key] = Sight(operation.key, reader)
        is_early = _shows_any(operation, later.get(operation.key, ()))
        if not _take(sight, operation, appended) or is_early:
            told.contradictions.append(f"T{reader} contradicts itself at: {operation}")
    return told


def _shows_any(view: View, values: Collection[int]) -> bool:
    """Say whether a view shows one of the values, which are yet to be appended."""
    match view:
        case Read() | Members():
            return any(value in view.values for value in values)
        case Contains():
            return view.is_there and view.value in values
        case Count():
            return False


def _take(sight: Sight, view: View, own: list[int]) -> bool:
    """Add one view to the sight; say whether it agrees with the appends and views before it."""
    match view:
        case Read():
            return _take_read(sight, view, own)
        case Members():
            return _take_members(sight, view, own)
        case Count():
            return _take_count(sight, view.count - len(own))
        case Contains():
            return _take_probe(sight, view, own)


def _take_read(sight: Sight, view: Read, own: list[int]) -> bool:
    sight.reads.append(view.values)
    cut = len(view.values) - len(own)
    before, agrees = view.values, True
    if own:
        agrees = cut >= 0 and list(view.values[cut:]) == own
        before = view.values[:cut] if agrees else view.values
    if sight.sequence is not None:
        return agrees and before == sight.sequence
    agrees = agrees and _fits(sight, frozenset(before), len(before))
    sight.sequence = before
    return agrees


def _take_members(sight: Sight, view: Members, own: list[int]) -> bool:
    before = view.values.difference(own)
    agrees = len(before) + len(own) == len(view.values)
    agrees = agrees and _fits(sight, before, len(before))
    if sight.members is None:
        sight.members = before
    return agrees


def _take_count(sight: Sight, before: int) -> bool:
    known = _size(sight)
    if sight.count is None:
        sight.count = before
    return before >= 0 and known in (None, before)


def _take_probe(sight: Sight, view: Contains, own: list[int]) -> bool:
    if view.value in own:
        return view.is_there
    known = _members(sight)
    agrees = known is None or (view.value in known) == view.is_there
    return agrees and sight.probes.setdefault(view.value, view.is_there) == view.is_there


def _fits(sight: Sight, before: frozenset[int], size: int) -> bool:
    """Say whether a whole view agrees with all that was seen before."""
    return (
        _members(sight) in (None, before)
        and _size(sight) in (None, size)
        and all((value in before) == is_there for value, is_there in sight.probes.items())
    )


def _members(sight: Sight) -> frozenset[int] | None:
    return sight.members if sight.sequence is None else frozenset(sight.sequence)


def _size(sight: Sight) -> int | None:
    if sight.count is not None:
        return sight.count
    known = sight.members if sight.sequence is None else sight.sequence
    return None if known is None else len(known)
