"""Several clients of one space do to it what the same programs do to plain collections.

Each rule runs a transaction and compares every answer that the body got, in every run of it, with
those of the model; then the model goes where the commit went.
"""

import copy
import itertools
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from swarm_workers.stm import SnapshotStaleError, Stm, TransactionTimeoutError
from tests.support.stm_socket.clients import connect
from tests.support.stm_socket.model import (
    FaultError,
    Log,
    Model,
    ModelRetry,
    Program,
    Space,
    perform,
)

_NUMBERS = itertools.count(1)
_CLIENTS = 3
_KINDS = ["watch", "function"]
_ENOUGH_SECONDS = 0.005
"""For a transaction that has to give up."""
_STALL_SECONDS_MAX = 20

_CLIENT = st.integers(0, _CLIENTS - 1)
_NAME = st.sampled_from("abc")
_SMALL = st.integers(0, 3)
_STEP = st.one_of(
    st.tuples(st.just("set"), _NAME, _SMALL),
    st.tuples(st.just("get"), _NAME),
    st.tuples(st.just("take"), _SMALL, _SMALL),
    st.tuples(st.sampled_from(["add", "push"]), _SMALL),
    st.tuples(st.sampled_from(["insert", "discard", "contains", "fetch", "delete"]), _NAME),
    st.tuples(st.just("put"), _NAME, _SMALL),
    st.tuples(st.sampled_from(["total", "listing", "items", "try_pop"])),
)
_STRAIGHT = st.lists(_STEP, max_size=5)
_READS = st.lists(st.tuples(st.just("get"), _NAME), min_size=1, max_size=3)
_WRITES = st.lists(st.tuples(st.just("set"), _NAME, _SMALL), min_size=1, max_size=3)
_WAIT = st.one_of(
    st.tuples(st.just("pop")),
    st.tuples(st.just("await_total"), st.integers(1, 4)),
    st.tuples(st.just("or_else"), st.just([("pop",)]), st.just([("await_total", 3)])),
)
_BLOCK = st.recursive(
    _STRAIGHT,
    lambda inner: st.lists(
        _STEP
        | st.tuples(st.just("nested"), inner.map(lambda steps: [*steps, ("fail",)]) | inner)
        | st.tuples(st.just("or_else"), inner.map(lambda steps: [*steps, ("retry",)]), inner),
        max_size=5,
    ),
    max_leaves=8,
)
_PROGRAM = st.one_of(
    _BLOCK,
    st.builds(lambda wait, rest: [wait, *rest], _WAIT, _STRAIGHT),
    _BLOCK.map(lambda steps: [*steps, ("fail", "at the end")]),
)


class Rehearsal:
    """What a program does to a model."""

    def __init__(self, model: Model, program: Program) -> None:
        self.after = copy.deepcopy(model)
        self.log: Log = []
        self.end: type[BaseException] | None = None
        """What it raises."""
        try:
            perform(self.after, program, self.log)
        except (FaultError, ModelRetry) as end:
            self.end = type(end)
            self.after = copy.deepcopy(model)


class Waiter:
    """A transaction that waits in a thread of its own until its program can end."""

    def __init__(self, space: Space, program: Program) -> None:
        self.program = program
        self.log: Log = []
        self._space = space
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> Log:
        self._thread.join(_STALL_SECONDS_MAX)
        assert not self._thread.is_alive(), f"{self.program} was not woken"
        return self.log

    def _run(self) -> None:
        def body() -> Log:
            log: Log = []
            perform(self._space, self.program, log)
            return log

        self.log = self._space.stm.atomically(body)  # it may have to wait for the whole example


class Clients(RuleBasedStateMachine):
    """The space, by several clients, beside the model."""

    def __init__(self, connect: Callable[[], list[Stm]]) -> None:
        super().__init__()
        self.stms = connect()
        self.spaces = [Space(stm) for stm in self.stms]
        self.model = Model()
        self.waiter: Waiter | None = None

    @rule(client=_CLIENT, program=_PROGRAM)
    def transact(self, client: int, program: Program) -> None:
        expected = Rehearsal(self.model, program)
        if expected.end is ModelRetry and self.waiter is None:
            self._give_up(client, program)
        elif expected.end is not ModelRetry:
            log = self._run(client, program, expected.end)
            assert log == expected.log
            self._advance(expected.after)

    @rule(
        client=_CLIENT,
        before=_READS | _STRAIGHT,
        other=_CLIENT,
        theirs=_WRITES | _STRAIGHT,
        after=_READS | _STRAIGHT,
    )
    @precondition(lambda self: self.waiter is None)
    def transact_while_another_commits(
        self, client: int, before: Program, other: int, theirs: Program, after: Program
    ) -> None:
        others = Rehearsal(self.model, theirs)
        early = Rehearsal(self.model, before + after)
        late = Rehearsal(others.after, before + after)
        runs: list[Log] = []

        def body() -> None:
            runs.append([])
            perform(self.spaces[client], before, runs[-1])
            if len(runs) == 1:
                _in_thread(lambda: self._run(other, theirs, None))
            perform(self.spaces[client], after, runs[-1])

        self.stms[client].atomically(body)
        for log in runs:
            # A run that did not end has seen the beginning of one of the two.
            assert log in (early.log[: len(log)], late.log[: len(log)])
        ends = [late.after] if runs[-1] == late.log else []
        if runs[-1] == early.log and early.after == self.model:
            # It wrote what was there anyway, so it may have taken place before the other.
            ends.append(others.after)
        fitting = [end for end in ends if self._run(*_look_at_all(client, end)) == _seen_in(end)]
        assert fitting, "it missed what the other had committed, or the other what it had"
        self.model = fitting[0]

    @rule(client=_CLIENT, other=_CLIENT, theirs=_WRITES | _STRAIGHT, may_merge=st.booleans())
    @precondition(lambda self: self.waiter is None)
    def think_while_another_commits(
        self,
        client: int,
        other: int,
        theirs: Program,
        may_merge: bool,  # noqa: FBT001 - drawn
    ) -> None:
        stm: Any = self.stms[client]
        look: Program = [("get", "a"), ("get", "b"), ("total",), ("contains", "c"), ("items",)]
        snapshot = stm.snapshot(lambda: self._look(client, look))
        assert snapshot.value == Rehearsal(self.model, look).log
        self._run(other, theirs, None)
        before, self.model = self.model, Rehearsal(self.model, theirs).after
        now = Rehearsal(self.model, look).log
        mine = self._commit_if(stm, client, snapshot, now if may_merge else None)
        if mine == "applied":
            assert now == snapshot.value, "it held, and should not have"
        elif self.model == before:
            # Writing what is there anyway may count as a change; writing nothing may not.
            assert theirs, "nothing had happened"
        if mine != "stale":
            self.model = Rehearsal(self.model, [("set", "c", len(mine))]).after

    @rule(client=_CLIENT, wait=_WAIT, rest=_STRAIGHT)
    @precondition(lambda self: self.waiter is None)
    def begin_to_wait(self, client: int, wait: tuple[Any, ...], rest: Program) -> None:
        self.waiter = Waiter(self.spaces[client], [wait, *rest])
        self._advance(self.model)

    @invariant()
    def every_client_sees_the_model(self) -> None:
        if self.waiter is None:
            look: Program = [("get", "a"), ("total",), ("listing",), ("items",)]
            seen = self._run(next(_NUMBERS) % _CLIENTS, look, None)
            assert seen == Rehearsal(self.model, look).log

    def teardown(self) -> None:
        try:
            if self.waiter is not None:
                self._run(0, [("push", 1), ("add", 10)], None)
                self.waiter.join()
        finally:
            self.stms[0].purge()
            for stm in self.stms:
                stm.close()

    def _advance(self, after: Model) -> None:
        """Make this the state; if somebody waits for it, see him through."""
        self.model = after
        if self.waiter is not None:
            woken = Rehearsal(self.model, self.waiter.program)
            if woken.end is None:
                assert self.waiter.join() == woken.log
                self.model, self.waiter = woken.after, None

    def _run(self, client: int, program: Program, end: type[BaseException] | None) -> Log:
        log: Log = []

        def body() -> None:
            log.clear()
            perform(self.spaces[client], program, log)

        if end is None:
            self.stms[client].atomically(body)
        else:
            with pytest.raises(end):
                self.stms[client].atomically(body)
        return log

    def _look(self, client: int, program: Program) -> Log:
        log: Log = []
        perform(self.spaces[client], program, log)
        return log

    def _commit_if(self, stm: Any, client: int, snapshot: Any, now: Log | None) -> str:
        """Write into `c` how it ended; return that: applied, merged or stale."""
        space, ended = self.spaces[client], ["stale"]

        def write(how: str) -> None:
            space.set("c", len(how))
            ended[0] = how

        def merge(then: Log, seen: Log) -> None:
            assert (then, seen) == (snapshot.value, now)
            write("merged")

        if now is not None:
            stm.commit_if(snapshot, lambda _: write("applied"), merge=merge)
        else:
            with suppress(SnapshotStaleError):
                stm.commit_if(snapshot, lambda _: write("applied"))
        return ended[0]

    def _give_up(self, client: int, program: Program) -> None:
        with pytest.raises(TransactionTimeoutError):
            self.stms[client].atomically(
                perform, self.spaces[client], program, [], timeout_seconds=_ENOUGH_SECONDS
            )


def _look_at_all(client: int, model: Model) -> tuple[int, Program, type[BaseException]]:
    """Return what tells whether this is the state; it takes all elements, and does not commit."""
    pops = [("try_pop",)] * (len(model.elements) + 1)
    look: Program = [("get", name) for name in "abc"]
    return client, [*look, ("total",), ("listing",), ("items",), *pops, ("fail",)], FaultError


def _seen_in(model: Model) -> Log:
    return Rehearsal(model, _look_at_all(0, model)[1]).log


def _in_thread(action: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join(_STALL_SECONDS_MAX)
    assert not thread.is_alive()
    if failures:
        raise failures[0]


def _in_memory() -> list[Stm]:
    return [Stm.in_memory("machine")] * _CLIENTS


def _on_redis(url: str, kind: str) -> Callable[[], list[Stm]]:
    def connect_all() -> list[Stm]:
        space = f"machine-{os.getpid()}-{next(_NUMBERS)}"
        return [connect(kind, url, space) for _ in range(_CLIENTS)]

    return connect_all


def _play(connect: Callable[[], list[Stm]], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Clients(connect),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_clients_in_one_process_behave_like_plain_collections() -> None:
    _play(_in_memory, examples=15, steps=20)


@pytest.mark.parametrize("kind", _KINDS)
def test_clients_of_a_server_behave_like_plain_collections(redis_url: str, kind: str) -> None:
    _play(_on_redis(redis_url, kind), examples=15, steps=20)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_clients_in_one_process_behave_like_plain_collections_for_long() -> None:
    _play(_in_memory, examples=2000, steps=50)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", _KINDS)
def test_clients_of_a_server_behave_like_plain_collections_for_long(
    redis_url: str, kind: str
) -> None:
    _play(_on_redis(redis_url, kind), examples=2000, steps=20)
