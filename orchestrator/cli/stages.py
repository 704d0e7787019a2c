"""How far a long command is: a bar on a terminal, else a line for each stage; on stderr."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class StageDisplay:
    """Shows the stage that runs now."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._bar = self._progress.add_task("")

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

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that a stage begins."""
        if self._console.is_terminal:
            self._progress.update(self._bar, description=stage, completed=done, total=total)
        else:
            self._console.print(f"{done + 1}/{total} {stage}", highlight=False, soft_wrap=True)
