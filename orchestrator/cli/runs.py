"""How far an experiment is: a bar on a terminal, else a line now and then; on stderr."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from orchestrator.experiments.running import Progress as Runs

_LINE_SECONDS = 5.0


class RunsDisplay:
    """Shows how many runs are done, and how long the rest will take."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.completed:.0f} of {task.total:.0f} runs"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._bar = self._progress.add_task("", total=1)
        self._shown_at = -_LINE_SECONDS

    def __enter__(self) -> Self:
        """Begin to draw, if there is a terminal."""
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear what was drawn."""
        if self._console.is_terminal:
            self._progress.stop()

    def begin(self, experiment_id: str) -> None:
        """Show the name by which the experiment can be gone on with."""
        self._print(f"experiment {experiment_id}; after an interruption add --id {experiment_id}")

    def __call__(self, progress: Runs) -> None:
        """Show how far it is; what went wrong is shown always."""
        if progress.latest:
            self._print(f"note: {progress.latest}")
        if self._console.is_terminal:
            self._progress.update(self._bar, completed=progress.done, total=progress.total)
            return
        is_last = progress.done + progress.failed == progress.total
        if is_last or progress.seconds - self._shown_at >= _LINE_SECONDS:
            self._shown_at = progress.seconds
            self._print(f"{progress.done} of {progress.total} runs, {progress.seconds:.0f} s")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)
