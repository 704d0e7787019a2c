"""The names, values and statements around a place: what a fix is usually made of.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from swarm_workers.agents.search.sources import SourceFile

Function = ast.FunctionDef | ast.AsyncFunctionDef
_STATEMENTS_MAX = 24
_CONDITIONS_MAX = 16
_STRINGS_MAX = 12
_NAMES_MAX = 16


@dataclass(slots=True)
class Scope:
    """What can be named and borrowed inside one function, or at module level.

    Lists are in the order of appearance, without repetition.
    """

    function: Function | None
    variables: list[str] = field(default_factory=list)
    """Parameters and assigned names."""
    parameters: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    """Attributes by the name they are taken of: `self`, mostly."""
    numbers: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    """As they are written, quotes and all."""
    conditions: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    """Simple statements of one line."""
    returns: list[str] = field(default_factory=list)
    memberships: list[tuple[str, str]] = field(default_factory=list)
    """Key and container of each `key in container`."""


@dataclass(slots=True)
class Surroundings:
    """What a whole file offers."""

    functions: dict[str, Function] = field(default_factory=dict)
    """Functions and methods defined in it, by name; the first one counts."""
    module_functions: list[str] = field(default_factory=list)
    globals: list[str] = field(default_factory=list)
    """Names assigned at module level."""
    imported: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    keywords: dict[str, list[str]] = field(default_factory=dict)
    """`name=value` arguments by the name of the function they are given to."""


def scope_of(file: SourceFile, function: Function | None, owner: ast.ClassDef | None) -> Scope:
    """Return what one function can use; `owner` is the class that it is a method of."""
    scope = Scope(function)
    body: ast.AST = function if function is not None else ast.Module(_simple(file.tree.body), [])
    if function is not None:
        scope.parameters = _parameters(function)
        scope.variables = list(scope.parameters)
    for node in ast.walk(body):
        _take(file, node, scope)
    if owner is not None:
        for node in ast.walk(owner):
            _take_attribute(node, scope)
    for names in (scope.variables, *scope.attributes.values()):
        del names[_NAMES_MAX:]
    return scope


def surroundings_of(file: SourceFile) -> Surroundings:
    """Return what the file offers to all of its functions."""
    found = Surroundings()
    for statement in file.tree.body:
        if isinstance(statement, Function):
            found.module_functions.append(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            for name in _stored(statement):
                _add(found.globals, name)
    for node in ast.walk(file.tree):
        _take_from_file(file, node, found)
    return found


def _take(file: SourceFile, node: ast.AST, scope: Scope) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            _add(scope.variables, name)
        case ast.Constant():
            _take_constant(file, node, scope)
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            _add_line(scope.conditions, file.source_of(node.test), _CONDITIONS_MAX)
        case ast.Return(value=ast.expr() as value):
            _add_line(scope.returns, file.source_of(value), _CONDITIONS_MAX)
        case ast.Assign() | ast.AugAssign() | ast.Expr() | ast.Raise():
            if not isinstance(getattr(node, "value", None), ast.Constant):
                _add_line(scope.statements, file.source_of(node), _STATEMENTS_MAX)
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[container]):
            scope.memberships.append((file.source_of(key), file.source_of(container)))
        case _:
            _take_attribute(node, scope)


def _take_constant(file: SourceFile, node: ast.Constant, scope: Scope) -> None:
    if isinstance(node.value, str):
        _add_string(file, node, scope.strings)
    elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
        _add(scope.numbers, file.source_of(node))


def _take_attribute(node: ast.AST, scope: Scope) -> None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        _add(scope.attributes.setdefault(node.value.id, []), node.attr)


def _take_from_file(file: SourceFile, node: ast.AST, found: Surroundings) -> None:
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            _add_line(found.conditions, file.source_of(node.test), 4 * _CONDITIONS_MAX)
        case ast.Constant(value=str()):
            _add_string(file, node, found.strings)
        case ast.Attribute():
            _add(found.attributes, node.attr)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            for keyword in node.keywords:
                if keyword.arg is not None:
                    _add_line(found.keywords.setdefault(name, []), file.source_of(keyword), 8)
        case _:
            _take_definition(node, found)
            _take_exception(file, node, found)


def _take_definition(node: ast.AST, found: Surroundings) -> None:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            found.functions.setdefault(node.name, node)
        case ast.ClassDef():
            _add(found.classes, node.name)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                _add(found.imported, (alias.asname or alias.name).split(".")[0])
        case _:
            pass


def _take_exception(file: SourceFile, node: ast.AST, found: Surroundings) -> None:
    match node:
        case ast.ClassDef(name=name) if name.endswith(("Error", "Exception", "Warning")):
            _add(found.exceptions, name)
        case ast.ExceptHandler(type=ast.expr() as kind):
            for member in kind.elts if isinstance(kind, ast.Tuple) else [kind]:
                _add_line(found.exceptions, file.source_of(member), _CONDITIONS_MAX)
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name))):
            _add(found.exceptions, name)
        case _:
            pass


def _parameters(function: Function) -> list[str]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    every += [extra for extra in (given.vararg, given.kwarg) if extra is not None]
    return [argument.arg for argument in every]


def _stored(statement: ast.AST) -> Iterable[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _simple(statements: list[ast.stmt]) -> list[ast.stmt]:
    return [s for s in statements if isinstance(s, ast.Assign | ast.AnnAssign | ast.Expr)]


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _add_line(texts: list[str], text: str, count_max: int) -> None:
    if "\n" not in text and len(texts) < count_max:
        _add(texts, text)


def _add_string(file: SourceFile, node: ast.AST, strings: list[str]) -> None:
    if len(strings) >= _STRINGS_MAX:
        return
    text = file.source_of(node)
    # In an f-string a piece of text is a node as well; only what is quoted can be borrowed.
    if len(text) < 60 and text[-1:] in ("'", '"') and not text.endswith(('"""', "'''")):
        _add_line(strings, text, _STRINGS_MAX)
