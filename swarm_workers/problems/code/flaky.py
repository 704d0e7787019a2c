"""Tests that are green and red on the same code: found before they are trusted, and named.

A flaky test would let any change seem to fix it. Three samples are compared on each landing that
a process works on (the success command, the survey, and where these differ the command again); red
tests are run some more times before the search begins, and those that a winner turned green again.
"""

from collections.abc import Callable

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.code.outcome import COMMAND, CommandOutcome
from swarm_workers.problems.code.warm import UnsteadyTestError, WarmSession
from swarm_workers.problems.code.workbench import Bench, Workbench

RERUNS = 5
"""A test that is green every second time slips through all of them once in 32 times."""
_PROBED_TESTS_MAX = 32
_PROBE_SECONDS_MAX = 2.0


class FlakyWatch:
    """What is known to be flaky, shared with the other agents."""

    def __init__(self, shared: SharedState, workbench: Workbench) -> None:
        """Hold the parts; nothing is read."""
        self._shared = shared
        self._workbench = workbench

    def among(self, bench: Bench, outcome: CommandOutcome) -> frozenset[str]:
        """Return all tests known to be flaky; blocks for one run of the command if in doubt."""
        if not bench.is_compared:
            differing = bench.differing(outcome)
            if differing:
                _, again = self._workbench.run_clean(bench.tree)
                self.add((outcome.red ^ again.red) - {COMMAND})
            if bench.landing == 0:  # later landings have the same red tests, or fewer
                self.why_unsteady(bench)(_quickest(bench, outcome))
            bench.is_compared = True
        return self._shared.stm.atomically(self._shared.flaky.members)

    def add(self, tests: frozenset[str]) -> None:
        """Tell the other agents that these tests are flaky."""
        if tests:
            self._shared.stm.atomically(self._add, tests)

    def why_unsteady(self, bench: Bench) -> Callable[[frozenset[str]], str]:
        """Return a function that reruns red tests as they are and says which cannot be trusted."""

        def check(tests: frozenset[str]) -> str:
            warm = bench.evaluator
            if not isinstance(warm, WarmSession):
                return ""
            known = sorted(tests & set(bench.survey.tests))
            flaky = [test for test in known if not _is_steadily_red(warm, test)]
            self.add(frozenset(flaky))
            return f"'{flaky[0]}' is flaky: it passes without the change too" if flaky else ""

        return check

    def _add(self, tests: frozenset[str]) -> None:
        for test in sorted(tests):
            self._shared.flaky.add(test)


def _quickest(bench: Bench, outcome: CommandOutcome) -> frozenset[str]:
    """Return the red tests that are worth some reruns before anything is searched."""
    results = bench.survey.tests
    red = sorted(bench.red(outcome), key=lambda test: (results[test].seconds, test))
    chosen, seconds = [], 0.0
    for test in red[:_PROBED_TESTS_MAX]:
        seconds += RERUNS * results[test].seconds
        if seconds > _PROBE_SECONDS_MAX:
            break
        chosen.append(test)
    return frozenset(chosen)


def _is_steadily_red(warm: WarmSession, test: str) -> bool:
    try:
        for _ in range(RERUNS):
            list(warm.evaluate([], focus=test))
    except UnsteadyTestError:
        return False
    return True
