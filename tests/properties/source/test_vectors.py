"""Version vectors are a lattice, and what one lacks of another is what joining adds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_workers.source.log.vectors import Order, compare, covers, join, missing, runs_of

AUTHORS = st.sampled_from(["a", "aa", "b", "Z", "\u00e9"])
VECTORS = st.dictionaries(AUTHORS, st.integers(1, 9))
FOUND = settings(max_examples=300)
OPPOSITE = {
    Order.EQUAL: Order.EQUAL,
    Order.BEFORE: Order.AFTER,
    Order.AFTER: Order.BEFORE,
    Order.CONCURRENT: Order.CONCURRENT,
}


@FOUND
@given(VECTORS, VECTORS, VECTORS)
def test_joining_is_idempotent_commutative_and_associative(
    left: dict[str, int], middle: dict[str, int], right: dict[str, int]
) -> None:
    assert join(left, left) == left == join(left)
    assert join(left, right) == join(right, left)
    assert join(join(left, middle), right) == join(left, join(middle, right))
    assert covers(join(left, right), left)


@FOUND
@given(VECTORS, VECTORS)
def test_what_is_missing_is_what_joining_adds(have: dict[str, int], want: dict[str, int]) -> None:
    sent = {(run.author, seq) for run in missing(have, want) for seq in range(1, run.last + 1)}
    held = {(author, seq) for author, last in have.items() for seq in range(1, last + 1)}
    both = {
        (author, seq) for author, last in join(have, want).items() for seq in range(1, last + 1)
    }
    assert held | sent == both
    assert sum(map(len, missing(have, want))) == len(both) - len(held)
    assert bool(missing(have, want)) is not covers(have, want)


@FOUND
@given(VECTORS, VECTORS)
def test_two_vectors_compare_alike_from_both_sides(
    left: dict[str, int], right: dict[str, int]
) -> None:
    order = compare(left, right)
    assert compare(right, left) is OPPOSITE[order]
    assert (order is Order.EQUAL) is (left == right)
    assert compare(left, join(left, right)) in (Order.EQUAL, Order.BEFORE)


@FOUND
@given(st.lists(st.tuples(AUTHORS, st.integers(1, 9))))
def test_runs_hold_each_operation_once_and_are_as_few_as_can_be(
    numbers: list[tuple[str, int]],
) -> None:
    runs = runs_of(numbers)
    told = [(run.author, seq) for run in runs for seq in range(run.first, run.last + 1)]
    assert sorted(told) == sorted(set(numbers))
    assert not any((run.author, run.last + 1) in numbers for run in runs)
