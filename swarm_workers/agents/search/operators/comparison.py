"""Another comparison: `<` for `<=`, `==` for `in`, `is` for `==`, sides swapped.

Pure: no I/O, no clock, no chance.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from swarm_workers.agents.search.sites import Proposal, Site

_TOKEN = re.compile(r"not\s+in\b|is\s+not\b|in\b|is\b|[<>=!]=|[<>]")
_INSTEAD: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 1.0), (">", 0.75), (">=", 0.7), ("!=", 0.45), ("==", 0.35)),
    "<=": (("<", 1.0), (">=", 0.75), (">", 0.7), ("==", 0.45), ("!=", 0.35)),
    ">": ((">=", 1.0), ("<", 0.75), ("<=", 0.7), ("!=", 0.45), ("==", 0.35)),
    ">=": ((">", 1.0), ("<=", 0.75), ("<", 0.7), ("==", 0.45), ("!=", 0.35)),
    "==": (("!=", 0.85), ("in", 0.6), (">=", 0.6), ("<=", 0.6), ("is", 0.4), (">", 0.4), ("<",
    0.4)),
    "!=": (("==", 0.85), ("not in", 0.6), (">", 0.55), ("<", 0.55), ("is not", 0.4), (">=", 0.4)),
    "is": (("is not", 0.85), ("==", 0.75)),
    "is not": (("is", 0.85), ("!=", 0.75)),
    "in": (("not in", 0.85), ("==", 0.55)),
    "not in": (("in", 0.85), ("!=", 0.55)),
}  # fmt: skip


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other comparisons of the same values."""
    node = site.node
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for left, right in pairwise(operands):
        yield from _operator(site, left, right)
    if len(node.ops) == 1:
        yield from _sides(site, node)


def _operator(site: Site, left: ast.expr, right: ast.expr) -> Iterator[Proposal]:
    begin, end = site.file.span(left)[1], site.file.span(right)[0]
    found = _TOKEN.search(site.file.text, begin, end)
    if found is None:
        return
    present = " ".join(found[0].split())
    for instead, prior in _INSTEAD.get(present, ()):
        yield Proposal(*found.span(), instead, "comparison", prior)


def _sides(site: Site, node: ast.Compare) -> Iterator[Proposal]:
    """Compare other things: the sides swapped, shifted by one, or one of them alone."""
    left, right = site.operand(node.left), site.operand(node.comparators[0])
    operator = node.ops[0]
    if isinstance(operator, ast.In | ast.NotIn | ast.Lt | ast.Gt | ast.LtE | ast.GtE):
        begin, end = site.file.span(node.left)[1], site.file.span(node.comparators[0])[0]
        between = site.file.text[begin:end]
        if "(" not in between and ")" not in between:
            yield site.replace(f"{right}{between}{left}", "swap sides", 0.5)
    if isinstance(operator, ast.Is | ast.IsNot | ast.NotEq | ast.Gt):
        yield site.replace(left, "truth of a value", 0.5)
    if isinstance(operator, ast.Is | ast.Eq):
        yield site.replace(f"not {left}", "truth of a value", 0.5)
    if isinstance(operator, ast.Eq) and isinstance(node.comparators[0], ast.Constant):
        yield site.replace(f"{left}.startswith({right})", "comparison", 0.25)
    if isinstance(operator, ast.Eq | ast.Is) and isinstance(node.comparators[0], ast.Name):
        yield site.replace(f"isinstance({left}, {right})", "comparison", 0.3)
