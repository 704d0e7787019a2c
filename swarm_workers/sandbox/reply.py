"""From what the zygote tells of a job's end to its result. Pure.

The zygote is ours and believed; the texts of reports in its reply are the job's, and are not.
"""

import os
import signal
from typing import Any

from swarm_workers.sandbox import outcomes
from swarm_workers.sandbox.result import RunResult


def read_result(reply: dict[str, Any]) -> RunResult:
    """Return the result of a job that ran, or that found no room for its files."""
    status, stopped_by = reply["wait_status"], reply["stopped_by"]
    if reply["refused"] is not None:
        status, stopped_by = None, "disk"
    killer = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
    if killer == signal.SIGXCPU:
        stopped_by = "cpu"
    has_exited = status is not None and os.WIFEXITED(status)
    reported = outcomes.read_lines(reply["report"])
    if not reported.has_runner:
        reported = outcomes.read_xml(reply["xml_reports"])
    return RunResult(
        exit_status=os.WEXITSTATUS(status) if has_exited and stopped_by is None else None,
        stopped_by=stopped_by,
        signal=killer,
        output=reply["output"],
        seconds=reply["seconds"],
        cpu_seconds=reply["cpu_seconds"],
        rss_bytes_max=reply["memory_bytes_max"],
        tests=reported.results(),
        collect_errors=tuple(reported.collect_errors),
    )
