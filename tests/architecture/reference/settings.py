"""The page of settings, from the fields of the two classes that read them."""

import ast
import inspect
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from orchestrator.settings import OrchestratorSettings
from swarm_workers.settings import Settings
from tests.architecture.reference.markdown import code, table

_TYPES: dict[Any, str] = {
    int: "whole number", float: "number", bool: "`true` or `false`", Path: "path", SecretStr: "URL"
}  # fmt: skip
_UNITS = ((2**30, "GiB"), (2**20, "MiB"))


def render() -> str:
    """Return the page."""
    own = {name for name in OrchestratorSettings.model_fields if name not in Settings.model_fields}
    return (
        "# Settings\n\n"
        "Variables of the environment. One that is set wins; then, for the two URLs, what "
        "`swarm up` wrote to\n`stack.json` in the state folder; then the default. A name ends in "
        "its unit. A value that makes no sense is\nrefused when the program starts.\n\n"
        "## Of every process\n\n"
        f"{_table(Settings, set(Settings.model_fields))}\n"
        "## Of the orchestrator\n\n"
        "Read by the `swarm` command and by what `swarm up` starts.\n\n"
        f"{_table(OrchestratorSettings, own)}"
    )


def _table(owner: type[BaseSettings], names: set[str]) -> str:
    said = _docstrings(owner)
    rows = [
        (
            code(f"SWARM_{name.upper()}"),
            _type(field),
            _default(field),
            said.get(name, "").replace("None means", "unset means"),
        )
        for name, field in owner.model_fields.items()
        if name in names
    ]
    missing = [name for name, _, _, meaning in rows if not meaning]
    assert not missing, f"{missing} have no docstring under their field"
    return table(("variable", "value", "default", "meaning"), rows)


def _docstrings(owner: type[BaseSettings]) -> dict[str, str]:
    """Return the text that stands under each field of a class."""
    body = ast.parse(inspect.getsource(owner)).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: str(text.value.value)
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _type(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    bounds = [str(bound).partition("(")[2].rstrip(")") for bound in field.metadata]
    signs = {"ge=": "at least ", "gt=": "over ", "le=": "at most ", "lt=": "under "}
    said = [
        next(word + b[3:] for sign, word in signs.items() if b.startswith(sign)) for b in bounds
    ]
    return ", ".join([_TYPES[kind], *said])


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return ""
    if isinstance(value, Path):
        return code(str(Path("~") / value.relative_to(Path.home())))
    if isinstance(value, bool):
        return code(str(value).lower())
    for size, unit in _UNITS:
        if isinstance(value, int) and value >= size and value % size == 0:
            return f"{code(str(value))} ({value // size} {unit})"
    return code(f"{value:g}" if isinstance(value, float) else str(value))
