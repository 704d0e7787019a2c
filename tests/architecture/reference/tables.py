"""The page of Postgres tables, from their definitions and the comments beside their columns."""

import ast
import importlib
import io
import tokenize
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from tasks_schema.tables.base import METADATA
from tests.architecture.reference.markdown import code, table
from tests.architecture.tree import ROOT

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_STAMP = ("_lamport", "_author", "_seq")


def render() -> str:
    """Return the page."""
    parts = [
        "# Tables\n",
        "What Postgres holds. `swarm migrate` makes it; times are in UTC.\n",
    ]
    for file in sorted((ROOT / "tasks_schema" / "tables").glob("*.py")):
        source = _Source(file)
        importlib.import_module(f"tasks_schema.tables.{file.stem}")
        if source.tables:
            parts.append(f"## {source.title}\n\n{source.introduction}".rstrip() + "\n")
        parts += [_section(METADATA.tables[name], source, call) for name, call in source.tables]
    return "\n".join(parts)


class _Source:
    """One file of table definitions: its docstring, its tables, and the comments in it."""

    def __init__(self, file: Path) -> None:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        title, _, introduction = (ast.get_docstring(tree) or "").partition("\n")
        self.title, self.introduction = title.rstrip("."), introduction.strip()
        self.comments = {
            token.start[0]: (token.string.lstrip("# "), token.line.strip() == token.string)
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        }
        self.tables = [
            (str(_first(node)), node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Table"
        ]

    def beside(self, node: ast.expr) -> str:
        """Return the comment that ends the last line of a column."""
        text, is_alone = self.comments.get(node.end_lineno or 0, ("", False))
        return "" if is_alone or text.startswith("type: ") else text

    def above_columns(self, call: ast.Call) -> str:
        """Return the comment that stands alone between a table's name and its columns."""
        span = range(call.lineno, call.args[2].lineno)
        return " ".join(self.comments[line][0] for line in span if line in self.comments)


def _section(found: Table, source: _Source, call: ast.Call) -> str:
    notes = {
        str(_first(column)): source.beside(column)
        for column in call.args[2:]
        if isinstance(column, ast.Call) and getattr(column.func, "id", "") == "Column"
    }
    rows = [
        (
            code(column.name),
            _type(column),
            _rules(column),
            notes[column.name] if column.name in notes else _stamp(column),
        )
        for column in found.columns
    ]
    text = source.above_columns(call)
    return (
        f"### `{found.name}`\n\n"
        + (f"{text}\n\n" if text else "")
        + table(("column", "type", "rules", "meaning"), rows)
    )


def _stamp(column: Column[Any]) -> str:
    register, sign, part = column.name.rpartition("_")
    assert sign + part in _STAMP, f"column '{column.name}' is not defined in the file of its table"
    return f"stamp of the last write to the {register}"


def _type(column: Column[Any]) -> str:
    return str(column.type.compile(dialect=_DIALECT)).lower().replace(' collate "c"', ", bytewise")


def _rules(column: Column[Any]) -> str:
    rules = ["key"] if column.primary_key else []
    rules += [f"references `{key.target_fullname}`" for key in column.foreign_keys]
    rules += ["unique"] if column.unique else []
    if column.server_default is not None:
        default = str(getattr(column.server_default, "arg", ""))
        rules.append(f"default {code(default) or 'the empty text'}")
    rules += ["may be null"] if column.nullable else []
    return ", ".join(rules)


def _first(call: ast.Call) -> Any:
    return call.args[0].value if isinstance(call.args[0], ast.Constant) else None
