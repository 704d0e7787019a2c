"""Taking files apart, beside parsing them and nothing more: in seconds of the processor."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import tree_sitter
import tree_sitter_python

from orchestrator.bench.report import Bar, Report
from orchestrator.bench.source.material import library_files
from orchestrator.bench.source.rounds import at_least, at_most, in_turns
from swarm_workers.source.file_nodes import decompose, render

BARE_MAX = 2.0
LIBCST_MIN = 8.0


def measure_parsing(*, lines: int, slow_lines: int, rounds: int) -> Report:
    """Return how long it takes to take the library apart. Blocks.

    Args:
        lines: of the library, against the bare parser.
        slow_lines: of the library, against LibCST, which takes 100 ms for 1,000.
        rounds: how often each.
    """
    files = library_files(lines)
    inexact = [path for path, data in files.items() if render(decompose(path, data)) != data]
    ways = {"decompose": _ours(files), "tree-sitter": _bare(files)}
    bare = in_turns(ways, rounds, clock=time.process_time)
    count = sum(data.count(b"\n") for data in files.values())
    rows = bare.rows("parsing", lines=count, inexact_files=len(inexact))
    ratio = bare.ratio("decompose", "tree-sitter")
    bars = [at_most("decompose, beside bare tree-sitter", ratio, BARE_MAX, "times as long")]
    more_rows, more_bars = _beside_libcst(slow_lines, rounds)
    return Report((*rows, *more_rows), (*bars, *more_bars))


def _beside_libcst(lines: int, rounds: int) -> tuple[list[dict[str, Any]], list[Bar]]:
    if find_spec("libcst") is None:
        missing = "absent: `pip install libcst`"
        return [{"of": "parsing", "way": "LibCST", "note": missing}], []
    import libcst  # noqa: PLC0415 - a peer that only development installs

    files = {path: data for path, data in library_files(lines).items() if _is_parsed(libcst, data)}
    ways = {"decompose": _ours(files), "LibCST": _libcst(libcst, files)}
    found = in_turns(ways, max(3, rounds // 3), clock=time.process_time)
    count = sum(data.count(b"\n") for data in files.values())
    ratio = found.ratio("LibCST", "decompose")
    bar = at_least("decompose, beside LibCST", ratio, LIBCST_MIN, "times as fast")
    return found.rows("parsing", lines=count), [bar]


def _ours(files: dict[str, bytes]) -> Callable[[], None]:
    def run() -> None:
        for path, data in files.items():
            decompose(path, data)

    return run


def _bare(files: dict[str, bytes]) -> Callable[[], None]:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))

    def run() -> None:
        for data in files.values():
            parser.parse(data)

    return run


def _libcst(libcst: Any, files: dict[str, bytes]) -> Callable[[], None]:
    def run() -> None:
        for data in files.values():
            libcst.parse_module(data)

    return run


def _is_parsed(libcst: Any, data: bytes) -> bool:
    """Say whether LibCST takes a file at all; it is not timed on those that it refuses."""
    try:
        libcst.parse_module(data)
    except Exception:  # noqa: BLE001 - whatever it refuses it with
        return False
    return True
