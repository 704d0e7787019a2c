"""From trials of candidates to the one worth landing.

A candidate that turns every red test green that runs through the edited function is *whole*, and
ends the search. One that turns only some of them green is *partial*: often an overfit, sometimes
one of two bugs that a test has. The search goes on for a while for a whole one, and then takes it.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from swarm_workers.coordination.records import Partial
from swarm_workers.problems.code.functions import enclosing_function, enclosing_name
from swarm_workers.problems.code.targets import Lines, patience_end, siblings
from swarm_workers.problems.code.view import CodeView
from swarm_workers.problems.code.warm import Trial
from swarm_workers.protocols import Edit, EditCandidate
from tasks_schema.messages.swarm import module_path

SUSPECTS = 16
"""Candidates of which one is taken to have broken the sandbox: those that go there together."""


@dataclass(slots=True)
class Tally:
    """What came of a slice. Not frozen: it grows with each trial."""

    evaluated: int = 0
    """Candidates taken from the start of the slice, in order."""
    operations_spent: int = 0
    candidates: int = 0
    """Candidates whose tests were run; those that do not compile or repeat another are not."""
    best: Partial | None = None
    whole: EditCandidate | None = None
    is_list_ended: bool = False
    gained: frozenset[str] = field(default_factory=frozenset)
    """Tests that `whole` turned green."""


def tally_trials(
    view: CodeView,
    trials: Iterable[Trial],
    is_stopped: Callable[[], bool],
    tally: Tally | None = None,
) -> Tally:
    """Consume trials, in the order of their rank, until one is whole, patience or the slice ends.

    Args:
        view: whose slice it is.
        trials: of the candidates from `view.start` on.
        is_stopped: asked after each; True ends the slice early.
        tally: grows with each trial, and so is known where they raise; None for a new one.
    """
    tally = tally or Tally(best=view.partial)
    for trial in trials:
        rank = view.start + tally.evaluated
        _count(tally, trial)
        if trial.turned_green and not trial.turned_red:
            _weigh(view, tally, trial, rank)
        if tally.whole is not None or _is_patience_over(tally, rank) or is_stopped():
            return tally
    tally.is_list_ended = tally.evaluated < view.stop - view.start
    return tally


def without_suspects(view: CodeView, tally: Tally) -> Tally:
    """Return what came of a slice in which the sandbox broke, as it is to be given back.

    What was not judged is tried again, from the place where it broke. If that was the beginning of
    the slice already, one of the first candidates breaks whatever tries it: they count as tried.
    """
    if not tally.evaluated:
        tally.evaluated = tally.operations_spent = min(SUSPECTS, view.stop - view.start)
    return tally


def edited_functions(view: CodeView, candidate: EditCandidate) -> Lines:
    """Return the lines of the innermost functions that a candidate changes, by file.

    What stands outside of functions, and files that this Python cannot parse, give the edited lines
    themselves.
    """
    lines: dict[str, frozenset[int]] = {}
    for edit in candidate.edits:
        text = view.sources[edit.path]
        first = text.count("\n", 0, edit.start) + 1
        last = text.count("\n", 0, edit.end) + 1
        inside = enclosing_function(text, first, last)
        lines[edit.path] = lines.get(edit.path, frozenset()) | inside
    return lines


def scopes_of(view: CodeView, candidate: EditCandidate) -> tuple[str, ...]:
    """Return the dotted paths of the innermost classes and functions that a candidate changes.

    What stands outside of any counts for its module.
    """
    scopes: set[str] = set()
    for edit in candidate.edits:
        text = view.sources[edit.path]
        first = text.count("\n", 0, edit.start) + 1
        last = text.count("\n", 0, edit.end) + 1
        parts = module_path(PurePosixPath(edit.path)), enclosing_name(text, first, last)
        scopes.add(".".join(part for part in parts if part))
    return tuple(sorted(scopes))


def describe(view: CodeView, tally: Tally) -> str:
    """Return in words what the winner changes: where, from what to what, and to which effect."""
    assert tally.whole is not None, "only a winner can be described"
    first = tally.whole.edits[0]
    old = view.sources[first.path][first.start : first.end]
    gained = len(tally.gained)
    tests = f"'{min(tally.gained)}'" + (f" and {gained - 1} more" if gained > 1 else "")
    return (
        f"{tally.whole.operator} at {first.path}:{tally.whole.line}: "
        f"{_short(old)} became {_short(first.text)}; it turns {tests} green"
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return f"`{words if len(words) <= 60 else words[:57] + '...'}`" if words else "nothing"


def as_candidate(partial: Partial) -> EditCandidate:
    """Return the candidate that a partial fix was made of."""
    edits = tuple(Edit(path, start, end, text) for path, start, end, text in partial.edits)
    return EditCandidate(edits, partial.operator, partial.line)


def _count(tally: Tally, trial: Trial) -> None:
    tally.evaluated += 1
    if not (trial.is_rejected or trial.is_duplicate):
        tally.candidates += 1
        tally.operations_spent += len(trial.candidate.edits)


def _weigh(view: CodeView, tally: Tally, trial: Trial, rank: int) -> None:
    edited = edited_functions(view, trial.candidate)
    # Code outside of functions runs before any test does: the target then is all to be asked for.
    wanted = set(siblings(edited, view.red, view.survey.lines)) or {str(view.target)}
    if wanted <= trial.turned_green:
        tally.whole, tally.gained = trial.candidate, trial.turned_green
    elif tally.best is None or len(trial.turned_green) > len(tally.best.gained):
        edits = tuple((e.path, e.start, e.end, e.text) for e in trial.candidate.edits)
        gained = tuple(sorted(trial.turned_green))
        tally.best = Partial(rank, gained, edits, trial.candidate.operator, trial.candidate.line)


def _is_patience_over(tally: Tally, rank: int) -> bool:
    return tally.best is not None and rank + 1 >= patience_end(tally.best.rank)
