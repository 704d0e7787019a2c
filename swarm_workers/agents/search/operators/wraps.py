"""A call that is missing: `x` as `x.strip()`, `sorted(x)`, `x or []`, one more, one less.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.scope import Function
from swarm_workers.agents.search.sites import Proposal, Site

_FUNCTIONS = (
    ("len", 0.3), ("str", 0.4), ("int", 0.4), ("list", 0.4), ("sorted", 0.4), ("set", 0.35),
    ("abs", 0.5),
    ("tuple", 0.3), ("float", 0.3), ("round", 0.4), ("reversed", 0.25), ("dict", 0.25),
    ("bool", 0.3),
    ("repr", 0.2), ("iter", 0.1), ("enumerate", 0.2), ("sum", 0.2), ("next", 0.1), ("not ", 0.35),
    ("-", 0.4),
    ("~", 0.1), ("await ", 0.15), ("type", 0.1), ("ord", 0.15), ("chr", 0.1), ("max", 0.15),
    ("min", 0.15),
    ("frozenset", 0.1), ("range", 0.15), ("bytes", 0.1), ("any", 0.15), ("all", 0.15), ("id", 0.05),
)  # fmt: skip
_METHODS = (
    ("strip()", 0.45), ("lower()", 0.5), ("copy()", 0.4), ("upper()", 0.35), ("items()", 0.35),
    ("values()", 0.3), ("keys()", 0.25), ("rstrip()", 0.3), ("lstrip()", 0.25), ("split()", 0.25),
    ("casefold()", 0.2), ("encode()", 0.2), ("decode()", 0.2), ("title()", 0.15),
    ("capitalize()", 0.15),
    ("splitlines()", 0.15), ("sort()", 0.1), ("get()", 0.05), ("total_seconds()", 0.15),
    ("pop()", 0.15),
    ("rstrip('/')", 0.15), ("strip('/')", 0.1), ("replace('-', '_')", 0.1), ("rstrip('\\n')", 0.15),
    ("reverse()", 0.05), ("isoformat()", 0.1), ("group()", 0.1), ("name", 0.15), ("value", 0.15),
)  # fmt: skip
_SHAPES = (
    ("{0} + 1", 0.6), ("{0} - 1", 0.6), ("{0} or None", 0.25), ("{0} or []", 0.25),
    ("{0} or {{}}", 0.2),
    ("{0} or ''", 0.25), ("{0} or 0", 0.2), ("max(0, {0})", 0.35), ("max(1, {0})", 0.25),
    ("{0} * 2", 0.2),
    ("{0} // 2", 0.2), ("min(1, {0})", 0.15), ("{0} ** 2", 0.25), ("[{0}]", 0.35), ("({0},)", 0.3),
    ("{0} % 2", 0.1), ("{0} == 0", 0.1), ("{{**{0}}}", 0.1), ("*{0}", 0.15),
)  # fmt: skip
_TRAILERS = (
    ("[1:]", 0.4), ("[:-1]", 0.4), ("[0]", 0.45), ("[-1]", 0.4), ("[::-1]", 0.45), ("[1]", 0.3),
    ("()", 0.35),
    ("[:]", 0.3), ("[:1]", 0.15), ("[-1:]", 0.1),
)  # fmt: skip


def propose(site: Site) -> Iterator[Proposal]:
    """Yield this value with something done to it."""
    if not _is_wrappable(site):
        return
    node = site.node
    assert isinstance(node, ast.expr)
    whole, bare = site.operand(node), site.source
    share = 1.0 if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else 0.8
    for name, prior in _FUNCTIONS:
        text = f"{name}{whole}" if name[-1:] in " -~" else f"{name}({bare})"
        yield site.replace(text, "call added", prior * share)
    for name in _local_functions(site):
        yield site.replace(f"{name}({bare})", "call added", 0.4 * share)
    if not isinstance(node, ast.Constant):
        for method, prior in _METHODS:
            yield site.replace(f"{whole}.{method}", "call added", prior * share)
        for trailer, prior in _TRAILERS:
            yield site.replace(f"{whole}{trailer}", "part of a value", prior * share)
    for shape, prior in _SHAPES:
        yield site.replace(shape.format(whole), "value adjusted", prior * share)
    yield from _combined(site, whole, share)


def _is_wrappable(site: Site) -> bool:
    if not site.is_value or isinstance(site.parent, ast.JoinedStr | ast.FormattedValue):
        return False
    if isinstance(site.node, ast.Constant | ast.Slice | ast.Starred | ast.Lambda | ast.Compare):
        return False
    if isinstance(site.node, ast.Name) and site.node.id in ("self", "cls"):
        return False
    is_callee = isinstance(site.parent, ast.Call) and site.field == "func"
    is_whole = isinstance(site.parent, ast.Expr)
    return not is_callee and not is_whole and not isinstance(site.parent, ast.ExceptHandler)


def _local_functions(site: Site) -> Iterator[str]:
    """Functions of this file that can be called with one argument."""
    for name in site.around.module_functions[:24]:
        function = site.around.functions[name]
        if _takes_one(function) and function is not site.scope.function:
            yield name
    for name, function in list(site.around.functions.items())[:48]:
        is_method = bool(function.args.args) and function.args.args[0].arg == "self"
        if is_method and name in site.scope.attributes.get("self", ()):
            yield f"self.{name}"


def _takes_one(function: Function) -> bool:
    required = len(function.args.args) - len(function.args.defaults)
    return required <= 1 and bool(function.args.args)


def _combined(site: Site, whole: str, share: float) -> Iterator[Proposal]:
    """The value together with a variable."""
    for name in site.scope.variables:
        if name in ("self", site.source):
            continue
        for shape, prior in (
            ("{0} + {1}", 0.35), ("{0} - {1}", 0.35), ("{0} * {1}", 0.25), ("{0} or {1}", 0.3),
            ("max({0}, {1})", 0.3), ("min({0}, {1})", 0.3), ("{0} % {1}", 0.2),
            ("{0} // {1}", 0.15),
            ("{0}[{1}]", 0.3), ("{1}[{0}]", 0.3), ("{1}.get({0}, {0})", 0.1), ("{0} / {1}", 0.2),
            ("{1} - {0}", 0.2), ("{0} and {1}", 0.1),
        ):  # fmt: skip
            yield site.replace(shape.format(whole, name), "value combined", prior * share)
