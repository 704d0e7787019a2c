"""The cold path: an edit that a warm process cannot take over is judged by a fresh import.

Module constants, class attributes, decorators, defaults, and functions that already ran while the
tests were collected. The edited file is written into the copy of the repository, tests are
collected anew in a fork of a process that knows pytest and nothing of the repository, and the file
is put back. Runs inside the sandbox: standard library and the target's pytest only, Python 3.8+.
"""

import os
import sys
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence

import pytest

from . import (
    session_forks,
    session_plugin,
    session_source,
    session_warm,
)


class ColdRunner:
    """Judges candidates one by one, each with a fresh import of the repository."""

    def __init__(self, arguments: Sequence[str], scratch: str) -> None:
        """Take pytest's arguments and a folder for temporary files."""
        self._arguments = list(arguments)
        self._scratch = scratch
        self._written = 0

    def judge(
        self, trial: Dict[str, Any], edits: Sequence[session_source.EditTuple],
        plan: Dict[str, Any], limits: Dict[str, float],
    ) -> None:  # fmt: skip
        """Run the planned tests on the candidate and write what became of it into its trial."""
        trial["is_cold"] = False
        try:
            texts = _edited_files(edits)
        except session_source.RejectedError:
            trial["is_rejected"] = True
            return
        focus = plan["focus"]
        red = [test for test in plan["red"] if test != focus]
        order = [focus] + red + [test for test in plan["green"] if test != focus]
        jobs = session_warm.judging_jobs(
            order, len(red), lambda test: session_forks.Job(test, limits[test])
        )
        with self._on_disk(texts):
            session_warm.note_results(trial, jobs[:1], self._run(jobs[:1]), 1)
            if trial["turned_green"] and len(jobs) > 1:
                trial["turned_green"] = []
                session_warm.note_results(trial, jobs, self._run(jobs), 1 + len(red))

    def _run(self, jobs: Sequence[session_forks.Job]) -> Any:
        files = list(dict.fromkeys(job.test.split("::")[0] for job in jobs))

        def body(first: int, report: session_forks.Report) -> None:
            def on_loop(session: Any) -> None:
                items = {item.nodeid: item for item in session.items}
                plugin.make_terse(items.values())
                for index in range(first, len(jobs)):
                    following = [items.get(job.test) for job in jobs[index + 1 : index + 2]]
                    item = items.get(jobs[index].test)
                    session_forks.limit_cpu(jobs[index].cpu_seconds)
                    report(
                        _NOT_COLLECTED
                        if item is None
                        else plugin.run(item, (following or [None])[0])
                    )

            plugin = session_plugin.SessionPlugin(on_loop, self._scratch, files)
            session_forks.limit_cpu(jobs[first].cpu_seconds)
            pytest.main(list(self._arguments), plugins=[plugin])

        return session_forks.run_jobs(jobs, body)

    @contextmanager
    def _on_disk(self, texts: Dict[str, bytes]) -> Iterator[None]:
        """Write these files for the time of the block."""
        before = {}
        for path in texts:
            with open(path, "rb") as file:
                before[path] = (file.read(), os.stat(path))
        try:
            for path, data in texts.items():
                # Cached byte-code goes by size and whole seconds, so no two writes share theirs.
                self._written += 1
                _write(path, data, before[path][1].st_mtime + 10 * self._written)
            yield
        finally:
            for path, (data, status) in before.items():
                _write(path, data, status.st_mtime)


_NOT_COLLECTED = {"outcome": "error", "seconds": 0.0, "message": "the test was not collected"}


def _edited_files(edits: Sequence[session_source.EditTuple]) -> Dict[str, bytes]:
    """Return the new bytes of each edited file, which compile."""
    texts = {}
    paths: List[str] = sorted({edit[0] for edit in edits})
    for path in paths:
        with open(path, "rb") as file:
            text, encoding = session_source.decode(file.read())
        edited = session_source.apply_edits(text, [edit for edit in edits if edit[0] == path])
        session_source.compile_quietly(edited, path, 0)
        texts[path] = edited.encode(encoding)
    return texts


def _write(path: str, data: bytes, modified_at: float) -> None:
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, (modified_at, modified_at))


def forget_bytecode() -> None:
    """Keep this process and its children from writing byte-code of code that is only tried."""
    sys.dont_write_bytecode = True
