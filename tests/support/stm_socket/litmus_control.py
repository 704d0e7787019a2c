"""Litmus tests of control flow: rollback, waiting, and answers that others need not disturb."""

from swarm_workers.stm import check, nested, or_else
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

# or_else, exceptions, nested


def _hundred_or_one(cells: Cells) -> str:
    a, b = cells.var("a"), cells.var("b")

    def left() -> str:
        a.set(a.get() + 100)
        check(b.get())
        return "left"

    def right() -> str:
        a.set(a.get() + 1)
        return "right"

    return or_else(left, right)


def _count_hundred_or_one(cells: Cells) -> str:
    number = cells.counter("n")

    def left() -> str:
        number.add(100)
        check(cells.var("b").get())
        return "left"

    def right() -> str:
        number.add(1)
        return "right"

    return or_else(left, right)


def _read_a_and_set_b(cells: Cells) -> int:
    seen = cells.var("a").get()
    cells.var("b").set(1)
    return seen


def _fail_after_writing(cells: Cells) -> None:
    a, b = cells.var("a"), cells.var("b")
    seen = a.get()
    a.set(50)
    cells.see(seen, b.get())
    b.set(50)
    raise LookupError(seen)


def _fail_at_once(cells: Cells) -> None:
    a = cells.var("a")
    seen = a.get()
    a.set(50)
    raise LookupError(seen)


def _attempt_inside(cells: Cells) -> bool:
    a, b, c = cells.var("a"), cells.var("b"), cells.var("c")

    def inner() -> bool:
        b.set(100)
        if not c.get():
            raise LookupError("inner")
        return True

    a.set(a.get() + 1)
    try:
        return nested(inner)
    except LookupError:
        return False


def _read_ab_and_set_c(cells: Cells) -> tuple[int, int]:
    seen = read_ab(cells)
    cells.var("c").set(1)
    return seen


def _count_inside(cells: Cells) -> bool:
    number = cells.counter("n")

    def inner() -> bool:
        number.add(100)
        if not cells.var("c").get():
            raise LookupError("inner")
        return True

    number.add(1)
    try:
        return nested(inner)
    except LookupError:
        return False


_ROLLBACK = [
    Litmus(
        "or_else drops its left branch, variable",
        (_hundred_or_one, _read_a_and_set_b),
        PAIR,
        final=read_a,
        outcomes=each_of((("right", 1), 1), (("left", 0), 100)),
    ),
    Litmus(
        "or_else drops its left branch, counter",
        (_count_hundred_or_one, _count_hundred_or_one, write("b")),
        TRIO,
        final=lambda cells: cells.counter("n").value(),
        outcomes=each_of(
            (("right", "right", None), 2),
            (("right", "left", None), 101),
            (("left", "right", None), 101),
            (("left", "left", None), 200),
        ),
    ),
    Litmus(
        "an exception undoes two writes",
        (add_to_both, _fail_after_writing),
        PAIR,
        final=read_ab,
        outcomes=each_of(((0, ("raised", 0)), (1, 1)), ((0, ("raised", 1)), (1, 1))),
        is_possible=lambda a, b: a == b,
    ),
    Litmus(
        "an exception undoes one write",
        (add_one, _fail_at_once, _fail_at_once),
        TRIO,
        final=read_a,
        outcomes=frozenset(
            ((0, ("raised", first), ("raised", second)), 1) for first in (0, 1) for second in (0, 1)
        ),
    ),
    Litmus(
        "a nested failure undoes its part, variable",
        (_attempt_inside, _read_ab_and_set_c),
        PAIR,
        final=read_ab,
        outcomes=each_of(((False, (1, 0)), (1, 0)), ((True, (0, 0)), (1, 100))),
    ),
    Litmus(
        "a nested failure undoes its part, counter",
        (_count_inside, _count_inside, write("c")),
        TRIO,
        final=lambda cells: cells.counter("n").value(),
        outcomes=each_of(
            ((False, False, None), 2),
            ((False, True, None), 102),
            ((True, False, None), 102),
            ((True, True, None), 202),
        ),
    ),
]


# Waiting


def _wait_for_both(cells: Cells) -> tuple[int, int]:
    seen = look(cells)
    check(seen[1])
    cells.var("w").set(1)
    return seen


def _open_both(cells: Cells) -> None:
    cells.var("b").set(cells.var("a").get() + 1)
    cells.var("a").set(1)


def _pop(cells: Cells) -> str:
    return cells.queue("q").pop()


def _push_two(cells: Cells) -> None:
    cells.queue("q").push("x")
    cells.queue("q").push("y")


def _push(queue: str, element: str) -> Body:
    def body(cells: Cells) -> None:
        cells.queue(queue).push(element)

    return body


def _pop_either(cells: Cells) -> str:
    return or_else(cells.queue("q").pop, cells.queue("r").pop)


def _wait_for_either(cells: Cells) -> str:
    def left() -> str:
        check(cells.var("a").get())
        return "left"

    def right() -> str:
        check(cells.var("b").get())
        return "right"

    return or_else(left, right)


def _read_c_and_set_b(cells: Cells) -> None:
    cells.var("b").set(cells.var("c").get() + 1)


def _left_over(cells: Cells) -> tuple[str | None, str | None]:
    return cells.queue("q").try_pop(), cells.queue("r").try_pop()


_WAITING = [
    Litmus(
        "no wake-up is lost, variables",
        (_wait_for_both, _open_both),
        PAIR,
        waits=True,
        final=read_ab,
        outcomes=each_of((((1, 1), None), (1, 1))),
        is_possible=lambda a, b: a == b,
    ),
    Litmus(
        "no wake-up is lost, two wait for two elements",
        (_pop, _pop, _push_two),
        TRIO,
        waits=True,
        final=_left_over,
        outcomes=each_of((("x", "y", None), (None, None)), (("y", "x", None), (None, None))),
    ),
    Litmus(
        "both branches retry, variables",
        (_wait_for_either, _read_c_and_set_b),
        PAIR,
        waits=True,
        final=read_ab,
        outcomes=each_of((("right", None), (0, 1))),
    ),
    Litmus(
        "both branches retry, queues",
        (_pop_either, _push("q", "x"), _push("r", "y")),
        (3, 2, 2),
        waits=True,
        final=_left_over,
        outcomes=each_of((("x", None, None), (None, "y")), (("y", None, None), ("x", None))),
    ),
]


# What others may change as long as the answer stays the same


def _take_two(cells: Cells) -> int:
    return cells.counter("n").take(2)


def _take_one_and_note(cells: Cells) -> int:
    cells.var("w").set(cells.var("w").get() + 1)
    return cells.counter("n").take(1)


def _try_pop(cells: Cells) -> str | None:
    return cells.queue("q").try_pop()


def _number(cells: Cells) -> int:
    return cells.counter("n").value()


_SOFT = [
    Litmus(
        "a budget of three, taken by twos",
        (_take_two, _take_two, _take_two),
        TRIO,
        setup=lambda cells: cells.counter("n").add(3),
        final=_number,
        outcomes=in_any_order(2, 1, 0, final=0),
    ),
    Litmus(
        "a budget of one, and a note of each attempt",
        (_take_one_and_note, _take_one_and_note),
        PAIR,
        setup=lambda cells: cells.counter("n").add(1),
        final=lambda cells: (_number(cells), cells.var("w").get()),
        outcomes=in_any_order(1, 0, final=(0, 2)),
    ),
    Litmus(
        "a queue of one, popped beside a push",
        (_try_pop, _try_pop, _push("q", "y")),
        TRIO,
        setup=_push("q", "x"),
        final=_try_pop,
        outcomes=each_of(
            (("x", None, None), "y"),
            ((None, "x", None), "y"),
            (("x", "y", None), None),
            (("y", "x", None), None),
        ),
    ),
]

CONTROL = [
    *_ROLLBACK,
    *_WAITING,
    *_SOFT,
]
