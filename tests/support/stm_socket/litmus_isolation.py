"""Litmus tests of isolation: what another transaction may not be seen to do.

Pairs take three flights and trios two, where the bodies allow it.
"""

from itertools import permutations

from tests.support.stm_socket.litmus import Body, Cells, Litmus
from tests.support.stm_socket.litmus_bodies import (
    PAIR,
    TRIO,
    add_one,
    add_to_both,
    each_of,
    in_any_order,
    look,
    read_a,
    read_ab,
    write,
)

# Lost update


def _abc(cells: Cells) -> tuple[int, int, int]:
    return (*read_ab(cells), cells.var("c").get())


_LOST_UPDATE = [
    Litmus(
        "lost update, two variables",
        (add_to_both, add_to_both),
        PAIR,
        final=read_ab,
        outcomes=in_any_order(0, 1, final=(2, 2)),
        is_possible=lambda a, b: a == b,
    ),
    Litmus(
        "lost update, one variable",
        (add_one, add_one, add_one),
        TRIO,
        final=read_a,
        outcomes=in_any_order(0, 1, 2, final=3),
    ),
]


# Write skew


def _leave(mine: str) -> Body:
    """Go off duty unless nobody would be left."""

    def body(cells: Cells) -> bool:
        on_duty = read_ab(cells)
        cells.see(*on_duty)
        if on_duty == (1, 1):
            cells.var(mine).set(0)
            return True
        return False

    return body


def _both_on_duty(cells: Cells) -> None:
    cells.var("a").set(1)
    cells.var("b").set(1)


def _copy(source: str, target: str) -> Body:
    def body(cells: Cells) -> None:
        cells.var(target).set(cells.var(source).get())

    return body


def _one_two_three(cells: Cells) -> None:
    for number, name in enumerate("abc", start=1):
        cells.var(name).set(number)


_WRITE_SKEW = [
    Litmus(
        "write skew, two on duty",
        (_leave("a"), _leave("b")),
        PAIR,
        setup=_both_on_duty,
        final=read_ab,
        outcomes=each_of(((True, False), (0, 1)), ((False, True), (1, 0))),
        is_possible=lambda a, b: a + b > 0,
    ),
    Litmus(
        "write skew, a ring of three",
        (_copy("a", "b"), _copy("b", "c"), _copy("c", "a")),
        TRIO,
        setup=_one_two_three,
        final=_abc,
        outcomes=frozenset(
            ((None,) * 3, final)
            for final in [(1, 1, 1), (3, 1, 1), (2, 1, 2), (2, 2, 2), (3, 3, 3), (3, 3, 2)]
        ),
    ),
]


# Read skew


def _move(cells: Cells) -> None:
    a, b = cells.var("a"), cells.var("b")
    cells.see(a.get(), b.get())
    a.set(a.get() - 5)
    b.set(b.get() + 5)


def _look_and_note(cells: Cells) -> tuple[int, int]:
    seen = look(cells)
    cells.var("w").set(sum(seen))
    return seen


def _write_both(number: int) -> Body:
    def body(cells: Cells) -> None:
        cells.var("a").set(number)
        cells.var("b").set(number)

    return body


_READ_SKEW = [
    Litmus(
        "read skew beside a move",
        (_move, _look_and_note),
        PAIR,
        setup=_write_both(5),
        final=read_ab,
        outcomes=each_of(((None, (5, 5)), (0, 10)), ((None, (0, 10)), (0, 10))),
        is_possible=lambda a, b: a + b == 10,
    ),
    Litmus(
        "read skew beside two blind writers",
        (_write_both(1), _write_both(2), look),
        TRIO,
        final=read_ab,
        outcomes=frozenset(
            ((None, None, (seen, seen)), (last, last)) for seen in (0, 1, 2) for last in (1, 2)
        ),
        is_possible=lambda a, b: a == b,
    ),
]


# Long fork


def _look_the_other_way(cells: Cells) -> tuple[int, int]:
    b, a = cells.var("b").get(), cells.var("a").get()
    cells.see(a, b)
    return a, b


_LONG_FORK = [
    Litmus(
        "long fork, each writes one and looks at both",
        ((write("a"), look), (write("b"), look)),
        (4, 4),
        final=read_ab,
        outcomes=frozenset(
            (((None, left), (None, right)), (1, 1))
            for left, right in [((1, 0), (1, 1)), ((1, 1), (0, 1)), ((1, 1), (1, 1))]
        ),
    ),
    Litmus(
        "long fork, two writers and two readers",
        (write("a"), write("b"), look, _look_the_other_way),
        (1, 1, 2, 2),
        final=read_ab,
        outcomes=frozenset(
            ((None, None, left, right), (1, 1))
            for left in [(0, 0), (0, 1), (1, 0), (1, 1)]
            for right in [(0, 0), (0, 1), (1, 0), (1, 1)]
            if {left, right} != {(0, 1), (1, 0)}
        ),
        reaches_all=False,
    ),
]


# ABA


def _write_pair(a: int, b: int) -> Body:
    def body(cells: Cells) -> None:
        cells.var("a").set(a)
        cells.var("b").set(b)

    return body


def _toggle(cells: Cells) -> int:
    a = cells.var("a")
    seen = a.get()
    a.set(1 - seen)
    return seen


def _copy_a_to_b(cells: Cells) -> int:
    seen = cells.var("a").get()
    cells.var("b").set(seen)
    return seen


_ABA = [
    Litmus(
        "there and back while another looks",
        (_look_and_note, (_write_pair(2, 2), _write_pair(1, 3))),
        (3, 4),
        setup=_write_pair(1, 1),
        final=read_ab,
        outcomes=frozenset(((seen, (None, None)), (1, 3)) for seen in [(1, 1), (2, 2), (1, 3)]),
        is_possible=lambda a, b: (a, b) in {(1, 1), (2, 2), (1, 3)},
    ),
    Litmus(
        "two toggles while another copies",
        (_toggle, _toggle, _copy_a_to_b),
        TRIO,
        final=read_ab,
        outcomes=frozenset(
            ((*seen, copied), (0, copied)) for seen in [(0, 1), (1, 0)] for copied in (0, 1)
        ),
    ),
]


# Phantoms


def _enter_in_map(key: str) -> Body:
    def body(cells: Cells) -> int:
        entries = cells.map("m")
        count = len(entries.items())
        entries.put(key, count)
        return count

    return body


def _entries(cells: Cells) -> tuple[tuple[str, int], ...]:
    return tuple(cells.map("m").items().items())


def _one_entry(cells: Cells) -> None:
    cells.map("m").put("z", 0)


def _enter_below_limit(member: str, limit: int) -> Body:
    def body(cells: Cells) -> bool:
        limit_now = cells.var("w").get() or limit
        members = cells.set("s")
        is_free = len(members.members()) < limit_now
        if is_free:
            members.add(member)
        return is_free

    return body


def _claim(cells: Cells) -> bool:
    members = cells.set("s")
    is_free = "it" not in members
    if is_free:
        members.add("it")
    return is_free


def _size(cells: Cells) -> int:
    return len(cells.set("s").members())


_ONE_OF_TWO, _ONE_OF_THREE = (True, False), (True, False, False)

_PHANTOM = [
    Litmus(
        "phantom in a map of one entry",
        (_enter_in_map("a"), _enter_in_map("b")),
        PAIR,
        setup=_one_entry,
        final=_entries,
        outcomes=each_of(
            ((1, 2), (("a", 1), ("b", 2), ("z", 0))), ((2, 1), (("a", 2), ("b", 1), ("z", 0)))
        ),
    ),
    Litmus(
        "phantom in an empty map",
        (_enter_in_map("a"), _enter_in_map("b"), _enter_in_map("c")),
        TRIO,
        final=_entries,
        outcomes=frozenset(
            (counts, tuple(zip("abc", counts, strict=True))) for counts in permutations(range(3))
        ),
    ),
    Litmus(
        "phantom in a set with a limit",
        (_enter_below_limit("a", 1), _enter_below_limit("b", 1)),
        PAIR,
        final=_size,
        outcomes=in_any_order(*_ONE_OF_TWO, final=1),
    ),
    Litmus(
        "phantom in a set, one claim of three",
        (_claim, _claim, _claim),
        TRIO,
        final=_size,
        outcomes=in_any_order(*_ONE_OF_THREE, final=1),
    ),
]


# Own writes


def _add_and_look(cells: Cells) -> int:
    a, b = cells.var("a"), cells.var("b")
    before = a.get()
    a.set(before + 1)
    cells.see(before + 1, a.get())
    b.set(b.get() + a.get())
    return a.get()


def _count_and_look(cells: Cells) -> int:
    number = cells.counter("n")
    number.add(1)
    return number.value()


_OWN_WRITES = [
    Litmus(
        "own write read back, variable",
        (_add_and_look, _add_and_look),
        PAIR,
        final=read_ab,
        outcomes=in_any_order(1, 2, final=(2, 3)),
        is_possible=lambda written, read: written == read,
    ),
    Litmus(
        "own write read back, counter",
        (_count_and_look, _count_and_look, _count_and_look),
        TRIO,
        final=lambda cells: cells.counter("n").value(),
        outcomes=in_any_order(1, 2, 3, final=3),
    ),
]

ISOLATION = [
    *_LOST_UPDATE,
    *_WRITE_SKEW,
    *_READ_SKEW,
    *_LONG_FORK,
    *_ABA,
    *_PHANTOM,
    *_OWN_WRITES,
]
