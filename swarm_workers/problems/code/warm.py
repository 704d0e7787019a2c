"""The worker's side of a warm session: survey a repository's tests, then judge many candidates.

The other side is `sandbox/inside/pytest_session.py`, which fixes the messages. What a session says
is evidence, not proof: candidates share a process while they fail, and the code under test could
forge an answer. Whatever looks good is confirmed by the success command in a process of its own.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from swarm_workers.errors import SandboxError
from swarm_workers.protocols import EditCandidate
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult

_BATCH_CANDIDATES = 16
_BATCHES_IN_FLIGHT_MAX = 2


class UncollectableError(SandboxError):
    """The tests cannot be collected, so no candidate can be judged."""

    def __init__(self, reason: str) -> None:
        """Say in pytest's own words why."""
        super().__init__(f"the tests cannot be collected: {reason}")
        self.reason = reason


class UnknownTestError(SandboxError):
    """Tests were asked for that this session has not collected."""

    def __init__(self, tests: Sequence[str]) -> None:
        """Name them (at most ten)."""
        super().__init__(
            f"no such test in this session: {', '.join(repr(test) for test in tests)}; "
            "survey again, the tests may have changed"
        )
        self.tests = tuple(tests)


class UnsteadyTestError(SandboxError):
    """The focus is green without any change, so it can tell no candidate from another."""

    def __init__(self, test: str) -> None:
        """Name the test."""
        super().__init__(
            f"test '{test}' passes on the code as it is when it runs alone; "
            "it depends on other tests or on chance, choose another focus"
        )
        self.test = test


class Channel(Protocol):
    """What is needed of a session in the sandbox. Law: messages arrive in order, or an error."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        ...

    def receive(self, timeout_seconds: float) -> dict[str, Any]:
        """Return the next message. Blocks; raises when there will be none."""
        ...

    def close(self) -> None:
        """End the session and all that runs in it."""
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """How the tests do on the code as it is."""

    tests: Mapping[str, TestResult]
    """By node id, in the order of collection."""
    lines: Mapping[str, Mapping[str, frozenset[int]]]
    """By test and path: the 1-based lines that ran. Tests that ran out of time are missing."""
    collect_errors: Mapping[str, str]
    """Last line of the error by the node (a file, mostly) that could not be collected."""

    @property
    def red(self) -> tuple[str, ...]:
        """The tests that fail."""
        return tuple(test for test, result in self.tests.items() if result.outcome.is_red)

    @property
    def green(self) -> tuple[str, ...]:
        """The tests that pass. Skipped ones are neither red nor green."""
        passed = TestOutcome.PASSED
        return tuple(test for test, result in self.tests.items() if result.outcome is passed)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one candidate."""

    candidate: EditCandidate
    turned_green: frozenset[str]
    """Of the red tests asked for; without the focus among them, nothing else was run."""
    turned_red: frozenset[str]
    """Of the green tests asked for: at most one, since the first ends the trial."""
    is_rejected: bool
    """It does not compile."""
    is_duplicate: bool
    """It compiles to the code as it is, or to that of an earlier candidate; it was not run."""
    is_timed_out: bool
    """A test was ended because it took too long; more patience may tell another story."""
    seconds: float
    """Spent in its tests."""

    @property
    def is_good(self) -> bool:
        """Say whether it turned a test green and none red."""
        return bool(self.turned_green) and not self.turned_red


class WarmSession:
    """One warm session. Not safe for use by several threads."""

    def __init__(self, channel: Channel, *, answer_seconds_max: float = 300) -> None:
        """Take a session of entry `pytest_session`, just started.

        Args:
            channel: the connection into the sandbox, from now on owned by this object.
            answer_seconds_max: how long one answer may take, collection of the tests included.
        """
        self._channel = channel
        self._answer_seconds_max = answer_seconds_max
        self._seconds: dict[str, float] = {}
        self._unread_batches = 0

    def survey(
        self,
        *,
        test_seconds_max: float = 10,
        trace_seconds_max: float = 60,
        known: Survey | None = None,
    ) -> Survey:
        """Run every test once plain and once with its lines traced. Blocks.

        Args:
            test_seconds_max: CPU seconds that one test may use.
            trace_seconds_max: seconds for tracing; red tests go first, the rest is left out.
            known: what is known of tests that need not be run; they count if they are collected.

        Raises:
            UncollectableError: pytest ended before any test could be run.
        """
        self._channel.send({
            "op": "survey", "test_seconds_max": test_seconds_max,
            "trace_seconds_max": trace_seconds_max, "known": _told(known),
        })  # fmt: skip
        tests = dict(known.tests) if known else {}
        lines = dict(known.lines) if known else {}
        while (message := self._receive())["op"] != "surveyed":
            if message["op"] == "outcome":
                tests[message["test"]] = _test_result(message)
            elif message["lines"]:
                found: dict[str, list[int]] = message["lines"]
                lines[message["test"]] = {path: frozenset(ran) for path, ran in found.items()}
        tests = {test: tests[test] for test in message["tests"] if test in tests}
        lines = {test: ran for test, ran in lines.items() if test in tests}
        self._seconds = {test: result.seconds for test, result in tests.items()}
        errors = {error["node"]: error["message"] for error in message["collect_errors"]}
        return Survey(tests, lines, errors)

    def evaluate(
        self,
        candidates: Iterable[EditCandidate],
        *,
        focus: str,
        red: Sequence[str] = (),
        green: Sequence[str] = (),
        patience: float = 1.0,
        seconds: Mapping[str, float] | None = None,
    ) -> Iterator[Trial]:
        """Yield a trial for each candidate, in order. Blocks; a few are judged ahead.

        A candidate runs the focus first; only if that turned green, the other red tests, and then
        the green ones until one turns red.

        Args:
            candidates: taken lazily.
            focus: the red test that a candidate must turn green.
            red: other tests that may turn green.
            green: tests that must stay green.
            patience: factor on the bound of each test's CPU time (10 times what it usually takes,
                at least 0.1 s); 10 gives those that timed out a second chance.
            seconds: what tests take, for a session that made no survey itself.

        Raises:
            UncollectableError: pytest ended before any test could be run.
            UnknownTestError: one of the tests was not collected.
            UnsteadyTestError: the focus passes without any change.
        """
        self._plan(focus, red, green, patience, self._seconds if seconds is None else seconds)
        source = iter(candidates)
        in_flight: deque[list[EditCandidate]] = deque()
        try:
            while True:
                while len(in_flight) < _BATCHES_IN_FLIGHT_MAX and (batch := _take(source)):
                    self._send_batch(batch)
                    in_flight.append(batch)
                if not in_flight:
                    return
                trials = self._receive()["trials"]
                batch = in_flight.popleft()
                yield from (_trial(batch[found["key"]], found) for found in trials)
        finally:
            self._unread_batches += len(in_flight)

    def close(self) -> None:
        """End the session and all that runs in it."""
        self._channel.close()

    def _plan(
        self, focus: str, red: Sequence[str], green: Sequence[str], patience: float,
        seconds: Mapping[str, float],
    ) -> None:  # fmt: skip
        wanted = {focus, *red, *green}
        self._channel.send({
            "op": "plan", "focus": focus, "red": list(red), "green": list(green),
            "patience": patience,
            "seconds": {test: spent for test, spent in seconds.items() if test in wanted},
        })  # fmt: skip
        planned = self._receive()
        if planned["unknown"]:
            raise UnknownTestError(planned["unknown"])
        if not TestOutcome(planned["outcome"]).is_red:
            raise UnsteadyTestError(focus)

    def _send_batch(self, batch: Sequence[EditCandidate]) -> None:
        numbered = [
            {"key": key, "edits": [[e.path, e.start, e.end, e.text] for e in candidate.edits]}
            for key, candidate in enumerate(batch)
        ]
        self._channel.send({"op": "evaluate", "candidates": numbered})

    def _receive(self) -> dict[str, Any]:
        """Return the next answer to what was asked last, skipping those nobody waits for."""
        while True:
            message = self._channel.receive(self._answer_seconds_max)
            if message["op"] == "failed":
                raise UncollectableError(message["message"])
            if message["op"] != "trials" or not self._unread_batches:
                return message
            self._unread_batches -= 1


def _told(known: Survey | None) -> dict[str, dict[str, list[int]]]:
    """Return what the session must know of tests that it does not run: the lines of red ones."""
    if known is None:
        return {}
    told: dict[str, dict[str, list[int]]] = {test: {} for test in known.tests}
    for test in known.red:
        ran = known.lines.get(test, {})
        told[test] = {path: sorted(numbers) for path, numbers in ran.items()}
    return told


def _take(source: Iterator[EditCandidate]) -> list[EditCandidate]:
    return list(islice(source, _BATCH_CANDIDATES))


def _test_result(message: Mapping[str, Any]) -> TestResult:
    outcome = TestOutcome(message["outcome"])
    return TestResult(
        test=message["test"], outcome=outcome, seconds=message["seconds"],
        message=message["message"],
    )  # fmt: skip


def _trial(candidate: EditCandidate, found: Mapping[str, Any]) -> Trial:
    return Trial(
        candidate=candidate,
        turned_green=frozenset(found["turned_green"]),
        turned_red=frozenset(found["turned_red"]),
        is_rejected=found["is_rejected"],
        is_duplicate=found["is_duplicate"],
        is_timed_out=found["is_timed_out"],
        seconds=found["seconds"],
    )
