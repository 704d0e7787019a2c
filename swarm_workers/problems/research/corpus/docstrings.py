"""Documents made of a module's docstrings, read from its source without importing it.

Pure: no I/O, no clock, no chance.
"""

import ast
import warnings
from collections.abc import Iterator

from swarm_workers.problems.research.corpus.document import Document, document

CLASS_CHARACTERS_MIN = 800
"""A class that says more than this has a document of its own; others stand in their module's."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def documents_of(kind: str, module: str, source: bytes) -> list[Document]:
    """Return the documents of a module and of its larger classes; empty if it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's escapes
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    parts, found = [ast.get_docstring(tree) or ""], []
    for node in _public(tree.body):
        text = _text(node)
        if isinstance(node, ast.ClassDef) and len(text) >= CLASS_CHARACTERS_MIN:
            name = f"{module}.{node.name}"
            found.append(document(kind, name, f"class {name}", text))
        elif text:
            parts.append(text)
    whole = document(kind, module, f"module {module}", "\n\n".join(filter(None, parts)))
    return [each for each in (whole, *found) if each is not None]


def _public(body: list[ast.stmt]) -> Iterator[_Definition]:
    for node in body:
        if isinstance(node, _Definition) and not node.name.startswith("_"):
            yield node


def _text(node: _Definition) -> str:
    """Return what a definition and its public members say of themselves; empty if nothing."""
    parts = [_own(node)]
    if isinstance(node, ast.ClassDef):
        parts.extend(_own(member) for member in _public(node.body))
    return "\n\n".join(filter(None, parts))


def _own(node: _Definition) -> str:
    said = ast.get_docstring(node)
    if not said:
        return ""
    word = "class" if isinstance(node, ast.ClassDef) else "def"
    return f"{word} {node.name}\n\n{said}"
