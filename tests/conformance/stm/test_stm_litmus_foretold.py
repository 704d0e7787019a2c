"""What was fetched because the same code has read it before need not be true any more."""

from swarm_workers.stm import Stm
from tests.conformance.stm.conftest import Interference

_RUNS_BEFORE = 3


def test_a_blind_write_of_what_was_foretold_is_not_left_out(stm: Stm, others: Interference) -> None:
    a, b = stm.var("a", int, default=0), stm.var("b", int, default=0)

    def body(number: int, how: str) -> None:
        if how == "looks":
            a.get()
        else:
            others.once(lambda: a.set(2))
        a.set(7)
        b.set(number)

    for number in range(_RUNS_BEFORE):
        stm.atomically(body, number, "looks")
    stm.atomically(body, _RUNS_BEFORE, "blindly")
    assert stm.atomically(lambda: (a.get(), b.get())) == (7, _RUNS_BEFORE)


def test_a_blind_entry_that_was_foretold_keeps_its_key(stm: Stm, others: Interference) -> None:
    entries = stm.map("m", int)

    def body(number: int, how: str) -> None:
        if how == "looks":
            entries.get("k")
        else:
            others.once(lambda: entries.remove("k"))
        entries.put("k", number)

    for number in range(_RUNS_BEFORE):
        stm.atomically(body, number, "looks")
    stm.atomically(body, _RUNS_BEFORE, "blindly")
    assert stm.atomically(entries.items) == {"k": _RUNS_BEFORE}
