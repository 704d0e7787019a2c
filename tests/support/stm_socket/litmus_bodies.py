"""Bodies and outcomes that several litmus tests share."""

from itertools import permutations
from typing import Any

from tests.support.stm_socket.litmus import Body, Cells, Outcome

PAIR, TRIO = (3, 3), (2, 2, 2)
"""Flights of the usual casts: 20 orders and 90."""


def each_of(*outcomes: Outcome) -> frozenset[Outcome]:
    """Return these outcomes."""
    return frozenset(outcomes)


def in_any_order(*values: Any, final: Any) -> frozenset[Outcome]:
    """Return one outcome per order in which the actors may have got these values."""
    return frozenset((order, final) for order in permutations(values))


def read_a(cells: Cells) -> int:
    """Return what `a` is."""
    return cells.var("a").get()


def read_ab(cells: Cells) -> tuple[int, int]:
    """Return what `a` and `b` are."""
    return cells.var("a").get(), cells.var("b").get()


def look(cells: Cells) -> tuple[int, int]:
    """Return what `a` and `b` are, and note it."""
    seen = read_ab(cells)
    cells.see(*seen)
    return seen


def write(name: str, number: int = 1) -> Body:
    """Return a body that sets a variable blindly."""

    def body(cells: Cells) -> None:
        cells.var(name).set(number)

    return body


def add_one(cells: Cells) -> int:
    """Add one to `a`; return what it was."""
    a = cells.var("a")
    seen = a.get()
    a.set(seen + 1)
    return seen


def add_to_both(cells: Cells) -> int:
    """Add one to `a` and `b`, which are equal; return what they were."""
    a, b = cells.var("a"), cells.var("b")
    first, second = a.get(), b.get()
    cells.see(first, second)
    a.set(first + 1)
    b.set(second + 1)
    return first
