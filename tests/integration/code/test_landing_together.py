"""Changes of several attempts that are tested together: on a real Postgres, judged by a rule.

The rule stands for the success command, so that a test can say what goes together and what not:
module `m<n>` is right if it says `value = <n>`; `bad` in any file turns the test `clean` red.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, make_url, text

from swarm_workers.problems.code.batches import Queued
from swarm_workers.problems.code.landing import Landed, Lander, Refused, Request
from swarm_workers.problems.code.merge_queue import MergeQueue
from swarm_workers.problems.code.outcome import CommandOutcome, outcome_of
from swarm_workers.problems.code.outcomes import LandingOutcomes
from swarm_workers.problems.code.state_outcomes import StateOutcomes
from swarm_workers.problems.code.workbench import InterruptedAttemptError
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.sandbox.errors import SandboxBrokenError
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, Landing
from tasks_schema.ids import AttemptId
from tasks_schema.kinds import QueueState, TestOutcome
from tasks_schema.messages.attempt import TestResult
from tests.support.stored import landings

MODULES = 6
TREE = {f"m{number}.py": TreeFile(b"first = 0\n\n\nvalue = 99\n") for number in range(MODULES)}
NONE: frozenset[str] = frozenset()


class Judge:
    """Says which modules of a tree are right, and counts how often it is asked."""

    def __init__(self) -> None:
        self.runs = 0
        self.is_interrupted = False
        self.meanwhile: Callable[[], None] = lambda: None

    def run_clean(self, tree: Tree) -> tuple[Any, CommandOutcome]:
        self.require_going_on()
        self.runs += 1
        self.meanwhile()
        if any(b"crash" in file.data for file in tree.values()):
            raise SandboxBrokenError("out of memory")
        green = {
            path: b"value = %d\n" % int(path[1:-3]) in file.data for path, file in tree.items()
        }
        green["clean"] = not any(b"bad" in file.data for file in tree.values())
        tests = [
            TestResult(
                test=name, outcome=TestOutcome.PASSED if ok else TestOutcome.FAILED, seconds=0
            )
            for name, ok in green.items()
        ]
        return None, outcome_of(int(not all(green.values())), tests, 0.0)

    def require_going_on(self) -> None:
        if self.is_interrupted:
            raise InterruptedAttemptError


class Desk:
    """A branch with its queue, and a lander on it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = SourceStore(engine)
        self.queue = MergeQueue(engine)
        self.outcomes = LandingOutcomes(engine)
        self.judge = Judge()
        self.branch = self.store.import_tree(TREE, name="modules").branch_id
        self.lander = self.new_lander(self.judge)

    def new_lander(self, judge: Judge) -> Lander:
        return Lander(self.store, self.queue, StateOutcomes(self.store, self.outcomes, judge))

    def fix(self, number: int, *more: bytes, base: int = 0, gained: str = "") -> Request:
        """Return a request that mends a module, and adds lines to it."""
        data = b"first = 0\n\n\nvalue = %d\n" % number + b"".join(more)
        return self.request({f"m{number}.py": data}, gained or f"m{number}.py", base=base)

    def request(self, changes: dict[str, bytes], *gained: str, base: int = 0) -> Request:
        files = {path: TreeFile(data) for path, data in changes.items()}
        return Request(
            self.branch, base, files, "a", AttemptId(uuid.uuid4()), "", NONE, frozenset(gained)
        )

    def let_wait(self, request: Request) -> Request:
        operations = self.store.propose(self.branch, request.base, request.changes)
        change = Change(request.base, operations, "a", request.attempt_id)
        self.queue.put(self.branch, Queued(change, request.gained, request.flaky))
        return request

    def land(self, request: Request) -> Landed | Refused:
        return self.lander.land(request, lambda _tests: "")

    def head_outcome(self) -> CommandOutcome:
        """Return what is recorded of the head; nothing may be there that was not tested."""
        known = self.outcomes.find(self.branch, self.store.head(self.branch).number)
        assert known is not None, "the head was never tested"
        return known

    def waiting(self) -> list[uuid.UUID]:
        query = text("SELECT attempt_id FROM merge_queue WHERE state = 'waiting' ORDER BY number")
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def failed(self) -> dict[uuid.UUID, str]:
        """Return the reasons of the attempts that are said to have failed."""
        query = text("SELECT DISTINCT attempt_id, reason FROM failed_operations")
        with self.engine.connect() as connection:
            return {row.attempt_id: row.reason for row in connection.execute(query)}


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    yield Desk(engine)
    engine.dispose()


def test_changes_that_wait_land_with_one_run_and_a_landing_each(desk: Desk) -> None:
    others = [desk.let_wait(desk.fix(number)) for number in range(5)]
    landed = desk.land(desk.fix(5))
    assert isinstance(landed, Landed)
    assert (landed.landing, landed.head, landed.outcome.is_success) == (6, 6, True)
    assert desk.judge.runs == 2, "once the code as it is, once all six"
    assert desk.head_outcome().passed == MODULES + 1
    for number, request in enumerate(others, start=1):
        assert desk.land(request) == Landed(number, 6, landed.outcome)
    assert [each.exit_status for each in landings(desk.store, desk.branch)[1:]] == [None] * 5 + [0]
    assert desk.judge.runs == 2, "whoever waited runs nothing"


def test_the_one_at_fault_is_found_by_halves_and_all_others_land(desk: Desk) -> None:
    requests = [desk.let_wait(desk.fix(n, b"bad = 1\n" if n == 3 else b"")) for n in range(5)]
    landed = desk.land(desk.fix(5))
    assert isinstance(landed, Landed)
    assert desk.head_outcome().red == {"m3.py"}
    verdicts = [desk.land(request) for request in requests]
    assert [isinstance(each, Landed) for each in verdicts] == [True, True, True, False, True]
    assert verdicts[3] == Refused("it turns 'clean' red")
    assert desk.judge.runs <= 1 + 1 + 2 * 3
    assert desk.failed() == {requests[3].attempt_id: "it turns 'clean' red"}


def test_what_was_tested_in_one_batch_is_not_tested_again_in_its_half(desk: Desk) -> None:
    desk.let_wait(desk.fix(0))
    refused = desk.land(desk.fix(1, b"bad = 1\n"))
    assert isinstance(refused, Refused)
    assert desk.judge.runs == 3, "as it is, both, the first; both again is what failed before"


def test_a_test_that_is_known_to_be_flaky_does_not_send_a_good_change_home(desk: Desk) -> None:
    both = {each: desk.fix(int(each[1])).changes[each].data for each in ("m0.py", "m1.py")}
    request = replace(desk.request(both, "m0.py"), flaky=frozenset({"m1.py"}))
    asked: list[frozenset[str]] = []

    def why_unsteady(tests: frozenset[str]) -> str:
        asked.append(tests)
        return "'m1.py' is flaky" if "m1.py" in tests else ""

    assert isinstance(desk.lander.land(request, why_unsteady), Landed)
    assert asked == [{"m0.py"}]


def test_a_second_cure_of_one_test_is_refused_without_a_run(desk: Desk) -> None:
    first = desk.let_wait(desk.fix(0))
    second = desk.land(desk.fix(0, b"other = 1\n"))
    assert isinstance(desk.land(first), Landed)
    assert second == Refused("all that it turns green is green on the head already")
    assert desk.judge.runs == 2


def test_changes_that_clash_in_one_batch_are_settled_one_after_the_other(desk: Desk) -> None:
    both = {"m0.py": b"first = 1\n\n\nvalue = 0\n"}
    first = desk.let_wait(desk.request(both, "m0.py"))
    clashing = {"m0.py": b"first = 2\n\n\nvalue = 99\n", "m1.py": desk.fix(1).changes["m1.py"].data}
    second = desk.land(desk.request(clashing, "m1.py"))
    assert isinstance(desk.land(first), Landed)
    assert isinstance(second, Refused)
    (clash,) = second.clashes
    assert (clash.base, clash.ours, clash.theirs) == ("first = 0\n", "first = 2\n", "first = 1\n")
    assert "`first = 0` became `first = 2` here and `first = 1` there" in second.reason


def test_a_change_that_does_nothing_for_the_batch_is_told_from_one_that_does(desk: Desk) -> None:
    useless = desk.let_wait(desk.request({"m1.py": b"first = 7\n\n\nvalue = 99\n"}, "m1.py"))
    assert isinstance(desk.land(desk.fix(0)), Landed)
    assert desk.land(useless) == Refused("it turns no red test green")
    assert desk.store.head(desk.branch).number == 1


def test_a_change_that_breaks_the_sandbox_takes_no_other_with_it(desk: Desk) -> None:
    poison = desk.let_wait(desk.fix(0, b"crash = 1\n"))
    assert isinstance(desk.land(desk.fix(1)), Landed)
    refused = desk.land(poison)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("it breaks the sandbox")


def test_a_change_that_is_withdrawn_while_it_is_tested_does_not_land(desk: Desk) -> None:
    gone = desk.let_wait(desk.fix(0))

    def withdraw() -> None:
        if desk.judge.runs == 2:
            desk.queue.withdraw(gone.attempt_id)

    desk.judge.meanwhile = withdraw
    landed = desk.land(desk.fix(1))
    assert isinstance(landed, Landed)
    assert (landed.landing, desk.head_outcome().passed) == (1, 2)
    assert desk.store.landing_of_attempt(gone.attempt_id) is None


def test_a_change_that_is_withdrawn_while_it_fails_is_not_said_to_have_failed(desk: Desk) -> None:
    gone = desk.let_wait(desk.fix(0, b"bad = 1\n"))

    def withdraw() -> None:
        if desk.judge.runs == 3:
            desk.queue.withdraw(gone.attempt_id)

    desk.judge.meanwhile = withdraw
    assert isinstance(desk.land(desk.fix(1)), Landed)
    assert desk.judge.runs >= 3
    assert desk.failed() == {}


def test_a_change_that_cannot_be_joined_any_more_takes_no_other_with_it(desk: Desk) -> None:
    late = desk.let_wait(desk.fix(0))
    moved = desk.request({"m5.py": b"first = 5\n\n\nvalue = 99\n"})
    desk.store.land(
        desk.branch, expected_head=0, author="b", attempt_id=moved.attempt_id, exit_status=1,
        operations=desk.store.propose(desk.branch, 0, moved.changes),
    )  # fmt: skip
    OperationLog(desk.engine).purge(desk.branch, 1)
    assert isinstance(desk.land(desk.fix(1, base=1)), Landed)
    state = desk.queue.state(late.attempt_id)
    assert state is not None
    assert state[0] is QueueState.REFUSED
    assert "landing 0 of branch" in state[1]
    assert desk.failed() == {late.attempt_id: state[1]}


def test_a_head_that_moves_while_a_batch_is_tested_has_it_tested_again(desk: Desk) -> None:
    other = desk.request({"m5.py": b"first = 5\n\n\nvalue = 99\n"})

    def move_head() -> None:
        if desk.judge.runs == 2:
            desk.store.land(
                desk.branch, expected_head=0, author="b", attempt_id=other.attempt_id,
                exit_status=1,
                operations=desk.store.propose(desk.branch, 0, other.changes),
            )  # fmt: skip

    desk.judge.meanwhile = move_head
    landed = desk.land(desk.fix(0))
    assert isinstance(landed, Landed)
    assert (landed.landing, desk.judge.runs) == (2, 4)
    assert desk.store.checkout(desk.branch)["m5.py"] == other.changes["m5.py"]


def test_an_attempt_that_is_told_to_end_takes_its_change_out_and_leaves_the_others(
    desk: Desk,
) -> None:
    other = desk.let_wait(desk.fix(0))

    def interrupt() -> None:
        desk.judge.is_interrupted = True
        desk.judge.require_going_on()

    desk.judge.meanwhile = interrupt
    with pytest.raises(InterruptedAttemptError):
        desk.land(desk.fix(1))
    assert desk.waiting() == [other.attempt_id]
    assert desk.store.head(desk.branch).number == 0
    with desk.queue.hold(desk.branch) as is_held:
        assert is_held, "the branch stayed held"


def test_what_a_process_that_died_had_taken_waits_again(desk: Desk) -> None:
    request = desk.let_wait(desk.fix(0))
    with desk.queue.hold(desk.branch):
        desk.queue.take(desk.branch, uuid.uuid4(), frozenset({"m0.py"}))
        with desk.queue.hold(desk.branch) as is_held:
            assert not is_held
        with desk.engine.begin() as connection:
            connection.execute(text("UPDATE landers SET held_until = now() - interval '1 s'"))
        state = desk.queue.state(request.attempt_id)
        assert state == (QueueState.TAKEN, "")
        assert isinstance(desk.land(desk.fix(1)), Landed)
    assert isinstance(desk.land(request), Landed)


def test_what_a_process_that_died_left_waiting_does_not_land_behind_its_successor(
    desk: Desk,
) -> None:
    left, refused = desk.let_wait(desk.fix(0)), desk.let_wait(desk.fix(1, b"bad = 1\n"))
    assert desk.lander.landing_before(left.attempt_id) is None
    assert isinstance(desk.land(desk.fix(2)), Landed)
    assert desk.store.landing_of_attempt(left.attempt_id) is None
    assert desk.lander.landing_before(refused.attempt_id) is None
    assert isinstance(desk.land(refused), Refused), "a refusal stays"


def test_a_successor_sees_the_landing_that_was_being_made_when_it_came(desk: Desk) -> None:
    left = desk.let_wait(desk.fix(0))
    found: list[Landing | None] = []

    def succeed() -> None:
        found.append(desk.lander.landing_before(left.attempt_id))

    successor = threading.Thread(target=succeed)

    def begin_while_it_lands(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        is_taking_out = statement.startswith("SELECT merge_queue.attempt_id")
        if is_taking_out and statement.endswith("FOR UPDATE") and not successor.ident:
            successor.start()
            wait_until_it_waits(desk.engine)

    event.listen(desk.engine, "after_cursor_execute", begin_while_it_lands)
    assert isinstance(desk.land(desk.fix(1)), Landed)
    successor.join()
    (landing,) = found
    assert landing is not None
    assert landing.number == 1


def wait_until_it_waits(engine: Engine) -> None:
    """Wait until some transaction waits for another's lock."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(query).scalar_one():
                return


def test_what_is_told_of_a_landing_is_what_landed(desk: Desk) -> None:
    first = replace(desk.fix(0), note="the first one")
    assert isinstance(desk.land(first), Landed)
    second = replace(desk.fix(1), attempt_id=first.attempt_id, note="the second one")
    landed = desk.land(second)
    assert isinstance(landed, Landed)
    assert (landed.landing, landed.note) == (1, "the first one")


def test_a_refusal_waits_for_whoever_asks_again(desk: Desk) -> None:
    bad = desk.fix(0, b"bad = 1\n")
    assert desk.land(bad) == desk.land(bad) == Refused("it turns 'clean' red")
    assert desk.judge.runs == 2


def test_landers_at_once_share_their_runs_and_lose_nothing(desk: Desk) -> None:
    desk.lander.outcome_at(desk.branch, 0)
    judges = [Judge() for _ in range(MODULES)]
    found: dict[int, Landed | Refused] = {}
    start = threading.Barrier(MODULES)

    def work(number: int) -> None:
        judges[number].meanwhile = lambda: time.sleep(0.3)  # noqa: TID251 - as a command would take
        lander = desk.new_lander(judges[number])
        start.wait()
        found[number] = lander.land(desk.fix(number), lambda _tests: "")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(MODULES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(each, Landed) for each in found.values())
    assert desk.head_outcome().is_success
    assert sum(judge.runs for judge in judges) < MODULES
    assert sorted(each.landing for each in found.values()) == [1, 2, 3, 4, 5, 6]
