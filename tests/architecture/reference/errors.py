"""The page of errors, from the classes and the places that raise them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.reference.messages import shape, shape_of_init
from tests.architecture.tree import modules

_ROOTS = ("SwarmError", "StmError")
_INTRODUCTION = """\
# Errors

Whatever goes wrong as expected is a `SwarmError`; the STM is a library of its own and has a tree of
its own. The `swarm` command tells such an error in one line and ends with status 2; anything else
is a defect and shows its traceback. A message says what happened, to which thing, and what to do.

Below each error stands the shape of its message, with what varies in braces; where it is raised
with different messages, all of them.
"""


@dataclass(frozen=True)
class _Error:
    name: str
    bases: tuple[str, ...]
    module: str
    meaning: str
    node: ast.ClassDef


def render() -> str:
    """Return the page."""
    classes = {error.name: error for error in _classes()}
    raised = _raised(set(classes))
    parts = [_INTRODUCTION]
    for root in _ROOTS:
        parts.append(f"\n## `{root}`\n\n")
        parts += _branch(classes[root], classes, raised, 0)
    return "".join(parts)


def _classes() -> Iterator[_Error]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
                meaning = (ast.get_docstring(node) or "").partition("\n")[0]
                yield _Error(node.name, bases, module.name, meaning, node)


def _raised(names: set[str]) -> dict[str, list[str]]:
    """Return by class the shapes of the messages that it is raised with."""
    found: dict[str, list[str]] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id in names:
                found.setdefault(node.func.id, []).append(shape(node.args[0]))
    return {
        name: sorted({text for text in texts if not text.startswith("{") or " " in text})
        for name, texts in found.items()
    }


def _branch(
    error: _Error, classes: dict[str, _Error], raised: dict[str, list[str]], depth: int
) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}- **`{error.name}`** (`{error.module}`): {error.meaning}\n"
    for message in _messages(error, classes, raised):
        yield f"{indent}  - {message}\n"
    children = (each for each in classes.values() if error.name in each.bases)
    for child in sorted(children, key=lambda each: (each.module, each.node.lineno)):
        yield from _branch(child, classes, raised, depth + 1)


def _messages(error: _Error, classes: dict[str, _Error], raised: dict[str, list[str]]) -> list[str]:
    own = shape_of_init(error.node)
    if own is None:
        parents = [classes[base] for base in error.bases if base in classes]
        if any(shape_of_init(parent.node) is not None for parent in parents):
            return []  # its parent's message
        return [_quoted(text) for text in raised.get(error.name, [])]
    for base in error.bases:
        parent = classes.get(base)
        if parent is not None and (above := shape_of_init(parent.node)) is not None:
            return [_quoted(above.filled(own.arguments))]
    return [_quoted(own.text)]


def _quoted(text: str) -> str:
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{' '.join(text.split())}{space}{fence}"
