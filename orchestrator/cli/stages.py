"""How far a long command is: a bar on a terminal, else a line for each stage; on stderr."""

from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from orchestrator.cli.bars import Bar


class StageDisplay(Bar):
    """Shows the stage that runs now."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that a stage begins."""
        if self._console.is_terminal:
            self._progress.update(self._bar, description=stage, completed=done, total=total)
        else:
            self._console.print(f"{done + 1}/{total} {stage}", highlight=False, soft_wrap=True)
