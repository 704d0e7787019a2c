"""Ctrl-C as a question between steps, and not an exception in the midst of one.

`KeyboardInterrupt` strikes between any two instructions, so also inside a driver, and leaves its
connection amid a query, or a lock held: whoever cleans up over that connection fails as well.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_interrupt() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C has come; the second one interrupts as ever.

    Where whoever started this process has it ignored, it stays ignored. Main thread only.
    """
    before = signal.getsignal(signal.SIGINT)
    noted = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        noted.set()
        signal.signal(signal.SIGINT, before)

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, note)
    try:
        yield noted.is_set
    finally:
        signal.signal(signal.SIGINT, before)
