"""Programs of random operations do to a space what they do to plain Python collections."""

import copy
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm_workers.stm import Stm, nested, or_else, retry

_NUMBERS = itertools.count(1)
_NAMES = st.sampled_from(["a", "b", "c"])
_SMALL = st.integers(0, 3)
_STEP = st.one_of(
    st.tuples(st.sampled_from(["set", "add", "take", "push"]), _SMALL),
    st.tuples(st.sampled_from(["insert", "discard", "contains", "fetch", "delete"]), _NAMES),
    st.tuples(st.just("put"), _NAMES, _SMALL),
    st.tuples(st.sampled_from(["get", "value", "members", "items", "pop"])),
)
_BLOCK = st.recursive(
    st.lists(_STEP, max_size=5),
    lambda inner: st.lists(
        _STEP | st.tuples(st.sampled_from(["nested", "or_else", "or_else_both"]), inner), max_size=5
    ),
    max_leaves=8,
)
_PROGRAM = st.lists(st.tuples(_BLOCK, st.booleans()), max_size=5)


@dataclass
class _Model:
    """A space as plain collections."""

    value: int = 0
    total: int = 0
    names: set[str] = field(default_factory=set)
    entries: dict[str, int] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)


class _Rehearsal:
    """One step on the space and on the model: both must answer the same."""

    def __init__(self, stm: Stm) -> None:
        self.value = stm.var("v", int, default=0)
        self.total = stm.counter("n")
        self.names = stm.set("s", str)
        self.entries = stm.map("m", int)
        self.queue = stm.queue("q", int)

    def step(self, model: _Model, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        expected, actual = getattr(self, f"_{kind}")(model, *rest)
        assert actual == expected, (kind, rest)

    def block(self, model: _Model, steps: list[tuple[Any, ...]]) -> None:
        for step in steps:
            if step[0] in ("nested", "or_else", "or_else_both"):
                self._in_branch(model, *step)
            else:
                self.step(model, step)

    def _in_branch(self, model: _Model, kind: str, steps: list[tuple[Any, ...]]) -> None:
        def dropped() -> None:
            self.block(copy.deepcopy(model), steps)
            if kind == "nested":
                raise LookupError("dropped")
            retry()

        if kind == "nested":
            with pytest.raises(LookupError, match="dropped"):
                nested(dropped)
        elif kind == "or_else":
            or_else(dropped, lambda: None)
        else:
            or_else(dropped, lambda: self.block(model, steps))

    def _set(self, model: _Model, number: int) -> tuple[object, object]:
        model.value = number
        return None, self.value.set(number)  # type: ignore[func-returns-value]

    def _add(self, model: _Model, number: int) -> tuple[object, object]:
        model.total += number
        return None, self.total.add(number)  # type: ignore[func-returns-value]

    def _take(self, model: _Model, number: int) -> tuple[object, object]:
        taken = max(0, min(number, model.total - 1))
        model.total -= taken
        return taken, self.total.take(number, floor=1)

    def _push(self, model: _Model, number: int) -> tuple[object, object]:
        model.queue.append(number)
        return None, self.queue.push(number)  # type: ignore[func-returns-value]

    def _insert(self, model: _Model, name: str) -> tuple[object, object]:
        model.names.add(name)
        return None, self.names.add(name)  # type: ignore[func-returns-value]

    def _discard(self, model: _Model, name: str) -> tuple[object, object]:
        model.names.discard(name)
        return None, self.names.remove(name)  # type: ignore[func-returns-value]

    def _contains(self, model: _Model, name: str) -> tuple[object, object]:
        return name in model.names, name in self.names

    def _put(self, model: _Model, name: str, number: int) -> tuple[object, object]:
        model.entries[name] = number
        return None, self.entries.put(name, number)  # type: ignore[func-returns-value]

    def _fetch(self, model: _Model, name: str) -> tuple[object, object]:
        return model.entries.get(name), self.entries.get(name)

    def _delete(self, model: _Model, name: str) -> tuple[object, object]:
        model.entries.pop(name, None)
        return None, self.entries.remove(name)  # type: ignore[func-returns-value]

    def _get(self, model: _Model) -> tuple[object, object]:
        return model.value, self.value.get()

    def _value(self, model: _Model) -> tuple[object, object]:
        return model.total, self.total.value()

    def _members(self, model: _Model) -> tuple[object, object]:
        return model.names, self.names.members()

    def _items(self, model: _Model) -> tuple[object, object]:
        return model.entries, self.entries.items()

    def _pop(self, model: _Model) -> tuple[object, object]:
        return model.queue.pop(0) if model.queue else None, self.queue.try_pop()


def _run(stm: Stm, program: list[tuple[list[tuple[Any, ...]], bool]]) -> None:
    rehearsal, model = _Rehearsal(stm), _Model()
    for steps, is_kept in program:
        model = stm.atomically(_transaction(rehearsal, model, steps)) if is_kept else model
        if not is_kept:
            with pytest.raises(LookupError, match="aborted"):
                stm.atomically(_aborted(rehearsal, model, steps))
    final = [("get",), ("value",), ("members",), ("items",)]
    final += [("pop",)] * (len(model.queue) + 1)
    stm.atomically(rehearsal.block, model, final)


def _transaction(
    rehearsal: _Rehearsal, model: _Model, steps: list[tuple[Any, ...]]
) -> Callable[[], _Model]:
    def body() -> _Model:
        after = copy.deepcopy(model)
        rehearsal.block(after, steps)
        return after

    return body


def _aborted(
    rehearsal: _Rehearsal, model: _Model, steps: list[tuple[Any, ...]]
) -> Callable[[], _Model]:
    def body() -> _Model:
        _transaction(rehearsal, model, steps)()
        raise LookupError("aborted")

    return body


@settings(max_examples=300)
@given(_PROGRAM)
def test_a_space_in_memory_behaves_like_plain_collections(
    program: list[tuple[list[tuple[Any, ...]], bool]],
) -> None:
    _run(Stm.in_memory("model"), program)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(program=_PROGRAM)
def test_a_space_on_redis_behaves_like_plain_collections(
    redis_url: str, program: list[tuple[list[tuple[Any, ...]], bool]]
) -> None:
    stm = Stm.connect(redis_url, f"stm-model-{os.getpid()}-{next(_NUMBERS)}")
    try:
        _run(stm, program)
    finally:
        stm.close()
