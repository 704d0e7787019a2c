"""The checker passes every serial history, and fails every one that was tampered with."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.elle.checker import check
from tests.support.elle.components import components
from tests.support.elle.dependencies import draw
from tests.support.elle.evidence import gather
from tests.support.elle.history import Append, Operation, Outcome, Read, Transaction
from tests.support.elle.simulator import Simulator

Tampering = Callable[[list[Transaction], random.Random], list[Transaction] | None]


def simulated(seed: int, transactions: int = 40) -> list[Transaction]:
    return Simulator(random.Random(seed)).run(transactions)


@given(st.integers(0, 2**32))
def test_a_serial_history_is_clean(seed: int) -> None:
    history = simulated(seed)
    report = check(history)
    assert report.is_clean, str(report)
    random.Random(seed).shuffle(history)
    assert check(history).is_clean, "the order in which clients report does not matter"


@given(st.integers(0, 2**32), st.integers(1, 80))
def test_a_serial_history_that_nobody_read_at_last_has_no_anomaly(seed: int, size: int) -> None:
    history = Simulator(random.Random(seed)).run(size, is_read_at_last=False)
    assert not check(history).findings


def test_unknown_outcomes_of_serial_histories_are_told_apart() -> None:
    reports = [check(simulated(seed)) for seed in range(30)]
    assert sum(len(each.found_committed) for each in reports) > 10
    assert sum(len(each.found_absent) for each in reports) > 10


def test_the_graph_grows_as_the_history_does() -> None:
    sizes = []
    for transactions in (1000, 4000):
        # As many keys the more, so that each stays as short as it is.
        simulator = Simulator(random.Random(1), keys=transactions // 20)
        graph = draw(gather(simulator.run(transactions)))
        sizes.append(sum(len(edges) for edges in graph.edges))
    assert sizes[0] > 2000
    assert sizes[1] < 4.5 * sizes[0]


def lose_an_append(history: list[Transaction], chance: random.Random) -> list[Transaction] | None:
    """Take one acknowledged append out of every read."""
    value = _pick(_acknowledged(history), chance)
    if value is None:
        return None

    def without(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
        kept = (each for each in operations if isinstance(each, Append | Read))
        return tuple(
            _changed(each, lambda read: tuple(each for each in read if each != value))
            for each in kept
        )

    return [replace(each, operations=without(each.operations)) for each in history]


def apply_twice(history: list[Transaction], chance: random.Random) -> list[Transaction] | None:
    """Let one append take effect twice, and show it only at the end."""
    last = history[-1]
    key = _pick([each.key for each in _reads(last) if each.values], chance)
    if key is None:
        return None
    return [*history[:-1], _reread(last, key, lambda read: (*read, chance.choice(read)))]


def swap_two(history: list[Transaction], chance: random.Random) -> list[Transaction] | None:
    """Turn the order of two neighbours in one read."""
    last = history[-1]
    seen_before = {each.key for t in history[:-1] for each in _reads(t) if len(each.values) > 1}
    key = _pick([each.key for each in _reads(last) if each.key in seen_before], chance)
    if key is None:
        return None
    return [*history[:-1], _reread(last, key, lambda read: (read[1], read[0], *read[2:]))]


def read_the_past(history: list[Transaction], chance: random.Random) -> list[Transaction] | None:
    """Let the last read miss the last append to a key that was acknowledged before it began."""
    last, acknowledged = history[-1], _acknowledged(history)
    key = _pick([e.key for e in _reads(last) if e.values and e.values[-1] in acknowledged], chance)
    if key is None:
        return None
    return [*history[:-1], _reread(last, key, lambda read: read[:-1])]


def read_from_nowhere(history: list[Transaction], chance: random.Random) -> list[Transaction]:
    """Show what nobody appended."""
    key = chance.choice(_reads(history[-1])).key
    return [*history[:-1], _reread(history[-1], key, lambda read: (*read, -1))]


def abort_what_was_seen(
    history: list[Transaction], chance: random.Random
) -> list[Transaction] | None:
    """Call a transaction aborted whose append was seen."""
    value = _pick(_acknowledged(history), chance)
    if value is None:
        return None
    return [
        replace(each, outcome=Outcome.ABORTED)
        if value in (append.value for append in each.appends())
        else each
        for each in history
    ]


def bring_forward(history: list[Transaction], chance: random.Random) -> list[Transaction] | None:
    """Say of a reader that it was over before what it saw had begun."""
    last = history[-1]
    if not any(each.values for each in _reads(last)):
        return None
    return [*history[:-1], replace(last, invoked_at=-3, completed_at=-2)]


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (lose_an_append, "lost append"),
        (apply_twice, "duplicate"),
        (swap_two, "incompatible order"),
        (read_the_past, ""),
        (read_from_nowhere, "garbage"),
        (abort_what_was_seen, "G1a"),
        (bring_forward, "realtime"),
    ],
)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_a_history_that_was_tampered_with_is_not(tamper: Tampering, named: str, seed: int) -> None:
    tampered = tamper(simulated(seed), random.Random(seed))
    assume(tampered is not None)
    assert tampered is not None
    found = check(tampered).count()
    assert found, "nothing was found"
    assert not named or named in found


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_components_are_those_of_mutual_reach(edges: list[tuple[int, int]]) -> None:
    def successors(node: int) -> list[int]:
        return [target for source, target in edges if source == node]

    def reach(node: int) -> set[int]:
        found, border = set(), [node]
        while border:
            fresh = set(successors(border.pop())) - found
            found |= fresh
            border += fresh
        return found

    expected = {
        frozenset(other for other in range(13) if other in reach(node) and node in reach(other))
        for node in range(13)
    }
    found = {frozenset(each) for each in components(range(13), successors)}
    assert found == {each for each in expected if len(each) > 1}


def _acknowledged(history: list[Transaction]) -> list[int]:
    """Return the values that clients know to be committed, and that the last read shows."""
    shown = {value for read in _reads(history[-1]) for value in read.values}
    known = [each for each in history if each.outcome is Outcome.COMMITTED]
    return [append.value for each in known for append in each.appends() if append.value in shown]


def _reads(transaction: Transaction) -> list[Read]:
    if transaction.outcome is not Outcome.COMMITTED:
        return []
    return [each for each in transaction.operations if isinstance(each, Read)]


def _pick(choices: list, chance: random.Random):
    return chance.choice(choices) if choices else None


def _reread(
    transaction: Transaction, key: str, change: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Transaction:
    """Return the transaction with its reads of one key changed."""

    operations = (
        _changed(each, change) if each.key == key else each for each in transaction.operations
    )
    return replace(transaction, operations=tuple(operations))


def _changed(
    operation: Operation, change: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Operation:
    if isinstance(operation, Read):
        return Read(operation.key, change(operation.values))
    return operation
