"""How far an experiment is: a bar on a terminal, else a line now and then; on stderr."""

from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from orchestrator.cli.bars import Bar
from orchestrator.experiments.running import Progress

_LINE_SECONDS = 5.0


class RunsDisplay(Bar):
    """Shows how many runs are done, and how long the rest will take."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__(
            TextColumn("{task.completed:.0f} of {task.total:.0f} runs"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            total=1,
        )
        self._shown_at = -_LINE_SECONDS
        self._experiment_id = ""

    def begin(self, experiment_id: str) -> None:
        """Show the name by which the experiment can be gone on with."""
        self._experiment_id = experiment_id
        self._print(f"experiment {experiment_id}; after an interruption add --id {experiment_id}")

    def interrupted(self) -> None:
        """Say how to go on with what was interrupted, if it had begun."""
        if self._experiment_id:
            self._print(
                "interrupted: its swarms are stopped, and what has ended is kept; "
                f"the same command with --id {self._experiment_id} goes on"
            )

    def __call__(self, progress: Progress) -> None:
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
