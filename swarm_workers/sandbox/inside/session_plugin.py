"""The pytest plugin that stops pytest after collection and runs single tests on demand.

Works with pytest 6 and newer, and with what projects put into `addopts`: plugins that would spread
tests over processes, measure coverage or stop at the first failure are told not to. Runs inside the
sandbox: standard library and the target's pytest only, Python 3.8 and newer.
"""

import os
import re
import sys
import threading
import time
import types
from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple

import pytest
from _pytest import assertion
from _pytest.runner import runtestprotocol

from . import session_live

_MESSAGE_CHARACTERS_MAX = 500
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_OFF: Dict[str, Any] = {
    "numprocesses": None, "dist": "no", "tx": [], "looponfail": False,
    "maxfail": 0, "stepwise": False, "usepdb": False, "trace": False, "collectonly": False,
}  # fmt: skip


class SessionPlugin:
    """Takes over once the tests are collected."""

    def __init__(
        self, on_loop: Callable[[Any], None], scratch: str, only: Optional[Iterable[str]] = None
    ) -> None:
        """Say what to do with the collected session.

        Args:
            on_loop: called with the session in place of running the tests.
            scratch: folder for the tests' temporary files, emptied before each use.
            only: node ids to collect; None means what the arguments say.
        """
        self._on_loop = on_loop
        self._scratch = scratch
        self._only = None if only is None else list(only)
        self._reports: List[Any] = []
        self._is_terse = False
        self.collect_errors: List[Dict[str, str]] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Any:
        """Keep output uncaptured, it goes nowhere, and pytest-cov from tracing beside us."""
        known = early_config.known_args_namespace
        known.capture = "no"
        if getattr(known, "cov_source", None):
            known.cov_source = []
            known.no_cov = True
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        """Undo the options that do not go together with running single tests."""
        for name, value in _OFF.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        config.option.basetemp = os.path.join(self._scratch, "tests")
        if self._only is not None:
            root = str(getattr(config, "rootpath", None) or config.rootdir)
            config.args = [os.path.join(root, node) for node in self._only]

    def pytest_collectreport(self, report: Any) -> None:
        """Keep what could not be collected."""
        if report.failed:
            text = getattr(report, "longreprtext", "") or str(report.longrepr)
            lines = [line for line in text.splitlines() if line.strip()] or [""]
            message = lines[-1].strip()[-_MESSAGE_CHARACTERS_MAX:]
            self.collect_errors.append({"node": report.nodeid, "message": message})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        """Hand over the collected session."""
        self._on_loop(session)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> bool:
        """Run one test and keep its reports, inside whatever other plugins wrap around it."""
        if self._is_terse:
            assertion.util._reprcompare = None  # noqa: SLF001 - comparing texts can take seconds
        self._reports.extend(runtestprotocol(item, log=False, nextitem=nextitem))
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep reports of parts of a test, which plugins for subtests hand out by themselves."""
        self._reports.append(report)

    def make_terse(self, items: Iterable[Any]) -> None:
        """Spare these tests the drawing of tracebacks, which takes longer than most tests."""
        self._is_terse = True
        for item in items:
            item.repr_failure = item._repr_failure_py = _name_of_failure  # noqa: SLF001

    def run(self, item: Any, nextitem: Any) -> Dict[str, Any]:
        """Run one test and return its result.

        With `is_spent` in it the process is of no more use: the test left pytest in the middle.
        """
        del self._reports[:]
        started = time.perf_counter()
        escaped = ""
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        except BaseException as error:  # noqa: BLE001 - pytest.exit and friends end a run, not us
            escaped = "%s: %s" % (type(error).__name__, error)
        seconds = time.perf_counter() - started
        outcome, message = ("failed", escaped) if escaped else _summary(self._reports)
        result = {"outcome": outcome, "seconds": seconds, "message": _clip(message)}
        return dict(result, is_spent=True) if escaped else result


def _name_of_failure(excinfo: Any, *_arguments: Any, **_options: Any) -> str:
    return str(excinfo.typename)


def _summary(reports: List[Any]) -> Tuple[str, str]:
    failed = [report for report in reports if report.failed]
    if failed:
        is_call = any(report.when == "call" for report in failed)
        return ("failed" if is_call else "error"), _message(failed[0])
    if any(report.skipped for report in reports):
        return "skipped", ""
    return "passed", ""


def _message(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = getattr(crash, "message", None) or str(report.longrepr or "")
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    return str(lines[0] if crash is not None else lines[-1])


def _clip(message: str) -> str:
    return _ADDRESS.sub("0x…", message)[:_MESSAGE_CHARACTERS_MAX]


class LineTracer:
    """The lines of the repository that run while a test runs, in every thread."""

    def __init__(self, paths: session_live.Paths) -> None:
        """Trace nothing yet."""
        self._paths = paths
        self._lines: Dict[str, Set[int]] = {}

    def start(self) -> None:
        """Begin to note lines."""
        self._lines = {}
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def stop(self) -> Dict[str, List[int]]:
        """Note no more, and return the lines by path."""
        sys.settrace(None)
        threading.settrace(None)
        return {path: sorted(lines) for path, lines in self._lines.items()}

    def _enter(self, frame: types.FrameType, _event: str, _argument: Any) -> Any:
        path = self._paths.relative(frame.f_code.co_filename)
        if path is None:
            return None
        lines = self._lines.setdefault(path, set())

        def note(inner: types.FrameType, what: str, _: Any) -> Any:
            if what == "line":
                lines.add(inner.f_lineno)
            return note

        return note
