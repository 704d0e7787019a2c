"""Long texts cut into runs of lines, where the lines themselves say so.

Pure: no I/O, no clock, no chance.

A cut that counts lines moves with every line added above it, and one more row of a table would
change all that stands below. So the cut follows a line whose checksum is of a certain kind: it
stays where that line is, and an edit changes the run that it is in, now and then the next.

Source: content-defined chunking, as in Muthitacharoen et al., "A Low-bandwidth Network File
System", 2001; here by lines, and by a checksum of one line instead of a rolling one.
"""

from collections.abc import Iterator, Sequence
from zlib import crc32

RUN_SIZE_MAX = 8 * 1024
"""Characters of a run that is not yet cut; a single longer line is a run of its own."""
RUN_LINES_MAX = 64
_RUN_SIZE_MIN = 2 * 1024
_RUN_LINES_MIN = 24
_ONE_IN = 8
"""One line in so many ends a run that is long enough."""


def is_long(lines: Sequence[str]) -> bool:
    """Say whether these lines are more than one run should hold."""
    return len(lines) > RUN_LINES_MAX or sum(map(len, lines)) > RUN_SIZE_MAX


def cut_runs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines in runs, each short enough unless it is one long line."""
    run: list[str] = []
    size = 0
    for line in lines:
        if run and (size + len(line) > RUN_SIZE_MAX or len(run) == RUN_LINES_MAX):
            yield "".join(run)
            run, size = [], 0
        run.append(line)
        size += len(line)
        if (size >= _RUN_SIZE_MIN or len(run) >= _RUN_LINES_MIN) and _ends_run(line):
            yield "".join(run)
            run, size = [], 0
    if run:
        yield "".join(run)


def _ends_run(line: str) -> bool:
    return crc32(line.encode(errors="surrogatepass")) % _ONE_IN == 0
