"""Conditions: negated, joined with another, with one part left out, or asked more precisely.

Pure: no I/O, no clock, no chance.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from swarm_workers.agents.search.sites import Proposal, Site

_AND_OR = re.compile(r"\b(and|or)\b")
_DONORS_MAX = 12


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other conditions."""
    if isinstance(site.node, ast.BoolOp):
        yield from _bool_op(site, site.node)
    if _is_test(site):
        yield from _test(site)
    if isinstance(site.node, ast.IfExp):
        node = site.node
        yield site.replace(site.text_of(node.body), "one branch", 0.5)
        yield site.replace(site.text_of(node.orelse), "one branch", 0.5)
        text = f"{site.operand(node.orelse)} if {site.text_of(node.test)} else "
        yield site.replace(text + site.operand(node.body), "branches swapped", 0.6)


def _bool_op(site: Site, node: ast.BoolOp) -> Iterator[Proposal]:
    values = node.values
    word = "and" if isinstance(node.op, ast.And) else "or"
    other = "or" if word == "and" else "and"
    for left, right in pairwise(values):
        begin, end = site.file.span(left)[1], site.file.span(right)[0]
        found = _AND_OR.search(site.file.text, begin, end)
        if found is not None:
            yield Proposal(*found.span(), other, "and, or", 0.9)
    for index in range(len(values)):
        rest = [site.operand(value) for at, value in enumerate(values) if at != index]
        yield site.replace(f" {word} ".join(rest), "part of a condition", 0.7)
    if len(values) > 2:
        first = f" {word} ".join(site.operand(value) for value in values[:2])
        rest = [site.operand(value) for value in values[2:]]
        yield site.replace(f" {word} ".join([f"({first})", *rest]), "grouping", 0.1)
    for value in values:
        yield _negated(site, value)


def _negated(site: Site, value: ast.expr) -> Proposal:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        text = site.text_of(value.operand)
    else:
        text = f"not {site.operand(value)}"
    return site.replace(text, "negation", 0.75, value)


def _is_test(site: Site) -> bool:
    is_branch = isinstance(site.parent, ast.If | ast.While | ast.IfExp | ast.Assert)
    is_filter = isinstance(site.parent, ast.comprehension)
    return (is_branch and site.field == "test") or (is_filter and site.field == "ifs")


def _test(site: Site) -> Iterator[Proposal]:
    """A condition as a whole."""
    node = site.node
    assert isinstance(node, ast.expr)
    whole = site.operand(node)
    if not isinstance(node, ast.Compare | ast.UnaryOp):
        yield site.replace(f"not {whole}", "negation", 0.85)
        yield site.replace(f"{whole} is not None", "none or empty", 0.9)
        yield site.replace(f"{whole} is None", "none or empty", 0.6)
    else:
        yield site.replace(f"not ({site.source})", "negation", 0.4)
    for text in ("True", "False"):
        yield site.replace(text, "condition", 0.4)
    yield from _joined(site, whole)


def _joined(site: Site, whole: str) -> Iterator[Proposal]:
    """The condition together with another one from this function, this file, or made of a name."""
    nearby = [text for text in site.scope.conditions if text != site.source]
    further = [text for text in site.around.conditions[:_DONORS_MAX] if text not in nearby]
    for donors, prior in ((nearby[:_DONORS_MAX], 0.5), (further, 0.25)):
        for donor in donors:
            if donor != site.source:
                yield site.replace(f"{whole} and ({donor})", "joined condition", prior)
                yield site.replace(f"{whole} or ({donor})", "joined condition", prior)
                yield site.replace(f"{whole} and not ({donor})", "joined condition", prior * 0.7)
                yield site.replace(donor, "another condition", prior * 0.6)
    for name in _names(site):
        for link, shape, prior in (
            ("and", "{}", 0.45), ("or", "not {}", 0.45), ("or", "{}", 0.35), ("and", "not {}", 0.4),
            ("and", "{} is not None", 0.5), ("or", "{} is None", 0.5),
        ):  # fmt: skip
            yield site.replace(f"{whole} {link} {shape.format(name)}", "joined condition", prior)
        yield site.replace(f"{shape_guard(name)} and {whole}", "guarded condition", 0.35)


def _names(site: Site) -> list[str]:
    own = [name for name in site.scope.variables if name != "self"]
    if "self" in site.scope.variables:
        own += [f"self.{name}" for name in site.scope.attributes.get("self", ())[:8]]
    return own


def shape_guard(name: str) -> str:
    """Return the condition that says that a value is there."""
    return f"{name} is not None"
