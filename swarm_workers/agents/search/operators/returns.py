"""What a function gives back, what it assigns, and how a loop goes on.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_VALUES = (
    ("None", 0.45), ("True", 0.45), ("False", 0.45), ("0", 0.4), ("1", 0.3), ("-1", 0.3),
    ("''", 0.35),
    ("[]", 0.35), ("{}", 0.3), ("self", 0.35), ("NotImplemented", 0.25), ("()", 0.2),
    ("float('inf')", 0.15),
)  # fmt: skip


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other ways to end, to assign and to go on."""
    match site.node:
        case ast.Return():
            yield from _returned(site, site.node)
        case ast.Expr(
            value=ast.Call() | ast.Name() | ast.Attribute() | ast.BinOp() | ast.Compare()
        ):
            yield site.replace(f"return {site.source}", "return added", 0.6)
            yield from _kept(site, site.source)
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            yield from _yielded(site)
        case ast.Assign(targets=[target]):
            yield from _assigned(site, target, site.node.value)
        case ast.Continue():
            yield from _instead(site, ("break", "pass", "return", "return None"))
        case ast.Break():
            yield from _instead(site, ("continue", "pass", "return"))
        case _:
            pass


def _instead(site: Site, texts: tuple[str, ...]) -> Iterator[Proposal]:
    for text in texts:
        yield site.replace(text, "flow", 0.8 if text in ("break", "continue") else 0.5)


def _returned(site: Site, node: ast.Return) -> Iterator[Proposal]:
    present = site.text_of(node.value) if node.value is not None else ""
    for text, prior in _VALUES:
        if text != present and (text != "self" or "self" in site.scope.parameters):
            yield site.replace(f"return {text}", "return value", prior)
    for text in site.scope.returns:
        yield site.replace(f"return {text}", "return value", 0.45)
    for name in site.scope.variables:
        if name != "self":
            yield site.replace(f"return {name}", "return value", 0.5)
            yield site.replace(f"return {name}, {present}", "return value", 0.2)
    if node.value is not None:
        yield site.replace(f"return not ({present})", "return value", 0.45)
        yield site.replace(f"yield {present}", "flow", 0.2)
        yield site.replace(present, "flow", 0.2)
    if isinstance(node.value, ast.Tuple):
        yield from _tuple(site, node.value)


def _tuple(site: Site, value: ast.Tuple) -> Iterator[Proposal]:
    parts = [site.text_of(part) for part in value.elts]
    if len(parts) == 2:
        yield site.replace(f"{parts[1]}, {parts[0]}", "tuple swap", 0.6, value)


def _yielded(site: Site) -> Iterator[Proposal]:
    if "yield from" in site.source:
        yield site.replace(site.source.replace("yield from", "yield", 1), "flow", 0.6)
    else:
        yield site.replace(site.source.replace("yield", "yield from", 1), "flow", 0.6)
        yield site.replace(site.source.replace("yield", "return", 1), "flow", 0.3)


def _kept(site: Site, source: str) -> Iterator[Proposal]:
    """The result of a call that nobody keeps."""
    for name in site.scope.variables:
        if name != "self":
            yield site.replace(f"{name} = {source}", "result kept", 0.35)
            yield site.replace(f"{name} += {source}", "result kept", 0.1)


def _assigned(site: Site, target: ast.expr, value: ast.expr) -> Iterator[Proposal]:
    name, source = site.text_of(target), site.text_of(value)
    for operator, prior in (("+=", 0.55), ("-=", 0.4), ("*=", 0.25), ("|=", 0.2)):
        yield site.replace(f"{name} {operator} {source}", "augmented operator", prior)
    yield site.replace(f"return {source}", "return added", 0.3)
    for function in ("max", "min"):
        yield site.replace(f"{name} = {function}({name}, {source})", "keep the extreme", 0.35)
    if isinstance(target, ast.Name):
        yield site.replace(f"{name} = {name} or {source}", "default", 0.25)
        if "self" in site.scope.parameters:
            yield site.replace(f"self.{name} = {source}", "assignment target", 0.4)
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from _tuple(site, value)
