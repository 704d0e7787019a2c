"""The garbage collector, asked to wait while very much is made and nothing thrown away."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Look for no reference cycles within the block; half of the time of an import went there.

    The pause is of the whole process: keep the block short, and its memory bounded by its input.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
