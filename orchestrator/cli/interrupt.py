"""Ctrl-C as a question between steps, and not an exception in the midst of one.

`KeyboardInterrupt` strikes between any two instructions, so also inside a driver, and leaves its
connection amid a query, or a lock held: whoever cleans up over that connection fails as well.
"""

import signal
from types import FrameType, TracebackType
from typing import Self


class HeldInterrupt:
    """Takes note of the first Ctrl-C; the second one interrupts as ever. Main thread only."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self.is_noted = False
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        """Hold Ctrl-C from here on, unless whoever started this process has it ignored."""
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the signal as it was found."""
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.is_noted = True
        signal.signal(signal.SIGINT, self._before)
