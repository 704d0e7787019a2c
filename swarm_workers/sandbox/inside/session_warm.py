"""The warm process: tests collected once, each candidate judged in a fork of it.

Runs inside the sandbox: standard library and the target's pytest only, Python 3.8 and newer.
"""

import dis
import gc
import os
import statistics
import time
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from . import (
    session_forks,
    session_live,
    session_plugin,
    session_source,
)

_CPU_FLOOR_SECONDS = 0.1
_CPU_FACTOR = 10.0
_TRACED_FACTOR = 30.0
_DOUBTS_MAX = 12
"""Red candidates of one plan that get a fresh import as well, in case their doing so matters."""


class Prepared(NamedTuple):
    """A candidate before it is run."""

    key: int
    verdict: str
    """`warm` (can be swapped in), `cold` (needs a fresh import), `rejected` or `duplicate`."""
    swaps: Tuple[Any, ...] = ()
    is_doubtful: bool = False
    """Its function also ran while the tests were collected, so red need not be the last word."""


class Patience:
    """How long a test may take, from how long it took."""

    def __init__(self, seconds_max: float) -> None:
        """Take the bound of CPU seconds that no test may exceed."""
        self.seconds_max = seconds_max
        self._own: Dict[str, float] = {}
        self._green_by_file: Dict[str, List[float]] = {}

    def learn(self, test: str, outcome: str, seconds: float) -> None:
        """Note how long a test took on the code as it is."""
        self._own[test] = seconds
        if outcome == "passed":
            self._green_by_file.setdefault(test.split("::", maxsplit=1)[0], []).append(seconds)

    def limit(self, test: str, factor: float = 1.0) -> float:
        """Return the CPU seconds for one run.

        A red test fails early, and may take long once it passes: its neighbours tell how long.
        """
        neighbours = self._green_by_file.get(test.split("::", maxsplit=1)[0])
        usual = max(self._own.get(test, 0.0), statistics.median(neighbours) if neighbours else 0.0)
        return min(self.seconds_max, factor * max(_CPU_FLOOR_SECONDS, _CPU_FACTOR * usual))


class WarmProcess:
    """Serves requests from inside pytest's run loop."""

    def __init__(
        self, session: Any, plugin: session_plugin.SessionPlugin,
        imports: session_live.ImportTimeCalls, send: Callable[[Dict[str, Any]], None],
    ) -> None:  # fmt: skip
        """Take stock of the process after collection."""
        imports.stop()
        self._root = os.getcwd()
        self._plugin = plugin
        self._send = send
        self._items = {item.nodeid: item for item in session.items}
        self._paths = session_live.Paths(self._root)
        self._live = session_live.LiveFunctions(self._paths, imports.keys)
        self._watch = session_live.StateWatch(self._paths, self._live.all())
        self._surroundings = session_live.Surroundings()
        self._modules: Dict[str, Optional[session_source.Module]] = {}
        self._codes: Dict[Any, Any] = {}
        self._patience = Patience(seconds_max=10.0)
        self._focus = ""
        self._red: List[str] = []
        self._green: List[str] = []
        self._factor = 1.0
        self._seen: Set[Any] = set()
        self._lines: Dict[str, Dict[str, List[int]]] = {}
        self._doubts_left = _DOUBTS_MAX
        gc.collect()
        gc.freeze()

    @property
    def tests(self) -> List[str]:
        """The collected node ids, in order."""
        return list(self._items)

    # Survey

    def survey(
        self, test_seconds_max: float, trace_seconds_max: float, known: Dict[str, Any]
    ) -> None:
        """Run each test that is not known, plain and then with its lines traced; send results."""
        self._patience = Patience(test_seconds_max)
        self._lines.update((test, lines) for test, lines in known.items() if lines)
        outcomes: Dict[str, str] = {}
        jobs = [
            session_forks.Job(test, test_seconds_max) for test in self._items if test not in known
        ]
        for index, result in session_forks.run_jobs(jobs, self._body(jobs)):
            test = jobs[index].test
            outcomes[test] = result["outcome"]
            self._patience.learn(test, result["outcome"], result["seconds"])
            self._send(dict(result, op="outcome", test=test))
        self._trace(
            sorted(outcomes, key=lambda test: outcomes[test] not in session_forks.RED),
            trace_seconds_max,
        )

    def _trace(self, tests: Sequence[str], seconds_max: float) -> None:
        """Send the lines of each test, red ones first, until the time is spent."""
        deadline = time.monotonic() + seconds_max
        jobs = [
            session_forks.Job(test, self._patience.limit(test, _TRACED_FACTOR)) for test in tests
        ]
        body = self._body(jobs, tracer=session_plugin.LineTracer(self._paths))
        for index, result in session_forks.run_jobs(jobs, body):
            lines = self._lines[jobs[index].test] = result.get("lines", {})
            self._send({"op": "lines", "test": jobs[index].test, "lines": lines})
            if time.monotonic() > deadline:
                return

    # Plan

    def plan(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Fix what the next candidates are judged by; tell how the focus does as things are."""
        self._focus = request["focus"]
        self._red = [test for test in request["red"] if test != self._focus]
        self._green = [test for test in request["green"] if test != self._focus]
        self._factor = request["patience"]
        self._seen = set()
        self._doubts_left = _DOUBTS_MAX
        for test, seconds in request["seconds"].items():
            self._patience.learn(test, "known", seconds)
        unknown = [t for t in [self._focus, *self._red, *self._green] if t not in self._items]
        if unknown:
            return {"op": "planned", "unknown": unknown[:10], "outcome": "", "message": ""}
        ((_, found),) = session_forks.run_jobs(
            [self._job(self._focus)], self._body([self._job(self._focus)])
        )
        return {
            "op": "planned",
            "unknown": [],
            "outcome": found["outcome"],
            "message": found["message"],
        }

    # Evaluate

    def evaluate(self, candidates: Sequence[Dict[str, Any]]) -> List[Dict[str, Any]]:
        """Judge candidates; those that need a fresh import come back with `is_cold`."""
        prepared = [self._prepare(c["key"], [tuple(e) for e in c["edits"]]) for c in candidates]
        trials = {p.key: _trial(p.key, p.verdict) for p in prepared}
        warm = [p for p in prepared if p.verdict == "warm"]
        jobs = [self._job(self._focus, p.swaps) for p in warm]
        promising = []
        for index, result in session_forks.run_jobs(jobs, self._body(jobs, is_shared=True)):
            trials[warm[index].key].update(
                is_timed_out=bool(result.get("is_timed_out")), seconds=result["seconds"]
            )
            if result["outcome"] not in session_forks.RED:
                promising.append(warm[index])
            elif warm[index].is_doubtful and self._doubts_left:
                self._doubts_left -= 1
                trials[warm[index].key]["is_cold"] = True
        for candidate in promising:
            self._judge(candidate, trials[candidate.key])
        return list(trials.values())

    def _judge(self, candidate: Prepared, trial: Dict[str, Any]) -> None:
        """Run all asked tests on one candidate, alone in a process.

        The green tests known to run what was swapped go first: they are the ones that turn red.
        """
        swapped = [
            (self._paths.relative(swap.code.co_filename), _lines_of(swap.function.__code__))
            for swap in candidate.swaps
        ]
        green = sorted(self._green, key=lambda test: not self._is_run_by(test, swapped))
        order = [self._focus, *self._red, *green]
        jobs = judging_jobs(order, len(self._red), lambda test: self._job(test, candidate.swaps))
        found = session_forks.run_jobs(jobs, self._body(jobs))
        note_results(trial, jobs, found, 1 + len(self._red))

    def _job(self, test: str, swaps: Sequence[Any] = ()) -> session_forks.Job:
        return session_forks.Job(test, self._patience.limit(test, self._factor), swaps)

    def limits(self, factor: float) -> Dict[str, float]:
        """Return the CPU bound of each planned test."""
        planned = [self._focus, *self._red, *self._green]
        return {test: self._patience.limit(test, factor) for test in planned}

    def _body(
        self, jobs: Sequence[session_forks.Job], *, tracer: Any = None, is_shared: bool = False
    ) -> session_forks.Body:
        """Return what a child does with these jobs.

        `is_shared`: the jobs are of different candidates, so each begins on untouched state.
        """

        def body(first: int, report: session_forks.Report) -> None:
            if tracer is None and (is_shared or jobs[first].swaps):
                self._plugin.make_terse({job.test: self._items[job.test] for job in jobs}.values())
            for index in range(first, len(jobs)):
                if is_shared and index > first and not self._is_like_new():
                    report(None)
                    return
                report(
                    self._run(jobs[index], None if is_shared else self._after(jobs, index), tracer)
                )

        return body

    def _is_like_new(self) -> bool:
        """Put back what can be put back, and say whether the next candidate may run here."""
        self._surroundings.restore()
        return self._watch.is_usable and self._watch.is_untouched()

    def _after(self, jobs: Sequence[session_forks.Job], index: int) -> Any:
        """Return the test that follows, for whose sake fixtures are kept; None after the last."""
        return self._items[jobs[index + 1].test] if index + 1 < len(jobs) else None

    def _run(self, job: session_forks.Job, next_item: Any, tracer: Any) -> session_forks.Result:
        before = [swap.function.__code__ for swap in job.swaps]
        for swap in job.swaps:
            swap.function.__code__ = swap.code
        session_forks.limit_cpu(job.cpu_seconds)
        if tracer is not None:
            tracer.start()
        result = self._plugin.run(self._items[job.test], next_item)
        if tracer is not None:
            result["lines"] = tracer.stop()
        for swap, code in zip(job.swaps, before):
            swap.function.__code__ = code
        return result

    # Prepare

    def _prepare(self, key: int, edits: List[session_source.EditTuple]) -> Prepared:
        """Compile a candidate, and find out whether it can be swapped in."""
        swaps: List[Any] = []
        digests = []
        is_doubtful = False
        for path in sorted({edit[0] for edit in edits}):
            own = [edit for edit in edits if edit[0] == path]
            try:
                found = self._prepare_file(path, own)
            except session_source.RejectedError:
                return Prepared(key, "rejected")
            if found is None:
                return Prepared(key, "cold")
            swaps.extend(found[1])
            digests.append(found[0])
            is_doubtful |= found[2]
        if not any(is_changed for _, _, _, is_changed in digests) or tuple(digests) in self._seen:
            return Prepared(key, "duplicate")
        self._seen.add(tuple(digests))
        return Prepared(key, "warm", tuple(swaps), is_doubtful)

    def _prepare_file(
        self, path: str, edits: List[session_source.EditTuple]
    ) -> Optional[Tuple[Tuple[str, int, bytes, bool], List[Any], bool]]:
        """Return digest and swaps of one file's edits, and whether to doubt what they show.

        None if only a fresh import will do.
        """
        module = self._module(path)
        unit = module.unit_of(edits) if module else None
        if module is None or unit is None:
            return None
        old_shell, old, old_digest = self._original(path, module, unit)
        outer = module.compile_unit(unit, edits)
        new = session_source.function_code(outer, unit)
        if old is None or new is None or session_source.shell(outer, unit) != old_shell:
            return None
        digest = session_source.digest(new)
        if digest == old_digest:
            return (path, unit.start, digest, False), [], False
        swaps = self._live.plan(path, old, new)
        is_doubtful = self._live.ran_at_import(path, old)
        if swaps is None or (
            is_doubtful and not self._is_run_by(self._focus, [(path, _lines_of(old))])
        ):
            return None
        return (path, unit.start, digest, True), swaps, is_doubtful

    def _is_run_by(self, test: str, functions: Sequence[Tuple[Any, Set[int]]]) -> bool:
        """Say whether a test is known to run one of these functions, given by path and lines."""
        ran = self._lines.get(test, {})
        return any(not lines.isdisjoint(ran.get(path, ())) for path, lines in functions)

    def _original(self, path: str, module: session_source.Module, unit: session_source.Unit) -> Any:
        key = (path, unit.start)
        if key not in self._codes:
            self._codes[key] = self._compile_original(module, unit)
        return self._codes[key]

    @staticmethod
    def _compile_original(module: session_source.Module, unit: session_source.Unit) -> Any:
        """Return shell, code and digest of a function as it is; no code if it cannot be told."""
        try:
            outer = module.compile_unit(unit)
        except session_source.RejectedError:
            return None, None, b""
        code = session_source.function_code(outer, unit)
        if code is None:
            return None, None, b""
        return session_source.shell(outer, unit), code, session_source.digest(code)

    def _module(self, path: str) -> Optional[session_source.Module]:
        if path not in self._modules:
            filename = os.path.join(self._root, path)
            with open(filename, "rb") as file:
                text, _ = session_source.decode(file.read())
            try:
                self._modules[path] = session_source.Module(filename, text)
            except session_source.RejectedError:
                self._modules[path] = None
        return self._modules[path]


def _lines_of(code: Any) -> Set[int]:
    """Return the lines of a function's body, without its first line, which runs at import."""
    first = code.co_firstlineno
    return {line for _, line in dis.findlinestarts(code) if line and line > first}


def judging_jobs(
    order: Sequence[str], red_count: int, make: Callable[[str], session_forks.Job]
) -> List[session_forks.Job]:
    """Return the jobs of one candidate: the focus and every green test must not be red."""
    return [
        make(test)._replace(is_last_if_red=not 1 <= index <= red_count)
        for index, test in enumerate(order)
    ]


def note_results(
    trial: Dict[str, Any], jobs: Sequence[session_forks.Job],
    results: Iterator[Tuple[int, session_forks.Result]], red_count: int,
) -> None:  # fmt: skip
    """Write into the trial what the results say; the first `red_count` jobs were red before."""
    for index, result in results:
        trial["seconds"] += result["seconds"]
        trial["is_timed_out"] |= bool(result.get("is_timed_out"))
        is_red = result["outcome"] in session_forks.RED
        if index < red_count and not is_red:
            trial["turned_green"].append(jobs[index].test)
        if index >= red_count and is_red:
            trial["turned_red"].append(jobs[index].test)


def _trial(key: int, verdict: str) -> Dict[str, Any]:
    return {
        "key": key, "turned_green": [], "turned_red": [], "seconds": 0.0, "is_timed_out": False,
        "is_rejected": verdict == "rejected", "is_duplicate": verdict == "duplicate",
        "is_cold": verdict == "cold",
    }  # fmt: skip
