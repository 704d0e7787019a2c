"""Whether a command may go on with an experiment, or its runs would be of another kind.

Runs of one cell are put together whichever command ran them. So all that figures depend on and that
no cell says has to be the same for all of them: what was read, which code ran, on which machine,
and beside how many other runs. Seeds, studies, instances and tasks may be added at will.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.experiments.rows import Experiment

_READING = ("library", "sources", "corpus")
"""Of a spec: said together, by the first command whose agents read."""
_AT_ONCE = "at_once"
_DIGITS = 12
"""Of a digest: enough to tell two apart."""


def joined_spec(recorded: Experiment, ours: Experiment) -> dict[str, Any]:
    """Return the spec of an experiment with what a further command is the first to say.

    Args:
        recorded: as its commands have left it.
        ours: the same one as this command would begin it.

    Raises:
        UsageError: runs of this command would not be comparable with those that are recorded.
    """
    differences = list(_differences(recorded, ours))
    if differences:
        raise UsageError(
            f"experiment '{ours.experiment_id}' was begun otherwise: {'; '.join(differences)}. "
            "Its figures and new ones cannot be compared: say the same, or take a new --id"
        )
    spec = dict(recorded.spec)
    if "library" in ours.spec and "library" not in spec:
        spec |= {key: ours.spec[key] for key in _READING}
    if _AT_ONCE in ours.spec:
        spec.setdefault(_AT_ONCE, ours.spec[_AT_ONCE])
    return spec


def _differences(recorded: Experiment, ours: Experiment) -> Iterator[str]:
    before, now = recorded.spec, ours.spec
    if _AT_ONCE in before and _AT_ONCE in now and before[_AT_ONCE] != now[_AT_ONCE]:
        yield f"--at-once {before[_AT_ONCE]}, now {now[_AT_ONCE]}"
    if "library" in before and "library" in now:
        yield from _readings(before, now)
    yield from _facts(recorded.machine, ours.machine)
    yield from _facts(recorded.versions, ours.versions)


def _readings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if _named(before) != _named(now):
        yield f"it reads {_named(before)}, now {_named(now)}"
    elif before["library"] != now["library"]:
        yield f"documents {before['library'][:_DIGITS]}, now {now['library'][:_DIGITS]}"


def _named(spec: Mapping[str, Any]) -> str:
    words = [f"--source {url}" for url in sorted(spec["sources"])]
    words += [f"--corpus {folder}" for folder in sorted(spec["corpus"])]
    return " ".join(words) or "no --source and no --corpus"


def _facts(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            words = name.replace("_", " ")
            yield f"{words} {before.get(name, 'unknown')}, now {now.get(name, 'unknown')}"
