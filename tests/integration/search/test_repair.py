"""The whole search on small honest bugs: survey, suspicion, ranking and trials in the sandbox."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from bugs import BUGS, Bug

from swarm_workers.agents.search.agent import ranked_candidates
from swarm_workers.agents.search.suspicion import line_suspicion
from swarm_workers.problems.code.warm import Survey, WarmSession
from swarm_workers.protocols import EditCandidate, TreeFile
from swarm_workers.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox
CANDIDATES_MAX = 3_000


@dataclass
class Repository:
    """All bugs in one repository, each with a module and a test file of its own."""

    session: WarmSession
    survey: Survey
    files: dict[str, str]
    fixed: dict[str, str] = field(default_factory=dict)


def files_of(number: int, bug: Bug) -> tuple[str, str]:
    return f"module_{number:02}.py", f"test_module_{number:02}.py"


@pytest.fixture(scope="module")
def repository(box: Sandbox) -> Iterator[Repository]:
    files = {}
    for number, bug in enumerate(BUGS):
        module, tests = files_of(number, bug)
        files[module] = bug.broken
        files[tests] = bug.tests.replace("from module ", f"from {module[:-3]} ")
    tree = {path: TreeFile(text.encode()) for path, text in files.items()}
    session = WarmSession(box.open(tree, "pytest_session", {"args": []}))
    yield Repository(session, session.survey(), files)
    session.close()


def search(repository: Repository, module: str, tests: str) -> tuple[int, EditCandidate | None]:
    """Return how many candidates were tried, and the one that turned every red test green."""
    survey = repository.survey
    red = [test for test in survey.red if test.startswith(tests)]
    focus = min(red, key=lambda test: sum(map(len, survey.lines.get(test, {}).values())))
    suspicion = line_suspicion(survey.lines, failing=[focus], passing=survey.green)
    sources = {module: repository.files[module]}
    ranked = ranked_candidates(sources, suspicion, seed=1, limit=CANDIDATES_MAX)
    green = [test for test in survey.green if test.startswith(tests)]
    tried = 0
    for trial in repository.session.evaluate(ranked, focus=focus, red=red, green=green):
        tried += 1
        if trial.turned_green == set(red) and not trial.turned_red:
            return tried, trial.candidate
    return tried, None


@pytest.mark.parametrize("number", range(len(BUGS)), ids=[bug.name for bug in BUGS])
def test_one_statement_bug_is_repaired(repository: Repository, number: int) -> None:
    module, tests = files_of(number, BUGS[number])
    started = time.perf_counter()
    tried, winner = search(repository, module, tests)
    seconds = time.perf_counter() - started
    assert winner is not None
    (edit,) = winner.edits
    text = repository.files[module]
    repository.fixed[module] = text[: edit.start] + edit.text + text[edit.end :]
    sys.stdout.write(
        f"\n{BUGS[number].name}: candidate {tried}, {tried / seconds:.0f}/s, "
        f"{winner.operator}: {text[edit.start : edit.end]!r} -> {edit.text!r}"
    )


def test_all_repairs_together_pass_in_a_clean_process(repository: Repository, box: Sandbox) -> None:
    assert len(repository.fixed) == len(BUGS), "this test needs all of the others"
    repository.session.close()
    tree = {p: TreeFile(t.encode()) for p, t in {**repository.files, **repository.fixed}.items()}
    result = box.run(tree, ["pytest", "-q"])
    assert result.exit_status == 0, result.output
