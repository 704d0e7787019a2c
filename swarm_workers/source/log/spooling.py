"""Lines of operations, kept aside until all of them have come.

They come from a sender that may take its time, or break off, and what merges them has the branch to
itself. So that is begun when nothing has to be waited for any more, with lines that can be taken.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

from swarm_workers.source.log.wire_reading import read_items

MEMORY_BYTES_MAX = 8 << 20
"""More than this lies in a temporary file."""


@contextmanager
def spooled(lines: Iterable[bytes]) -> Iterator[Iterable[bytes]]:
    """Lend the same lines once more, after all have come and each has been read once. Blocks.

    Raises:
        OperationsFileError: naming the first line that cannot be taken.
    """
    with SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX) as file:
        for _ in read_items(_kept(lines, file)):
            pass
        file.seek(0)
        yield file


def _kept(lines: Iterable[bytes], file: IO[bytes]) -> Iterator[bytes]:
    for line in lines:
        # Within a line a break is no more than white space to JSON, here it would end the line.
        file.write(line.replace(b"\n", b" ") + b"\n")
        yield line
