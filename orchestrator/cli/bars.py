"""A bar on a terminal, and nothing drawn where there is none; on stderr."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn


class Bar:
    """Draws while its block runs, and clears what was drawn. Subclasses say what is shown."""

    def __init__(self, *columns: ProgressColumn, total: float | None = 100.0) -> None:
        """Draw nothing yet.

        Args:
            columns: of the bar.
            total: that is to be done; None if it is not known.
        """
        self._console = Console(stderr=True)
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._bar = self._progress.add_task("", total=total)

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
