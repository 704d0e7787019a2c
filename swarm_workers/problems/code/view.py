"""What an agent sees of a repository at the start of its turn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from swarm_workers.coordination.records import Partial
from swarm_workers.problems.code.claims import Slice
from swarm_workers.problems.code.scope import lines_in_scope
from swarm_workers.problems.code.targets import Lines
from swarm_workers.problems.code.warm import Survey
from swarm_workers.source.scope import Scope


@dataclass(frozen=True, slots=True)
class CodeView:
    """A landing, what its tests do, and the part of the search that is ours."""

    branch: str
    landing: int
    sources: Mapping[str, str]
    """Decoded text, line ends as they are, of the files that may be changed."""
    scope: Scope | None
    """The files, and the lines of them, that may be changed; None for all."""
    survey: Survey
    red: tuple[str, ...]
    """Red tests that are not flaky."""
    flaky: frozenset[str]
    """Tests known to be green and red on the same code."""
    unsteady: frozenset[str]
    """Tests that do otherwise in the survey than in the command, the flaky ones included."""
    unseen: frozenset[str]
    """Red tests of the success command that the warm session cannot run on their own."""
    seed: int
    """The swarm's: all of its agents rank alike, so that slices of one list can be shared out."""
    target: str | None = None
    """The red test to work on; None if there is nothing to claim."""
    start: int = 0
    """Index of the first candidate in the ranked list that is ours."""
    stop: int = 0
    """Index after the last one."""
    partial: Partial | None = None
    """The best partial fix so far, with `is_partial_due`: to be landed as it is."""
    is_partial_due: bool = False
    idle_reason: str = ""
    """Why there is no target."""

    @property
    def leftover(self) -> str:
        """What is still wrong, for the reason of a swarm that gives up."""
        parts = [f"{len(self.red)} tests stay red"] if self.red else []
        for tests, what in (
            (self.unseen, "red, but not to be run on their own, are"),
            (self.unsteady, "green in one run and red in another are"),
        ):
            if tests:
                parts.append(f"{what} {', '.join(repr(name) for name in sorted(tests)[:5])}")
        return "; ".join(parts) or "no test is red, yet the command does not exit with 0"

    @property
    def green(self) -> tuple[str, ...]:
        """The tests that pass."""
        return self.survey.green

    def with_slice(self, taken: Slice) -> "CodeView":
        """Return the view with the slice that was claimed."""
        return replace(
            self,
            target=taken.test,
            start=taken.start,
            stop=taken.stop,
            partial=taken.partial,
            is_partial_due=taken.is_partial_due,
        )

    def without_target(self, reason: str) -> "CodeView":
        """Return the view of a turn that found nothing to claim."""
        return replace(self, target=None, idle_reason=reason)

    def covered(self, test: str) -> Lines:
        """Return the lines that a test executes in the files that may be changed."""
        return lines_in_scope(self.survey.lines.get(test, {}), self.sources, self.scope)
