"""Bounds and keys: slices, indexes, ranges, `d[k]` against `d.get(k)`.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_DEFAULTS = (("None", 0.3), ("0", 0.4), ("''", 0.35), ("[]", 0.35), ("{}", 0.3), ("False", 0.3))


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other bounds, indexes and ways to look something up."""
    match site.node:
        case ast.Subscript(slice=ast.Slice() as bounds):
            yield from _slice(site, site.node, bounds)
        case ast.Subscript(ctx=ast.Load()):
            yield from _index(site, site.node)
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            yield from _range(site, arguments)
        case ast.Call(func=ast.Attribute(attr="get")):
            yield from _get(site, site.node)
        case _:
            pass


def _slice(site: Site, node: ast.Subscript, bounds: ast.Slice) -> Iterator[Proposal]:
    start, end = site.file.span(bounds)
    lower, upper, step = (
        site.text_of(bound) if bound is not None else ""
        for bound in (bounds.lower, bounds.upper, bounds.step)
    )
    for low, high, every, prior in _other_bounds(lower, upper, step):
        text = f"{low}:{high}" + (f":{every}" if every else "")
        yield Proposal(start, end, text, "slice", prior)
    for name in site.scope.variables:
        if name != "self":
            yield Proposal(start, end, f"{name}:{upper}", "slice", 0.35)
            yield Proposal(start, end, f"{lower}:{name}", "slice", 0.35)
            yield Proposal(start, end, f"{lower}:{upper}:{name}", "slice", 0.15)
    yield site.replace(site.text_of(node.value), "slice left out", 0.5)
    yield Proposal(start, end, lower or upper or "0", "slice to index", 0.35)


def _other_bounds(lower: str, upper: str, step: str) -> Iterator[tuple[str, str, str, float]]:
    for shifted, prior in _shifted(lower):
        yield shifted, upper, step, prior
    for shifted, prior in _shifted(upper):
        yield lower, shifted, step, prior
    yield upper, lower, step, 0.5
    yield lower, upper, "" if step else "-1", 0.4
    yield lower, upper, "2", 0.15
    if upper:
        yield lower, f"-{upper}" if upper.isidentifier() else f"-({upper})", step, 0.3
    if lower:
        yield f"-{lower}" if lower.isidentifier() else f"-({lower})", upper, step, 0.3


def _shifted(bound: str) -> Iterator[tuple[str, float]]:
    if not bound:
        yield from (("1", 0.6), ("-1", 0.55), ("2", 0.25), ("-2", 0.2))
        return
    yield "", 0.6
    yield f"{bound} + 1", 0.7
    yield f"{bound} - 1", 0.7


def _index(site: Site, node: ast.Subscript) -> Iterator[Proposal]:
    value, key = site.operand(node.value), site.text_of(node.slice)
    yield site.replace(f"{key} + 1", "index", 0.6, node.slice)
    yield site.replace(f"{key} - 1", "index", 0.6, node.slice)
    for text, prior in (("0", 0.5), ("-1", 0.55), ("1", 0.4), (f"{key}:", 0.3), (f":{key}", 0.3)):
        yield site.replace(text, "index", prior, node.slice)
    yield site.replace(f"{value}.get({key})", "look-up", 0.6)
    for default, prior in _DEFAULTS:
        yield site.replace(f"{value}.get({key}, {default})", "look-up", prior)
    for name in site.scope.variables:
        if name != "self":
            yield site.replace(f"{value}.get({key}, {name})", "look-up", 0.3)
    yield site.replace(site.text_of(node.value), "index left out", 0.4)
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        first, second = (site.text_of(part) for part in node.slice.elts)
        yield site.replace(f"{second}, {first}", "index", 0.6, node.slice)
    yield from _nested_indexes(site, node)


def _nested_indexes(site: Site, node: ast.Subscript) -> Iterator[Proposal]:
    """Two indexes the other way round: `grid[x][y]`."""
    if isinstance(node.value, ast.Subscript) and not isinstance(node.value.slice, ast.Slice):
        whole, first = site.text_of(node.value.value), site.text_of(node.value.slice)
        yield site.replace(f"{whole}[{site.text_of(node.slice)}][{first}]", "index", 0.5)


def _range(site: Site, arguments: list[ast.expr]) -> Iterator[Proposal]:
    texts = [site.text_of(argument) for argument in arguments]
    if len(texts) == 1:
        yield site.replace(f"range(1, {texts[0]})", "range", 0.7)
        yield site.replace(f"range(1, {texts[0]} + 1)", "range", 0.6)
        yield site.replace(f"reversed(range({texts[0]}))", "range", 0.4)
        yield site.replace(f"range(0, {texts[0]}, 2)", "range", 0.2)
    if len(texts) >= 2:
        yield site.replace(f"range({texts[1]})", "range", 0.4)
        yield site.replace(f"range({texts[0]} + 1, {texts[1]} + 1)", "range", 0.4)
        yield site.replace(f"range({texts[0]}, {texts[1]}, -1)", "range", 0.3)


def _get(site: Site, node: ast.Call) -> Iterator[Proposal]:
    if not node.args:
        return
    assert isinstance(node.func, ast.Attribute)
    value, key = site.text_of(node.func.value), site.text_of(node.args[0])
    yield site.replace(f"{value}[{key}]", "look-up", 0.55)
    if len(node.args) == 1:
        end = site.file.span(node.args[0])[1]
        for default, prior in _DEFAULTS:
            yield Proposal(end, end, f", {default}", "look-up", prior + 0.1)
