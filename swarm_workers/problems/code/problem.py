"""Code as a problem: a repository whose success command is to pass.

The steps of an attempt on code, each by the file that knows it: `workbench` (checkout, sandboxes),
`targets` and `claims` (who tries what), `trials` (which candidate is good), `landing` (into the
head).
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

from swarm_workers.coordination.records import Baseline
from swarm_workers.errors import SandboxError
from swarm_workers.problems.code.baseline import why_refused
from swarm_workers.problems.code.claims import Claims, Nothing, Slice
from swarm_workers.problems.code.flaky import FlakyWatch
from swarm_workers.problems.code.landing import Landed, Request
from swarm_workers.problems.code.outcome import CommandOutcome
from swarm_workers.problems.code.source_text import edited_files
from swarm_workers.problems.code.stop_signs import StopSigns
from swarm_workers.problems.code.swarm import CodeSwarm
from swarm_workers.problems.code.targets import in_order, lead_key
from swarm_workers.problems.code.trials import (
    Tally,
    as_candidate,
    describe,
    scopes_of,
    tally_trials,
    without_suspects,
)
from swarm_workers.problems.code.view import CodeView
from swarm_workers.problems.code.warm import Survey, UnsteadyTestError
from swarm_workers.problems.code.workbench import Bench
from swarm_workers.protocols import EditCandidate, Evaluation, Outcome, Turn
from swarm_workers.sandbox.errors import CommandError, NoIsolationError
from tasks_schema.ids import AgentId, AttemptId, SwarmId, attempt_id
from tasks_schema.kinds import AttemptStatus, Mode, SwarmStatus

NONE: frozenset[str] = frozenset()
_TIER_TESTS_MAX = 16
_SLICE_SECONDS = 5.0
_SLICE_CANDIDATES_MIN = 16
_CANDIDATE_SECONDS_MIN = 0.004


@dataclass(slots=True)
class _Turn:
    """What one attempt carries from step to step. Not frozen: `look` fills it."""

    bench: Bench | None = None
    taken: Slice | None = None
    is_exhausted: bool = False


class CodeProblem:
    """The repository, as one agent sees it for one turn."""

    def __init__(self, swarm: CodeSwarm, agent: str) -> None:
        """Hold the parts; nothing is read."""
        self._swarm = swarm
        self._spec = swarm.spec
        self._agent = agent
        self._shared = swarm.shared_by(agent)
        self._claims = Claims(
            self._shared, agent, has_budget=bool(swarm.spec.code.budget.operations)
        )
        self._flaky = FlakyWatch(self._shared, swarm.workbench)
        self._turn = _Turn()

    def measure(self) -> Outcome:
        """Run the success command on the code as it was; ends the swarm if that settles it."""
        spec = self._spec
        tree = self._swarm.store.checkout(spec.branch, spec.import_landing)
        try:
            result, outcome = self._swarm.workbench.run_clean(tree)
        except (CommandError, NoIsolationError) as error:
            self._refuse(str(error))
            return Outcome(AttemptStatus.FAILED, str(error), spec.import_landing)
        self._swarm.outcomes.record(spec.branch, spec.import_landing, outcome)
        refusal = why_refused(spec.code, result, outcome)
        self._shared.stm.atomically(self._write_baseline, outcome, refusal)
        return Outcome(
            AttemptStatus.FINISHED,
            refusal or f"{outcome.passed} tests pass, {len(outcome.red)} do not",
            spec.import_landing,
            exit_status=outcome.exit_status,
            tests=outcome.tests,
        )

    def landed_before(self, turn: Turn) -> Outcome | None:
        """Return what this turn landed before its process died, and tell the others of it.

        If it landed nothing, what it left waiting to land is taken out.
        """
        landing = self._swarm.lander.landing_before(self._attempt_id(turn))
        if landing is None:
            return None
        landed = self._swarm.lander.landed(landing)
        self._swarm.publish(self._shared, landing.branch_id, landed.head, landed.outcome)
        return self._landed(landing.number - 1, landing.number, landing.note, landed.outcome)

    def give_back(self) -> None:
        """Give back the slice that a turn of this agent claimed and never closed."""
        self._claims.give_back()

    @contextmanager
    def look(self) -> Iterator[CodeView]:
        """Check out the head, survey its tests where this process has not, and claim a slice.

        A sandbox that breaks takes the warm session with it: the next turn opens another.
        """
        try:
            yield self._view()
        except SandboxError:
            self._swarm.workbench.drop_bench()
            raise

    def _view(self) -> CodeView:
        branch = self._swarm.branch_of(self._shared, self._agent)
        landing = self._swarm.store.head(branch).number
        outcome = self._swarm.lander.outcome_at(branch, landing)
        self._swarm.publish(self._shared, branch, landing, outcome)
        if outcome.is_success:
            empty = CodeView(branch, landing, {}, None, Survey({}, {}, {}), (), NONE, NONE, NONE, 0)
            return empty.without_target("the success command passes")
        bench = self._swarm.workbench.bench(branch, landing, outcome)
        self._turn = _Turn(bench=bench)
        flaky = self._flaky.among(bench, outcome)
        red = bench.red(outcome) - flaky
        return self._claimed(
            CodeView(
                branch=branch,
                landing=landing,
                sources=bench.sources,
                scope=bench.scope,
                survey=bench.survey,
                red=tuple(sorted(red)),
                flaky=flaky,
                unsteady=flaky | bench.differing(outcome),
                unseen=outcome.red - frozenset(bench.survey.tests),
                seed=self._spec.seed,
            )
        )

    def evaluate(
        self,
        view: CodeView,
        candidates: Iterable[EditCandidate],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[Tally]:
        """Try candidates in the warm session until one is whole or the slice ends. Blocks."""
        bench, target = self._turn.bench, view.target
        if bench is None or target is None:
            return Evaluation(candidates=0, operations_spent=0)
        if view.is_partial_due and view.partial is not None:
            tally = Tally(whole=as_candidate(view.partial), gained=frozenset(view.partial.gained))
            return Evaluation(candidates=0, operations_spent=0, found=tally)
        signs = StopSigns(
            is_stopped, self._shared, view.landing, self._swarm.settings.attempt_seconds_max
        )
        others = [test for test in view.red if test != target]
        tally = Tally(best=view.partial)
        green = bench.green_for(target, view.flaky)
        trials = bench.evaluator.evaluate(candidates, focus=target, red=others, green=green)
        began = time.monotonic()
        try:
            tally_trials(view, trials, signs, tally)
        except UnsteadyTestError as error:
            self._flaky.add(frozenset({error.test}))
        except SandboxError:
            self._close(tally if is_stopped() else without_suspects(view, tally))
            raise
        if tally.evaluated >= _SLICE_CANDIDATES_MIN:
            bench.candidates_per_second = tally.evaluated / (time.monotonic() - began)
        return Evaluation(tally.candidates, tally.operations_spent, tally)

    def share(self, evaluation: Evaluation[Tally]) -> None:
        """Close the slice: what was tried, what is left of it, and the best partial fix.

        A slice that holds something to land stays open until that is settled: closed before, its
        lead would look as if nobody was at it, and another agent would land a lesser fix meanwhile.
        """
        if evaluation.found is not None and evaluation.found.whole is None:
            self._close(evaluation.found)

    def _close(self, tally: Tally) -> None:
        taken = self._turn.taken
        assert taken is not None, "what was evaluated was claimed before"
        self._claims.close(
            taken,
            evaluated=tally.evaluated,
            total=taken.start + tally.evaluated if tally.is_list_ended else None,
            partial=tally.best,
            operations_spent=tally.operations_spent,
            candidates=tally.candidates,
        )

    def land(self, view: CodeView, evaluation: Evaluation[Tally], turn: Turn) -> Outcome:
        """Land what is whole, tested on the head as it is by then; end what is exhausted."""
        tally = evaluation.found
        if tally is None or tally.whole is None:
            return self._nothing_to_land(view, evaluation)
        changes = edited_files(self._turn_bench.tree, view.sources, tally.whole.edits)
        scopes = scopes_of(view, tally.whole)
        request = Request(
            branch=view.branch,
            base=view.landing,
            changes=changes,
            author=f"{turn.swarm_id}/{turn.agent_id}",
            attempt_id=self._attempt_id(turn),
            note=describe(view, tally),
            flaky=view.flaky,
            gained=tally.gained,
        )
        landed = self._swarm.lander.land(request, self._flaky.why_unsteady(self._turn_bench))
        if not isinstance(landed, Landed):
            self._close(tally)
            reason = f"{describe(view, tally)}, but {landed.reason}"
            return Outcome(AttemptStatus.FINISHED, reason, view.landing, scopes=scopes)
        # The head moves before the slice is closed: in between, all would look tried in vain.
        self._swarm.publish(self._shared, view.branch, landed.head, landed.outcome)
        self._close(tally)
        outcome = self._landed(view.landing, landed.landing, landed.note, landed.outcome)
        return replace(outcome, scopes=scopes)

    @property
    def _turn_bench(self) -> Bench:
        assert self._turn.bench is not None, "`look` comes before what needs its checkout"
        return self._turn.bench

    def _claimed(self, view: CodeView) -> CodeView:
        """Return the view with the slice that this turn claimed."""
        covered = {test: view.covered(test) for test in view.red}
        tree = self._turn_bench.tree
        digests = {path: sha256(tree[path].data).digest() for path in view.sources}
        names = [name for tier in in_order(view.red, covered) for name in tier]
        chunks = [names[i : i + _TIER_TESTS_MAX] for i in range(0, len(names), _TIER_TESTS_MAX)]
        tiers = [{test: lead_key(test, digests, covered[test]) for test in part} for part in chunks]
        # A landing elsewhere leaves a lead valid, but tests that it turned green may rank the list
        # anew, so that its number of tried ones says no more which. So all are tried once more.
        has_landed = view.landing != self._spec.import_landing
        again = [{test: f"{key}@{view.landing}" for test, key in tier.items()} for tier in tiers]
        taken = self._claims.claim(
            tiers, self._slice_size(view), view.landing, again=again if has_landed else ()
        )
        if isinstance(taken, Nothing):
            self._turn.is_exhausted = taken.is_exhausted
            is_none_red = taken.is_exhausted and not view.red
            return view.without_target(
                "no red test can be worked on" if is_none_red else taken.reason
            )
        self._turn.taken = taken
        return view.with_slice(taken)

    def _slice_size(self, view: CodeView) -> int:
        """Return how many candidates make a slice of a few seconds, as fast as it goes here."""
        if not view.red:
            return 0
        seconds = sorted(view.survey.tests[test].seconds for test in view.red)
        guess = 1 / (seconds[len(seconds) // 2] + _CANDIDATE_SECONDS_MIN)
        count = int(_SLICE_SECONDS * (self._turn_bench.candidates_per_second or guess))
        return max(_SLICE_CANDIDATES_MIN, min(count, self._swarm.settings.slice_candidates_max))

    def _nothing_to_land(self, view: CodeView, evaluation: Evaluation[Tally]) -> Outcome:
        if self._turn.is_exhausted:
            self._shared.stm.atomically(self._resign, view)
        tried = f"none of {evaluation.candidates} candidates for '{view.target}' was good enough"
        reason = tried if view.target else view.idle_reason
        return Outcome(AttemptStatus.FINISHED, reason, view.landing)

    def _resign(self, view: CodeView) -> None:
        """End the swarm, or in mode `parallel` this agent's part in it. Runs inside atomically."""
        head = self._shared.head.get()
        is_news = head is not None and head.landing != view.landing
        if is_news or self._shared.others_at_work(self._agent):
            return
        if self._spec.mode is Mode.PARALLEL:
            self._shared.resigned.add(self._agent)
            if len(self._shared.resigned.members()) < self._spec.agents:
                return
        self._shared.end(SwarmStatus.EXHAUSTED, f"{view.idle_reason}; {view.leftover}")

    def _write_baseline(self, outcome: CommandOutcome, refusal: str) -> None:
        """Write what was measured, and what follows for the swarm. Runs inside atomically."""
        shared = self._swarm.spaces.shared(self._spec.swarm_id)
        failed = len(outcome.red)
        shared.baseline.set(
            Baseline(outcome.exit_status, outcome.passed, failed, outcome.seconds, refusal)
        )
        if refusal:
            shared.end(SwarmStatus.FAILED, refusal)
        elif outcome.is_success:
            reason = "the success command passes already; nothing was launched"
            shared.end(SwarmStatus.SUCCEEDED, reason, self._spec.branch)
        else:
            shared.begin(self._spec.code.budget.operations)

    def _refuse(self, reason: str) -> None:
        self._shared.stm.atomically(self._shared.end, SwarmStatus.FAILED, reason)

    def _landed(self, base: int, landing: int, note: str, outcome: CommandOutcome) -> Outcome:
        return Outcome(
            AttemptStatus.LANDED,
            note,
            base,
            landing=landing,
            exit_status=outcome.exit_status,
            tests=outcome.tests,
        )

    def _attempt_id(self, turn: Turn) -> AttemptId:
        return attempt_id(SwarmId(turn.swarm_id), AgentId(turn.agent_id), turn.turn)
