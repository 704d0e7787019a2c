"""Another operator between two values; values the other way round; one of them alone; one more.

Pure: no I/O, no clock, no chance.
"""

import ast
import re
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_TOKEN = re.compile(r"\*\*|//|<<|>>|[-+*/%@&|^]")
_INSTEAD: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 0.9), ("*", 0.5), ("|", 0.25), ("//", 0.15)),
    "-": (("+", 0.9), ("*", 0.4), ("//", 0.3), ("%", 0.25), ("/", 0.25)),
    "*": (("/", 0.7), ("+", 0.6), ("**", 0.55), ("//", 0.5), ("-", 0.3)),
    "/": (("//", 0.9), ("*", 0.75), ("%", 0.4), ("-", 0.3)),
    "//": (("/", 0.9), ("%", 0.6), ("*", 0.6), ("-", 0.3)),
    "%": (("//", 0.7), ("/", 0.5), ("*", 0.4), ("-", 0.3)),
    "**": (("*", 0.7), ("//", 0.3)),
    "<<": ((">>", 0.8), ("*", 0.3)),
    ">>": (("<<", 0.8), ("//", 0.3)),
    "&": (("|", 0.8), ("^", 0.7), ("and", 0.3), ("-", 0.3)),
    "|": (("&", 0.8), ("^", 0.6), ("or", 0.3), ("+", 0.3), ("-", 0.2)),
    "^": (("&", 0.7), ("|", 0.7), ("**", 0.5)),
    "@": (("*", 0.5),),
}


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other ways to put two values together."""
    match site.node:
        case ast.BinOp():
            yield from _binary(site, site.node)
        case ast.UnaryOp():
            yield from _unary(site, site.node)
        case ast.AugAssign():
            yield from _augmented(site, site.node)
        case _:
            pass


def _binary(site: Site, node: ast.BinOp) -> Iterator[Proposal]:
    begin, end = site.file.span(node.left)[1], site.file.span(node.right)[0]
    found = _TOKEN.search(site.file.text, begin, end)
    if found is None:
        return
    for instead, prior in _INSTEAD.get(found[0], ()):
        yield Proposal(*found.span(), instead, "arithmetic operator", prior)
    left, right = site.operand(node.left), site.operand(node.right)
    # `x - 1` for `x` is an off-by-one like any other, and reads better than `x - 0`.
    is_one_off = isinstance(node.right, ast.Constant) and node.right.value == 1
    prior = 0.96 if is_one_off and found[0] in "+-" else 0.6
    yield site.replace(site.text_of(node.left), "one operand", prior)
    yield site.replace(site.text_of(node.right), "one operand", 0.55)
    if found[0] not in ("*", "&", "|", "^"):
        yield site.replace(f"{right} {found[0]} {left}", "operand swap", 0.6)
    yield from _regrouped(site, node, found[0])


def _regrouped(site: Site, node: ast.BinOp, outer: str) -> Iterator[Proposal]:
    """Move the parentheses: `a + b * c` against `(a + b) * c`."""
    if isinstance(node.right, ast.BinOp):
        found = _token_of(site, node.right)
        first, second = site.operand(node.right.left), site.operand(node.right.right)
        text = f"({site.operand(node.left)} {outer} {first}) {found} {second}"
        yield site.replace(text, "grouping", 0.5)
    if isinstance(node.left, ast.BinOp):
        found = _token_of(site, node.left)
        first, second = site.operand(node.left.left), site.operand(node.left.right)
        text = f"{first} {found} ({second} {outer} {site.operand(node.right)})"
        yield site.replace(text, "grouping", 0.5)


def _token_of(site: Site, node: ast.BinOp) -> str:
    begin, end = site.file.span(node.left)[1], site.file.span(node.right)[0]
    found = _TOKEN.search(site.file.text, begin, end)
    return found[0] if found else "+"


def _unary(site: Site, node: ast.UnaryOp) -> Iterator[Proposal]:
    prior = 0.8 if isinstance(node.op, ast.Not | ast.USub) else 0.5
    yield site.replace(site.text_of(node.operand), "unary operator", prior)
    if isinstance(node.op, ast.Not):
        yield site.replace(f"{site.operand(node.operand)} is None", "condition", 0.7)
        yield site.replace(f"{site.operand(node.operand)} is not None", "condition", 0.4)
    if isinstance(node.op, ast.Invert):
        yield site.replace(f"not {site.operand(node.operand)}", "unary operator", 0.6)
        yield site.replace(f"-{site.operand(node.operand)}", "unary operator", 0.4)


def _augmented(site: Site, node: ast.AugAssign) -> Iterator[Proposal]:
    begin, end = site.file.span(node.target)[1], site.file.span(node.value)[0]
    found = _TOKEN.search(site.file.text, begin, end)
    if found is None:
        return
    for instead, prior in _INSTEAD.get(found[0], ()):
        if instead not in ("and", "or"):
            yield Proposal(*found.span(), instead, "augmented operator", prior)
    yield Proposal(*found.span(), "", "augmented operator", 0.5)
    target, value = site.text_of(node.target), site.operand(node.value)
    yield site.replace(f"{target} = {value} {found[0]} {target}", "operand swap", 0.5)
    for name in ("max", "min"):
        yield site.replace(f"{target} = {name}({target}, {value})", "keep the extreme", 0.3)
