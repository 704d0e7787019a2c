"""What one worker process keeps warm for one swarm: checkout, sandboxes, collected tests.

Booting a sandbox, collecting the tests and surveying them costs more than hundreds of candidates,
so it is done once for each landing that this process works on.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from swarm_workers.errors import SandboxError
from swarm_workers.problems.code.cold import ColdEvaluator, survey_of
from swarm_workers.problems.code.command import (
    adds_current_folder,
    pytest_arguments,
    session_arguments,
)
from swarm_workers.problems.code.outcome import COMMAND, CommandOutcome, outcome_of
from swarm_workers.problems.code.resurvey import still_true
from swarm_workers.problems.code.scope import editable_sources
from swarm_workers.problems.code.warm import Survey, Trial, WarmSession
from swarm_workers.protocols import EditCandidate, Tree
from swarm_workers.sandbox.errors import SandboxBrokenError
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.sandbox import Sandbox
from swarm_workers.settings import Settings
from swarm_workers.source.scope import Scope
from swarm_workers.source.store import SourceStore
from tasks_schema.messages.swarm import SwarmSpec

_LOG = logging.getLogger(__name__)
_SESSION_SECONDS_MAX = 3600.0


class InterruptedAttemptError(SandboxError):
    """The attempt was told to end, so nothing is started for it any more."""

    def __init__(self) -> None:
        """State it."""
        super().__init__("the attempt was told to end")


class Evaluator(Protocol):
    """Judges candidates. Law: one trial for each candidate, in order."""

    def evaluate(
        self,
        candidates: Iterable[EditCandidate],
        *,
        focus: str,
        red: Sequence[str] = (),
        green: Sequence[str] = (),
    ) -> Iterator[Trial]:
        """Yield trials lazily. Blocks."""
        ...

    def close(self) -> None:
        """End what it started."""
        ...


@dataclass(slots=True)
class Bench:
    """One landing, checked out, its tests surveyed, ready to judge candidates.

    Not frozen: it learns whether the survey agrees with the success command, and how fast it is.
    """

    branch: str
    landing: int
    tree: Tree
    sources: Mapping[str, str]
    """Decoded text of the files that may be changed."""
    scope: Scope | None
    """The files, and the lines of them, that may be changed; None for all."""
    survey: Survey
    evaluator: Evaluator
    is_compared: bool = False
    candidates_per_second: float = 0.0
    """How fast the last slice went here; 0 before the first."""

    def red(self, outcome: CommandOutcome) -> frozenset[str]:
        """Return the tests that are red in the survey and in the success command."""
        return frozenset(self.survey.red) & outcome.red

    def differing(self, outcome: CommandOutcome) -> frozenset[str]:
        """Return the tests that the survey and the success command do not agree on."""
        return frozenset(self.survey.red) ^ (outcome.red & frozenset(self.survey.tests))

    def green_for(self, target: str, flaky: frozenset[str]) -> list[str]:
        """Return the tests that must stay green: those near the target first, quick ones first."""
        near = set(self.survey.lines.get(target, {})) & set(self.sources)
        tests = [test for test in self.survey.green if test not in flaky]
        lines, results = self.survey.lines, self.survey.tests
        return sorted(
            tests, key=lambda test: (not near & set(lines.get(test, {})), results[test].seconds)
        )


class Workbench:
    """The warm things of one swarm in one process. Not thread-safe: a process runs one attempt.

    Only `interrupt` may be called from another thread.
    """

    def __init__(self, spec: SwarmSpec, store: SourceStore, settings: Settings) -> None:
        """Boot nothing yet."""
        self._spec = spec
        self._store = store
        self._settings = settings
        self._bench: Bench | None = None
        self._session_sandbox: Sandbox | None = None
        self._clean_sandbox: Sandbox | None = None
        self._is_interrupted = False

    def begin(self) -> None:
        """Make ready for an attempt: what an interruption ended in the last one starts anew."""
        if self._is_interrupted:
            self.close()
            self._is_interrupted = False

    def interrupt(self) -> None:
        """End whatever runs now, and start nothing until `begin`. Called from another thread.

        To be called again while it matters: a sandbox that is just booting is not known yet.
        """
        self._is_interrupted = True
        for sandbox in (self._session_sandbox, self._clean_sandbox):
            if sandbox is not None:
                sandbox.kill()

    def require_going_on(self) -> None:
        """Raise `InterruptedAttemptError` if the attempt was told to end."""
        if self._is_interrupted:
            raise InterruptedAttemptError

    def bench(self, branch: str, landing: int, outcome: CommandOutcome) -> Bench:
        """Return the bench of a landing; blocks for collection and survey the first time.

        Args:
            branch: the branch.
            landing: its landing.
            outcome: what the success command said of it.
        """
        known = self._bench
        if known is None or (known.branch, known.landing) != (branch, landing):
            self.drop_bench()
            self._bench = known = self._prepared(branch, landing, outcome, known)
        return known

    def run_clean(self, tree: Tree) -> tuple[RunResult, CommandOutcome]:
        """Run the success command on a tree in a fresh process of the sandbox. Blocks."""
        argv = self._spec.code.success_argv
        limits = Limits.of(self._settings, self._spec.code.command_seconds_max)
        try:
            result = self._clean().run(tree, argv, limits=limits)
        except SandboxBrokenError as error:
            _LOG.warning("sandbox broke and is booted again: %s", error)
            self._clean_sandbox = None
            result = self._clean().run(tree, argv, limits=limits)
        return result, outcome_of(result.exit_status, result.tests, result.seconds)

    def close(self) -> None:
        """End every process that this workbench started."""
        self.drop_bench()
        for sandbox in (self._session_sandbox, self._clean_sandbox):
            if sandbox is not None:
                sandbox.close()
        self._session_sandbox = self._clean_sandbox = None

    def drop_bench(self) -> None:
        """Forget the checkout and end its session; the next bench opens another."""
        if self._bench is not None:
            self._bench.evaluator.close()
        self._bench = None

    def _prepared(
        self, branch: str, landing: int, outcome: CommandOutcome, former: Bench | None
    ) -> Bench:
        tree = self._store.checkout(branch, landing)
        scope = self._scope(branch, landing)
        sources = editable_sources(tree, scope)
        if outcome.red == {COMMAND} and pytest_arguments(self._spec.code.success_argv) is None:
            cold = ColdEvaluator(lambda each: self.run_clean(each)[1], tree, sources)
            known = survey_of(outcome, sources)
            return Bench(branch, landing, tree, sources, scope, known, cold)
        warm = self._open_session(tree, outcome)
        try:
            survey = warm.survey(known=self._known(former, branch, landing, outcome))
            return Bench(branch, landing, tree, sources, scope, survey, warm)
        except BaseException:
            warm.close()
            raise

    def _known(
        self, former: Bench | None, branch: str, landing: int, outcome: CommandOutcome
    ) -> Survey | None:
        """Return what the survey of an earlier landing still tells; None if there was none."""
        if former is None or former.branch != branch or former.landing > landing:
            return None
        changed = self._store.files_changed(branch, former.landing, landing)
        return still_true(former.survey, changed, outcome.red)

    def _scope(self, branch: str, landing: int) -> Scope | None:
        wanted = self._spec.code.scope
        return self._store.paths_in_scope(branch, landing, wanted) if wanted else None

    def _open_session(self, tree: Tree, outcome: CommandOutcome) -> WarmSession:
        argv = self._spec.code.success_argv
        config = {
            "args": session_arguments(argv, [test.test for test in outcome.tests]),
            "adds_cwd": adds_current_folder(argv),
        }
        limits = Limits.of(self._settings, _SESSION_SECONDS_MAX)
        if self._session_sandbox is None:
            self._session_sandbox = self._boot()
        try:
            session = self._session_sandbox.open(tree, "pytest_session", config, limits=limits)
        except SandboxBrokenError as error:
            _LOG.warning("sandbox broke and is booted again: %s", error)
            self._session_sandbox = self._boot()
            session = self._session_sandbox.open(tree, "pytest_session", config, limits=limits)
        return WarmSession(session)

    def _clean(self) -> Sandbox:
        if self._clean_sandbox is None:
            self._clean_sandbox = self._boot()
        return self._clean_sandbox

    def _boot(self) -> Sandbox:
        self.require_going_on()
        task = self._spec.code
        limits = Limits.of(self._settings, task.command_seconds_max)
        return Sandbox.boot(task.interpreter, repository=task.repository, limits=limits)
