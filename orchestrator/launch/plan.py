"""From what a person typed to what a swarm may do.

Pure: no I/O, no clock, no chance.
"""

import difflib
import re
import shlex
from collections.abc import Iterable, Sequence

from orchestrator.errors import UsageError
from tasks_schema.messages.swarm import AGENTS_MAX

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_SECONDS_MAX = 366 * 86400.0
_OPERATIONS_MAX = 10**9
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", re.DOTALL)
_SHELL_ONLY = re.compile(r"(?:^|\s)(\|\|?|&&?|;|\d?(?:>>?|<)(?:&\d)?)|(&&|\|\||;)(?:\s|$)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> float:
    """Return the seconds that `90`, `90s`, `1h30m` or `2d` stand for.

    Raises:
        UsageError: it is none of these, or less than a second, or more than a year.
    """
    parts = _DURATION.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise UsageError(f"'{text}' is no duration; write for example 90s, 10m or 1h30m")
    seconds = sum(float(number) * _UNIT_SECONDS[unit or "s"] for number, unit in parts)
    if seconds < 1:
        raise UsageError(f"a duration of '{text}' leaves no time; give at least 1s")
    if seconds > _SECONDS_MAX:
        raise UsageError(f"a duration of '{text}' is more than a year; give at most 366d")
    return seconds


def split_command(text: str) -> tuple[str, ...]:
    """Return the words of a success command, split as a POSIX shell would.

    Raises:
        UsageError: it is empty, a quotation is not closed, or only a shell could run it.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        reason = f"{error}".lower()
        raise UsageError(f"the success command '{text}' cannot be split: {reason}") from error
    if not words:
        raise UsageError("the success command is empty; give one, such as --success 'pytest -q'")
    _refuse_shell(text, words)
    return words


def _refuse_shell(text: str, words: Sequence[str]) -> None:
    found = _SHELL_ONLY.search(_QUOTED.sub("quoted", text))
    if found is not None:
        raise UsageError(
            f"no shell reads the success command, so '{found[1] or found[2]}' in '{text}' would be "
            f"a plain word; write --success {shlex.quote('sh -c ' + shlex.quote(text))}"
        )
    if _ASSIGNMENT.match(words[0]):
        raise UsageError(
            f"no shell reads the success command, so '{words[0]}' would be its program; "
            f"write --success {shlex.quote('env ' + text)}"
        )


def check_agents(count: int) -> int:
    """Return the number of agents if a swarm can have that many.

    Raises:
        UsageError: below 1 or above the most that are allowed.
    """
    if not 1 <= count <= AGENTS_MAX:
        raise UsageError(f"--agents {count} is out of range; give 1 to {AGENTS_MAX:,}")
    return count


def check_operations(count: int | None) -> int:
    """Return the budget of edits, 0 for none that limits.

    Raises:
        UsageError: below 1 or above the most that can be counted.
    """
    if count is not None and not 1 <= count <= _OPERATIONS_MAX:
        raise UsageError(f"--max-ops {count} is out of range; give 1 to {_OPERATIONS_MAX:,}")
    return count or 0


def missing_scope_message(scope: str, names: Iterable[str]) -> str:
    """Return the sentence for a scope that matches nothing, with the nearest names."""
    known = sorted(name for name in set(names) if not _is_of_tests(name))
    near = nearest(scope, known) or [name for name in known if "." not in name][:5]
    offer = ", ".join(f"'{name}'" for name in near)
    tail = f"did you mean {offer}?" if near else "the repository holds no Python module"
    return f"the scope '{scope}' matches nothing in the repository; {tail}"


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """Return up to three known names that look like this one, or that it seems to be a part of."""
    by_end = [other for other in known if other.rpartition(".")[2] == name.rpartition(".")[2]]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    around = [other for other in reversed(known) if name.startswith(f"{other}.")]
    return list(dict.fromkeys([*close, *by_end]))[:3] or around[:1]


def _is_of_tests(name: str) -> bool:
    """Say whether a dotted path lies among tests, which agents never change."""
    return any(part in ("tests", "test") or part.startswith("test_") for part in name.split("."))


def slug_of(description: str, success: str) -> str:
    """Return words for a swarm's id: of its task, without the small ones."""
    words = re.findall(r"[A-Za-z0-9]+", description) or re.findall(r"[A-Za-z0-9]+", success)
    small = {"make", "all", "the", "in", "of", "to", "a", "and", "pass", "tests", "test", "fix"}
    telling = [word.lower() for word in words if word.lower() not in small]
    return "-".join((telling or ["swarm"])[:2])
