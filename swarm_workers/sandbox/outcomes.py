"""From what a job reported to outcomes of tests. Pure, and wary: the job may have written it.

Reports come as the lines of `inside/report_plugin.py`, or as JUnit XML.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult

_WORST_LAST = [TestOutcome.PASSED, TestOutcome.SKIPPED, TestOutcome.FAILED, TestOutcome.ERROR]
_MESSAGE_CHARACTERS_MAX = 500
_NAME_CHARACTERS_MAX = 2_000
_SECONDS_MAX = 1e6
_DID_NOT_FINISH = "the test did not finish"


@dataclass(slots=True)
class _Test:
    outcome: TestOutcome = TestOutcome.PASSED
    seconds: float = 0.0
    message: str = ""
    is_finished: bool = False

    def add(self, line: dict[str, Any]) -> None:
        outcome = TestOutcome(line["outcome"])
        self.seconds += _seconds(line.get("seconds"))
        if _WORST_LAST.index(outcome) > _WORST_LAST.index(self.outcome):
            self.outcome = outcome
            self.message = _storable(str(line.get("message", "")))[:_MESSAGE_CHARACTERS_MAX]
        self.is_finished = self.is_finished or line["when"] in ("teardown", "collect")


@dataclass(slots=True)
class Reported:
    """What a job told of its tests."""

    tests: dict[str, _Test] = field(default_factory=dict)
    """By the runner's own name, in the order in which they were first told of."""
    collect_errors: list[str] = field(default_factory=list)
    """Texts of what could not be collected."""
    has_runner: bool = False
    """True when a runner reported at all, be it that there was no test."""

    def results(self) -> tuple[TestResult, ...] | None:
        """Return how each test ended; None when no runner reported.

        A test of which no end was told was cut off: whatever its phases said, it is an error.
        """
        if not self.has_runner:
            return None
        return tuple(_result(name, test) for name, test in self.tests.items())


def read_lines(report: str) -> Reported:
    """Read the lines of our plug-in; lines that it would not write are left out."""
    reported = Reported()
    for text in report.splitlines():
        try:
            line = json.loads(text)
            if line["when"] != "start":
                _add(reported, line)
            reported.has_runner = True
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return reported


def read_xml(texts: Iterable[str]) -> Reported:
    """Read JUnit XML; what is not well-formed, or brings a document type, is left out."""
    reported = Reported()
    for text in texts:
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            continue
        try:
            root = ET.fromstring(text)  # noqa: S314 - no document type, bounded size
        except ET.ParseError:
            continue
        reported.has_runner = True
        for case in root.iter("testcase"):
            _add(reported, _xml_line(case))
    return reported


def _add(reported: Reported, line: dict[str, Any]) -> None:
    name = _storable(str(line["id"]))[:_NAME_CHARACTERS_MAX]
    TestOutcome(line["outcome"])  # refuse it before there is an entry
    reported.tests.setdefault(name, _Test()).add(line)
    if line["when"] == "collect":
        reported.collect_errors.append(str(line.get("text", "")))


def _xml_line(case: ET.Element) -> dict[str, Any]:
    classname, name = case.get("classname", ""), case.get("name", "")
    line: dict[str, Any] = {
        "id": f"{classname}::{name}" if classname else name,
        "when": "teardown",
        "outcome": "passed",
        "seconds": case.get("time"),
    }
    for tag, outcome in (("skipped", "skipped"), ("failure", "failed"), ("error", "error")):
        found = case.find(tag)
        if found is not None:
            line.update(outcome=outcome, message=found.get("message") or "")
    return line


def _result(name: str, test: _Test) -> TestResult:
    outcome, message = test.outcome, test.message
    if not test.is_finished and not outcome.is_red:
        outcome, message = TestOutcome.ERROR, _DID_NOT_FINISH
    if not outcome.is_red:
        message = ""
    return TestResult(test=name, outcome=outcome, seconds=test.seconds, message=message)


def _storable(text: str) -> str:
    """Return a text with a question mark for what no database and no JSON can hold."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def _seconds(told: object) -> float:
    try:
        seconds = float(told)  # type: ignore[arg-type]  # whatever it is, it may not be a number
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 <= seconds <= _SECONDS_MAX else 0.0
