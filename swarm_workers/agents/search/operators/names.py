"""Another name: a variable, an attribute, a function that can be used in the same place.

Pure: no I/O, no clock, no chance.
"""

import ast
import builtins
from collections.abc import Iterator
from difflib import SequenceMatcher

from swarm_workers.agents.search.sites import Proposal, Site

_ATTRIBUTES_MAX = 16
_FUNCTIONS_MAX = 16


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other names in place of one."""
    match site.node:
        case ast.Name(id=name, ctx=ast.Load()):
            is_called = isinstance(site.parent, ast.Call) and site.field == "func"
            yield from _called(site, name) if is_called else _variable(site, name)
        case ast.Name(id=name, ctx=ast.Store()):
            for other in site.scope.variables:
                yield _named(site, name, other, "assignment target", 0.45)
        case ast.Attribute():
            yield from _attribute(site, site.node)
        case _:
            pass


def _variable(site: Site, name: str) -> Iterator[Proposal]:
    for other in site.scope.variables:
        yield _named(site, name, other, "variable", 0.65)
    for attribute in site.scope.attributes.get("self", ()) if name != "self" else ():
        yield _named(site, name, f"self.{attribute}", "variable", 0.35)
    for attribute in site.scope.attributes.get(name, ()):
        yield site.replace(f"{name}.{attribute}", "attribute", 0.35)
    if name not in site.scope.variables:
        for other in (*site.around.globals, *site.around.classes):
            yield _named(site, name, other, "variable", 0.5)
        for other in site.around.module_functions:
            yield _named(site, name, other, "variable", 0.3)
    else:
        for other in site.around.globals[:_ATTRIBUTES_MAX]:
            yield _named(site, name, other, "variable", 0.2)


def _called(site: Site, name: str) -> Iterator[Proposal]:
    others = site.around.module_functions[:_FUNCTIONS_MAX] + site.around.classes
    others += [n for n in site.around.imported if n not in others][:_FUNCTIONS_MAX]
    others += [n for n in site.scope.variables if n != "self"]
    for other in others:
        if not hasattr(builtins, name) or other in site.around.module_functions:
            yield _named(site, name, other, "function", 0.45)


def _attribute(site: Site, node: ast.Attribute) -> Iterator[Proposal]:
    if not isinstance(node.ctx, ast.Load | ast.Store):
        return
    base = site.text_of(node.value)
    own = site.scope.attributes.get(base, [])
    for other in own:
        prior = 0.6 * _likeness(node.attr, other)
        yield site.replace(f"{base}.{other}", "attribute", prior)
    near = {name for names in site.scope.attributes.values() for name in names}
    for other in site.around.attributes[: 2 * _ATTRIBUTES_MAX]:
        if other not in own:
            # What another variable of the function is asked for, this one probably has too.
            prior = (0.55 if other in near else 0.35) * _likeness(node.attr, other)
            yield site.replace(f"{base}.{other}", "attribute", prior)
    if base == "self":
        for name in site.scope.variables:
            yield _named(site, node.attr, name, "variable", 0.35)
    if isinstance(node.ctx, ast.Load) and not isinstance(site.parent, ast.Call):
        yield site.replace(base, "attribute left out", 0.35)


def _named(site: Site, present: str, other: str, operator: str, prior: float) -> Proposal:
    return site.replace(other, operator, prior * _likeness(present, other))


def _likeness(present: str, other: str) -> float:
    """Return 0.8 to 1: names that look alike are mixed up more often."""
    return 0.8 + 0.2 * SequenceMatcher(None, present, other).ratio()
