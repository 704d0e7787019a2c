"""Live progress on a terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from orchestrator.cli.watch import Progress, line_of


class LiveDisplay:
    """A bar of green tests over a line of counts, drawn on stderr and gone at the end."""

    def __init__(self) -> None:
        """Draw nothing yet."""
        self._live = Live(console=Console(stderr=True), transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear what was drawn."""
        self._live.__exit__(kind, error, trace)

    def __call__(self, progress: Progress) -> None:
        """Draw one look at the swarm."""
        grid = Table.grid()
        tests = progress.row.tests_after
        if tests is not None:
            total = max(1, tests.passed + tests.failed)
            grid.add_row(ProgressBar(total=total, completed=tests.passed, width=50))
        grid.add_row(line_of(progress))
        self._live.update(grid)
