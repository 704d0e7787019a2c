"""What the success command is, as far as the fleet has to know.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

_RUNNERS = frozenset({"pytest", "py.test"})


def pytest_arguments(argv: Sequence[str]) -> list[str] | None:
    """Return the arguments that the command gives to pytest; None if it is not plainly pytest."""
    if not argv:
        return None
    name = PurePosixPath(argv[0]).name
    if name in _RUNNERS:
        return list(argv[1:])
    if name.startswith("python") and list(argv[1:3]) == ["-m", "pytest"]:
        return list(argv[3:])
    return None


def session_arguments(argv: Sequence[str], tests: Sequence[str]) -> list[str]:
    """Return what to collect in a warm session: as the command says, else the tests it reported."""
    stated = pytest_arguments(argv)
    return list(tests) if stated is None else stated


def adds_current_folder(argv: Sequence[str]) -> bool:
    """Say whether the command puts the current folder on the import path: `python -m` does."""
    return "-m" in argv[1:2]


def is_test_file(path: str) -> bool:
    """Say whether a path is a test or serves tests: agents never change these."""
    pure = PurePosixPath(path)
    folders = {"test", "tests", "testing"}
    return (
        pure.name.startswith("test_")
        or pure.stem.endswith("_test")
        or pure.name == "conftest.py"
        or any(part in folders for part in pure.parts[:-1])
    )
