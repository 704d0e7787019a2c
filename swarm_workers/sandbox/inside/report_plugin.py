"""The pytest plugin that tells how each test ended: one JSON line for each phase of each test.

It stands alone: commands that start pytest themselves load it by the name `swarm_report_plugin`,
through `PYTEST_ADDOPTS` and `PYTHONPATH`, and find the report's path in `SWARM_REPORT`. Processes
that pytest starts in turn (workers of pytest-xdist, tests of pytest plugins) do not find it: each
test is told once, by the process that was asked to run it.
"""

from __future__ import annotations

import json
import os
from typing import Any

NAME = "swarm_report_plugin"
VARIABLE = "SWARM_REPORT"
_MESSAGE_CHARACTERS_MAX = 500
_TEXT_CHARACTERS_MAX = 4_000


class ReportPlugin:
    """Writes what pytest tells to a file that only grows."""

    def __init__(self, path: str) -> None:
        """Take the path of the report, which must be there."""
        self._path = path

    def pytest_sessionstart(self) -> None:
        """Tell that there is a runner that reports, even if it finds no test."""
        self._write({"when": "start"})

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Tell how one phase of one test ended."""
        if report.outcome not in ("passed", "failed", "skipped"):
            return  # a plugin's own word, such as `rerun`: another report will follow
        outcome = report.outcome
        if outcome == "failed" and report.when != "call":
            outcome = "error"
        line = {"id": report.nodeid, "when": report.when, "outcome": outcome}
        line["seconds"] = report.duration
        if outcome in ("failed", "error"):
            line["message"] = _message(report.longrepr)
        self._write(line)

    def pytest_collectreport(self, report: Any) -> None:
        """Tell that something could not be collected."""
        if report.outcome == "failed":
            text = str(report.longrepr)
            line = {"id": report.nodeid, "when": "collect", "outcome": "error"}
            line["message"] = _last_line(text)
            line["text"] = text[-_TEXT_CHARACTERS_MAX:]
            self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        data = (json.dumps(line) + "\n").encode("utf-8", "replace")
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)


def _message(longrepr: Any) -> str:
    """Return the line that names the exception: the rest of the message explains it."""
    crash = getattr(longrepr, "reprcrash", None)
    if crash is None:
        return _last_line(str(longrepr))
    lines = [line for line in str(crash.message).splitlines() if line.strip()]
    return lines[0][:_MESSAGE_CHARACTERS_MAX] if lines else ""


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    line = lines[-1] if lines else ""
    return (line[1:] if line.startswith("E ") else line).strip()[:_MESSAGE_CHARACTERS_MAX]


_inherited = ReportPlugin(os.environ.pop(VARIABLE)) if VARIABLE in os.environ else None


def pytest_configure(config: Any) -> None:
    """Join a pytest that some command of the job has started."""
    if _inherited is not None and not config.pluginmanager.has_plugin("swarm-report"):
        config.pluginmanager.register(_inherited, "swarm-report")
