"""The shapes of transactions that the table of flights names, and one example of each."""

import threading
from collections.abc import Callable
from functools import partial

from orchestrator.bench.stm.scene import Scene, Shape
from swarm_workers.stm import TVar, check, or_else, retry

_QUIET_SECONDS = 0.3
_READS = 5


def _add(*variables: TVar[int]) -> None:
    for variable in variables:
        variable.set(variable.get() + 1)


def _read(*variables: TVar[int]) -> list[int]:
    return [variable.get() for variable in variables]


def _handles(scene: Scene) -> int:
    return scene.count(lambda: [scene.var(f"handle/{number}") for number in range(10)])


def _blocked(scene: Scene) -> int:
    """Count what a blocked transaction sends while nothing happens."""
    signal, done = scene.var("signal"), threading.Event()

    def wait() -> None:
        scene.stm.atomically(lambda: check(signal.get() > 0), timeout_seconds=20)
        done.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    done.wait(_QUIET_SECONDS)
    sent = scene.count(lambda: done.wait(_QUIET_SECONDS))
    scene.disturb("signal")
    thread.join(20)
    return sent if done.is_set() else -1


def _known_reads(scene: Scene) -> int:
    variables = [scene.var(f"known/{number}") for number in range(10)]
    scene.stm.atomically(_read, *variables)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(_read, *variables))


def _first_read(scene: Scene) -> int:
    return scene.count(lambda: scene.stm.atomically(_read, scene.var("first/read")))


def _blind_set(scene: Scene) -> int:
    return scene.count(lambda: scene.stm.atomically(scene.var("blind").set, 7))


def _counter(scene: Scene) -> int:
    return scene.count(lambda: scene.stm.atomically(scene.stm.counter("added").add, 1))


def _commutative(scene: Scene) -> int:
    members, entries = scene.stm.set("members", str), scene.stm.map("entries", int)
    stream, jobs = scene.stm.stream("reports"), scene.stm.queue("jobs", str)

    def body() -> None:
        members.add("member")
        entries.put("entry", 1)
        stream.append("report")
        jobs.push("job")

    return scene.count(lambda: scene.stm.atomically(body))


def _other_variables(scene: Scene) -> int:
    scene.stm.atomically(_add, scene.var("a/1"), scene.var("a/2"))
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(_add, scene.var("b/1"), scene.var("b/2")))


def _later_write(scene: Scene) -> int:
    variables = [scene.var("later/1"), scene.var("later/2")]

    def body() -> None:  # nothing in its arguments says what it will read
        _add(*variables)

    scene.stm.atomically(body)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(body))


def _back_to_back(scene: Scene) -> int:
    variable = scene.var("steady")
    for _ in range(4):
        scene.stm.atomically(_add, variable)
    return scene.count(lambda: scene.stm.atomically(_add, variable))


def _chain_of(scene: Scene, name: str) -> Callable[[], None]:
    def body() -> None:
        place = 0
        for _ in range(_READS):
            place = scene.var(f"{name}/{place}").get() + place + 1
        end = scene.var(f"{name}/{_READS - 1}")
        end.set(end.get() - 1)

    return body


def _first_chain(scene: Scene) -> int:
    body = _chain_of(scene, "chain")
    return scene.count(lambda: scene.stm.atomically(body))


def _later_chain(scene: Scene) -> int:
    body = _chain_of(scene, "again")
    scene.stm.atomically(body)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(body))


def _missed(scene: Scene) -> int:
    """Count a run that reads one variable more than was foreseen."""
    switch, written, more = scene.var("switch"), scene.var("written"), scene.var("more")

    def body() -> None:
        written.set(written.get() + 1 + (more.get() if switch.get() else 0))

    scene.stm.atomically(body)
    scene.disturb("switch")
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(body))


def _aborted(scene: Scene, *, times: int, name: str) -> int:
    runs = []
    variable = scene.var(name)

    def body() -> None:
        runs.append(variable.get())
        if len(runs) <= times:
            scene.disturb(name)
        variable.set(runs[-1] + 1)

    return scene.count(lambda: scene.stm.atomically(body))


def _aborted_once(scene: Scene) -> int:
    return _aborted(scene, times=1, name="disturbed")


def _hot(scene: Scene) -> int:
    """Count a transaction on a variable that has been contended for a moment ago."""
    variable = scene.var("hot")
    _aborted(scene, times=3, name="hot")
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(_add, variable))


def _with_report(scene: Scene) -> int:
    variable, stream = scene.var("reported"), scene.stm.stream("reports")

    def body(value: TVar[int]) -> None:
        _add(value)
        stream.append("report")

    return scene.count(lambda: scene.stm.atomically(body, variable))


def _take(scene: Scene, amount: int) -> int:
    budget = scene.stm.counter("budget")
    scene.stm.atomically(budget.add, 100)
    scene.stm.atomically(budget.take, 1)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(budget.take, amount))


def _pop(scene: Scene) -> int:
    jobs = scene.stm.queue("popped", int)
    for number in range(3):
        scene.stm.atomically(jobs.push, number)
    scene.stm.atomically(jobs.pop)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(jobs.pop))


def _raising(scene: Scene) -> int:
    variable = scene.var("raising")

    def body(value: TVar[int]) -> None:
        value.set(value.get() + 1)
        raise KeyError(value.name)

    def attempt() -> None:
        try:
            scene.stm.atomically(body, variable)
        except KeyError:
            return

    return scene.count(attempt)


def _alternative(scene: Scene) -> int:
    left, right = scene.var("left"), scene.var("right")

    def give_up() -> None:
        left.set(left.get() + 1)
        retry()

    def body() -> None:
        or_else(give_up, lambda: _add(right))

    scene.stm.atomically(body)
    scene.do_unrelated()
    return scene.count(lambda: scene.stm.atomically(body))


SHAPES = (
    Shape("handles are made", (0,), _handles),
    Shape("blocked in retry", (0,), _blocked),
    Shape("reads only, 10 variables, later run", (1,), _known_reads),
    Shape("reads only, one variable, first run", (1,), _first_read),
    Shape("blind set", (1,), _blind_set),
    Shape("counter.add", (1,), _counter),
    Shape("set, map, stream and queue, blind", (1,), _commutative),
    Shape("reads and writes, later run, other variables", (2,), _other_variables),
    Shape("reads and writes, later run, same variables", (2,), _later_write),
    Shape("reads and writes, back to back", (1,), _back_to_back),
    Shape(f"{_READS} dependent reads, first run", (_READS + 1,), _first_chain),
    Shape(f"{_READS} dependent reads, later run", (2,), _later_chain),
    Shape("one read that was not foreseen", (3,), _missed),
    Shape("aborted once", (3, 4), _aborted_once),
    Shape("with a token", (2,), _hot),
    Shape("with a report", (2,), _with_report),
    Shape("counter.take, later run", (2,), partial(_take, amount=1)),
    Shape("counter.take, later run, another amount", (2,), partial(_take, amount=5)),
    Shape("queue.pop, later run", (2,), _pop),
    Shape("raises after a read", (1,), _raising),
    Shape("or_else, both branches known", (2,), _alternative),
    Shape("function engine, back to back", (1,), _back_to_back, "function"),
)
