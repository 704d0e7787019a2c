"""What is reported of an attempt, whatever happens in it, on a space in memory."""

import threading
from contextlib import contextmanager

import pytest

from swarm_workers.attempt.run import OUTAGE_PAUSE_SECONDS, run_attempt
from swarm_workers.clock import RealClock
from swarm_workers.coordination.records import TurnRecord
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.errors import SandboxError, ServiceUnreachableError
from swarm_workers.protocols import Evaluation, Outcome
from swarm_workers.settings import Settings
from swarm_workers.stm import Stm, StmUnavailableError
from tasks_schema.kinds import AgentKind, AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptOrder

ORDER = AttemptOrder(swarm="s-1", agent="search-0000", kind=AgentKind.SEARCH, turn=0)
LANDED = Outcome(AttemptStatus.LANDED, "it was landed before", 0, landing=1)
FINISHED = Outcome(AttemptStatus.FINISHED, "nothing was found", 0)


class Puzzle:
    """A problem without code; also its agent and its swarm."""

    seed = 0
    import_landing = 0

    def __init__(self) -> None:
        self.shared = SharedState(Stm.in_memory("s-1"))
        self.landed = None
        self.outages = 0
        self.has_given_back = False
        self.run = lambda: FINISHED
        self.interrupted = threading.Event()

    def problem(self, order):
        return self

    def agent(self, order):
        return self

    def interrupt(self):
        self.interrupted.set()

    def give_back(self):
        self.has_given_back = True

    def landed_before(self, turn):
        if self.outages:
            self.outages -= 1
            raise ServiceUnreachableError("Postgres", "box:5432", "refused")
        return self.landed

    @contextmanager
    def look(self):
        yield None

    def propose(self, view, turn):
        return iter(())

    def evaluate(self, view, candidates, is_stopped):
        return Evaluation(candidates=0, operations_spent=0)

    def share(self, evaluation):
        pass

    def land(self, view, evaluation, turn):
        return self.run()


@pytest.fixture
def puzzle():
    puzzle = Puzzle()
    puzzle.shared.stm.atomically(puzzle.shared.begin)
    return puzzle


class Pauses(RealClock):
    """A clock on which nobody has to wait; it remembers who would have had to."""

    def __init__(self):
        self.seconds = 0.0

    def sleep(self, seconds):
        self.seconds += seconds


def report_of(puzzle, clock=None):
    return run_attempt(ORDER, puzzle, Settings(stop_poll_seconds=0.01), clock or RealClock())


def stop(puzzle):
    puzzle.shared.stm.atomically(puzzle.shared.end, SwarmStatus.STOPPED, "by a person")


def raising(error):
    def run():
        raise error

    return run


def test_an_attempt_that_raises_is_reported_as_failed_with_what_it_raised(puzzle):
    puzzle.run = raising(ValueError("no such\0thing \ud800"))
    report = report_of(puzzle)
    assert report.status is AttemptStatus.FAILED
    assert report.reason == "ValueError: no such?thing ?"
    assert puzzle.has_given_back


def test_a_turn_on_which_too_many_processes_died_is_reported_as_dead_and_not_run(puzzle):
    puzzle.run = raising(AssertionError("it ran"))
    died = TurnRecord(turn=0, holder="other/1/1", until=0, deliveries=3, is_done=False)
    puzzle.shared.stm.atomically(puzzle.shared.turn(ORDER.agent).set, died)
    assert report_of(puzzle).status is AttemptStatus.DEAD
    assert puzzle.has_given_back


def test_a_turn_on_which_too_many_processes_died_is_reported_as_landed_if_it_was(puzzle):
    puzzle.landed, puzzle.run = LANDED, raising(AssertionError("it ran"))
    died = TurnRecord(turn=0, holder="other/1/1", until=0, deliveries=3, is_done=False)
    puzzle.shared.stm.atomically(puzzle.shared.turn(ORDER.agent).set, died)
    assert report_of(puzzle).status is AttemptStatus.LANDED


@pytest.mark.parametrize(
    "error",
    [StmUnavailableError("refused"), ServiceUnreachableError("Postgres", "box:5432", "refused")],
)
def test_a_server_that_is_away_is_no_failure_of_the_attempt(puzzle, error):
    puzzle.run = raising(error)
    report = report_of(puzzle)
    assert report.status is AttemptStatus.CANCELLED
    assert "refused" in report.reason


def test_a_turn_waits_for_a_server_that_is_away_and_then_says_whether_it_had_landed(puzzle):
    def land():
        puzzle.landed, puzzle.outages = LANDED, 4
        raise StmUnavailableError("refused")

    puzzle.run, clock = land, Pauses()
    assert report_of(puzzle, clock).status is AttemptStatus.LANDED
    assert clock.seconds == 4 * OUTAGE_PAUSE_SECONDS


def test_a_turn_of_which_nothing_can_be_known_is_not_reported_but_left_to_be_sent_again(puzzle):
    def run():
        puzzle.outages = 1000
        raise StmUnavailableError("refused")

    puzzle.run = run
    with pytest.raises(ServiceUnreachableError):
        report_of(puzzle, Pauses())
    assert not puzzle.shared.stm.atomically(puzzle.shared.turn(ORDER.agent).get).is_done


def test_what_landed_before_its_process_died_is_reported_so_though_the_swarm_has_ended(puzzle):
    stop(puzzle)
    puzzle.landed = LANDED
    assert report_of(puzzle).status is AttemptStatus.LANDED


def test_what_landed_is_not_run_again_where_redis_forgot_that_it_was_claimed(puzzle):
    puzzle.landed, puzzle.run = LANDED, raising(AssertionError("it ran again"))
    assert report_of(puzzle).status is AttemptStatus.LANDED


def test_nothing_runs_of_a_swarm_that_has_ended(puzzle):
    stop(puzzle)
    puzzle.run = raising(AssertionError("it ran"))
    assert report_of(puzzle).status is AttemptStatus.CANCELLED


def test_what_runs_when_the_swarm_ends_is_interrupted_and_cancelled(puzzle):
    def long():
        stop(puzzle)
        assert puzzle.interrupted.wait(30)
        raise SandboxError("killed")

    puzzle.run = long
    report = report_of(puzzle)
    assert report.status is AttemptStatus.CANCELLED
    assert report.reason == "the swarm ended while it ran"
