"""The programs that run inside the server, as scripts and as a library of functions."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LIBRARY = "swarm_stm_2"
"""Renamed whenever a program changes, so that old and new clients may share a server."""

_PARTS = ("answers", "coordination", "commit")
_FUNCTIONS = {
    "read": "no-writes",
    "commit": "",
    "offer": "",
    "hand_on": "",
    "close_gate": "",
    "open_gate": "",
    "resolve": "",
}


SCRIPTS = ("read", "commit", "offer", "hand_on", "close_gate", "open_gate")
"""Those that are run by EVALSHA."""


@dataclass(frozen=True, slots=True)
class Script:
    """A program that any server takes."""

    text: str
    digest: str
    """What EVALSHA calls it by."""


@cache
def script(name: str) -> Script:
    """Return one of the programs in `SCRIPTS`."""
    assert name in SCRIPTS, name
    text = f"{_source()}\nreturn {name}(KEYS, ARGV)\n"
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@cache
def library() -> str:
    """Return all programs as a library for FUNCTION LOAD."""
    registered = "\n".join(
        f"redis.register_function{{function_name='{function(name)}', callback={name}, "
        f"flags={{{repr(flag) if flag else ''}}}}}"
        for name, flag in _FUNCTIONS.items()
    )
    return f"#!lua name={LIBRARY}\n{_source()}\n{registered}\n"


def function(name: str) -> str:
    """Return what FCALL calls one of the programs by."""
    return f"{LIBRARY}_{name}"


@cache
def _source() -> str:
    folder = files("swarm_workers.stm.engines")
    return "\n".join((folder / f"{part}.lua").read_text() for part in _PARTS)
