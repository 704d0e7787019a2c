"""Another constant: off by one, zero, one, the opposite, one that is used nearby.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_EMPTY = {"None": 0.4, "0": 0.35, '""': 0.35, "[]": 0.35, "{}": 0.35, "()": 0.25, "set()": 0.25}


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other values of a constant or of an empty container."""
    match site.node:
        case ast.Constant(value=bool() as value):
            yield site.replace(str(not value), "constant", 0.95)
            yield site.replace("None", "constant", 0.4)
        case ast.Constant(value=int() as value):
            yield from _integer(site, value)
        case ast.Constant(value=float()):
            yield from _float(site)
        case ast.Constant(value=None):
            yield from _empties(site, "None")
            for text, prior in (("False", 0.45), ("True", 0.45)):
                yield site.replace(text, "constant", prior)
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Tuple(elts=[]):
            yield from _empties(site, site.source)
            yield from _nested(site)
        case _:
            pass


def _integer(site: Site, value: int) -> Iterator[Proposal]:
    yield site.replace(str(value + 1), "off by one", 0.95)
    is_step = isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Add | ast.Sub)
    if not (value == 1 and is_step):  # nobody writes `x - 0`: `arithmetic` leaves the 1 out
        yield site.replace(str(value - 1), "off by one", 0.95)
    near = {0: 0.6, 1: 0.6, -1: 0.55, 2: 0.45, 3: 0.3, 4: 0.3, 5: 0.25, 10: 0.3}
    near |= {-value: 0.5, value * 2: 0.35, value // 2: 0.35, value * 10: 0.3}
    if value >= 10:
        near |= {value // 10: 0.3, value + 10: 0.2, value - 10: 0.2}
    for other, prior in near.items():
        if abs(other - value) > 1:
            yield site.replace(str(other), "constant", prior)
    for text in site.scope.numbers:
        yield site.replace(text, "constant", 0.5)
    for name in site.scope.variables:
        yield site.replace(name, "variable", 0.4)
    for power in (8, 16, 32, 60, 100, 64, 24, 7, 12, 1000, 1024, 3600):
        yield site.replace(str(power), "constant", 0.2)
    yield site.replace("None", "constant", 0.3)


def _float(site: Site) -> Iterator[Proposal]:
    near = [("0.0", 0.5), ("1.0", 0.5), ("0.5", 0.4), ("2.0", 0.35)]
    near += [(f"{site.source} * 10", 0.3), (f"{site.source} / 10", 0.3), (f"-{site.source}", 0.5)]
    near += [(f"{site.source} + 1", 0.4), (f"1 - {site.source}", 0.4)]
    near += [(f"{site.source} * 100", 0.3), (f"{site.source} / 100", 0.3)]
    near += [(text, 0.5) for text in site.scope.numbers]
    for text, prior in near:
        yield site.replace(text, "constant", prior)


def _empties(site: Site, present: str) -> Iterator[Proposal]:
    for text, prior in _EMPTY.items():
        if text != present:
            yield site.replace(text, "empty value", prior)


def _nested(site: Site) -> Iterator[Proposal]:
    """An empty container that should hold a first member."""
    for member in ("0", "1", '""', "None", "[]", *site.scope.variables):
        if isinstance(site.node, ast.List):
            yield site.replace(f"[{member}]", "first member", 0.25)
