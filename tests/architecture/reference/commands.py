"""The page of commands, from what `swarm --help` is made of."""

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer

from orchestrator.cli.main import app
from tasks_schema import kinds
from tests.architecture.reference.markdown import code, table

_VALUES = {int: "number", float: "number", str: "text", Path: "path"}


def render() -> str:
    """Return the page."""
    group: Any = typer.main.get_command(app)
    parts: list[str] = [
        "# The `swarm` command\n",
        f"{group.help}\n",
        "Results go to stdout; progress, notes and refusals to stderr.\n",
        table(("exit status", "meaning"), _exit_codes()),
    ]
    return "\n".join([*parts, *_sections("swarm", group)])


def _sections(path: str, group: Any) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _sections(f"{path} {name}", command)
        else:
            yield _section(f"{path} {name}", command).rstrip() + "\n"


def _exit_codes() -> list[tuple[str, str]]:
    source = inspect.getsource(kinds.ExitCode)
    return [
        (code(number), meaning)
        for number, meaning in sorted(re.findall(r"= (\d+)  #: (.+)", source))
    ]


def _section(title: str, command: Any) -> str:
    words = [title, *(_usage(parameter) for parameter in command.params)]
    usage = " ".join(word for word in words if word)
    text = inspect.cleandoc(command.help or "")
    rows = [(_names(each), each.help or "", _default(each)) for each in command.params]
    options = table(("option", "meaning", "default"), rows) if rows else ""
    return f"## `{title}`\n\n{text}\n\n```\n{usage}\n```\n\n{options}"


def _usage(parameter: Any) -> str:
    if not parameter.opts[0].startswith("-"):
        return str(parameter.metavar or parameter.name.upper())
    return f"{parameter.opts[0]} {_value(parameter)}" if parameter.required else ""


def _names(parameter: Any) -> str:
    name = _usage(parameter) if not parameter.opts[0].startswith("-") else parameter.opts[0]
    value = "" if getattr(parameter, "is_flag", True) else f" {_value(parameter)}"
    return code(name + value)


def _value(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    annotation = next(iter(get_args(annotation)), annotation)
    if issubclass(annotation, Enum):
        return "|".join(str(member.value) for member in annotation)
    return _VALUES[annotation].upper()


def _default(parameter: Any) -> str:
    if parameter.required:
        return "none: must be given"
    value = parameter.default
    if value is None or value is False or value == "":
        return ""
    return code(str(value.value if isinstance(value, Enum) else value))
