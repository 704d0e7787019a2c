"""Wrong use gets one clear sentence, on every backend."""

from dataclasses import dataclass
from enum import StrEnum

import pytest

from swarm_workers.stm import (
    ForeignTransactionError,
    InvalidNameError,
    NotInTransactionError,
    Stm,
    StmCodecError,
    StmUsageError,
    ValueTooLargeError,
    retry,
)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Record:
    colour: Colour = Colour.RED
    span: tuple[str, int, int] | None = None
    names: tuple[str, ...] = ()


def test_values_of_every_shape_come_back_as_they_went(stm: Stm) -> None:
    record = stm.var("record", Record, default=Record())
    table = stm.var("table", dict[str, list[int]], default={})
    maybe = stm.var("maybe", Record | None, default=None)

    def write() -> None:
        record.set(Record(span=("a", 1, 2), names=("x", "ü")))
        table.set({"k": [1, 2**70]})
        maybe.set(Record())

    stm.atomically(write)
    read = stm.atomically(lambda: (record.get(), table.get(), maybe.get()))
    assert read == (Record(span=("a", 1, 2), names=("x", "ü")), {"k": [1, 2**70]}, Record())


def test_changing_a_value_in_place_changes_nothing_that_is_shared(stm: Stm) -> None:
    names = stm.var("names", list[str], default=[])
    stm.atomically(lambda: names.get().append("mine"))
    assert stm.atomically(names.get) == []


def test_variables_and_retry_are_refused_outside_a_transaction(stm: Stm) -> None:
    uses = [
        stm.var("v", int, default=0).get,
        stm.counter("n").value,
        stm.set("s", str).members,
        stm.map("m", str).items,
        stm.queue("q", str).pop,
        lambda: stm.stream("x").append("text"),
        retry,
    ]
    for use in uses:
        with pytest.raises(NotInTransactionError, match="outside a transaction"):
            use()


def test_a_transaction_does_not_span_spaces(stm: Stm) -> None:
    foreign = Stm.in_memory("elsewhere").var("v", int, default=0)
    with pytest.raises(ForeignTransactionError, match="cannot span two") as caught:
        stm.atomically(foreign.get)
    assert caught.value.space == "elsewhere"


def test_a_value_of_another_type_is_refused_before_anything_is_written(stm: Stm) -> None:
    value = stm.var("v", int, default=0)
    with pytest.raises(StmCodecError, match="'v' does not fit"):
        stm.atomically(value.set, "text")  # type: ignore[arg-type]
    with pytest.raises(StmCodecError, match="'w' does not fit"):
        stm.var("w", int, default="text")


def test_a_value_over_the_limit_is_refused_with_both_sizes(stm: Stm) -> None:
    value = stm.var("v", str, default="")
    with pytest.raises(ValueTooLargeError) as caught:
        stm.atomically(value.set, "x" * 65536)
    assert (caught.value.size_bytes, caught.value.limit_bytes) == (65538, 65536)


def test_names_that_could_collide_or_be_misread_are_refused(stm: Stm) -> None:
    with pytest.raises(InvalidNameError, match="without ':'"):
        stm.map("a:b", str)
    with pytest.raises(InvalidNameError, match="printable"):
        stm.var("line\nbreak", int, default=0)
    with pytest.raises(InvalidNameError, match="space"):
        Stm.in_memory("{tag}*")


def test_steps_of_a_counter_are_whole_and_bounded(stm: Stm) -> None:
    total = stm.counter("n")
    for amount in (2**41, 0.5, True):
        with pytest.raises(StmUsageError, match="cannot change by"):
            stm.atomically(total.add, amount)  # type: ignore[arg-type]
    with pytest.raises(StmUsageError, match="ask for 0 or more"):
        stm.atomically(total.take, -1)


def test_an_async_body_and_a_closed_stm_are_refused(stm: Stm) -> None:
    async def body() -> None: ...

    with pytest.raises(StmUsageError, match="is async"):
        stm.atomically(body)
    stm.close()
    with pytest.raises(StmUsageError, match="closed"):
        stm.atomically(lambda: None)
