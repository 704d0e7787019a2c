"""Judging candidates by the success command itself, where the tests inside it are not known.

Slow (one run a candidate) but honest: for a command that is not pytest and reports no tests.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from swarm_workers.problems.code.outcome import COMMAND, CommandOutcome
from swarm_workers.problems.code.source_text import edited_files
from swarm_workers.problems.code.warm import Survey, Trial
from swarm_workers.protocols import EditCandidate, Tree
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult


def survey_of(outcome: CommandOutcome, sources: Mapping[str, str]) -> Survey:
    """Return what little a bare command tells: it is red, and any line may be why."""
    verdict = TestOutcome.PASSED if outcome.is_success else TestOutcome.FAILED
    result = TestResult(test=COMMAND, outcome=verdict, seconds=outcome.seconds)
    everywhere = {path: frozenset(range(1, text.count("\n") + 2)) for path, text in sources.items()}
    return Survey({COMMAND: result}, {COMMAND: everywhere}, {})


class ColdEvaluator:
    """Runs the success command once for each candidate."""

    def __init__(
        self, run: Callable[[Tree], CommandOutcome], tree: Tree, sources: Mapping[str, str]
    ) -> None:
        """Hold the code that candidates change.

        Args:
            run: runs the success command on a tree, in the sandbox.
            tree: the checkout.
            sources: decoded text of the files that may be changed.
        """
        self._run = run
        self._tree = tree
        self._sources = sources

    def evaluate(
        self,
        candidates: Iterable[EditCandidate],
        *,
        focus: str,
        red: Sequence[str] = (),
        green: Sequence[str] = (),
    ) -> Iterator[Trial]:
        """Yield a trial for each candidate, in order. Blocks for one run each."""
        assert focus == COMMAND, f"a bare command has no test '{focus}'"
        assert not (set(red) | set(green)) - {COMMAND}, "a bare command has no tests"
        for candidate in candidates:
            yield self._trial(candidate)

    def close(self) -> None:
        """End nothing: every run ended by itself."""

    def _trial(self, candidate: EditCandidate) -> Trial:
        changed = edited_files(self._tree, self._sources, candidate.edits)
        is_rejected = not all(_compiles(file.data, path) for path, file in changed.items())
        outcome = None if is_rejected else self._run({**self._tree, **changed})
        is_green = outcome is not None and outcome.is_success
        return Trial(
            candidate=candidate,
            turned_green=frozenset({COMMAND}) if is_green else frozenset(),
            turned_red=frozenset(),
            is_rejected=is_rejected,
            is_duplicate=False,
            is_timed_out=outcome is not None and outcome.exit_status is None,
            seconds=0.0 if outcome is None else outcome.seconds,
        )


def _compiles(data: bytes, path: str) -> bool:
    """Say whether the fleet's own Python takes the file; it is compiled, never run."""
    try:
        compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
