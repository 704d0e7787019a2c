"""Another exception: caught as well, caught instead, raised instead.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.sites import Proposal, Site

_USUAL = (
    "ValueError", "TypeError", "KeyError", "IndexError", "AttributeError", "OSError", "Exception",
    "LookupError", "RuntimeError", "StopIteration", "ZeroDivisionError", "NotImplementedError",
    "OverflowError", "UnicodeDecodeError", "ArithmeticError", "FileNotFoundError", "ImportError",
)  # fmt: skip
_TYPES = ("tuple", "list", "str", "int", "float", "bytes", "dict", "set", "bool", "type(None)")


def propose(site: Site) -> Iterator[Proposal]:
    """Yield other exceptions, and other types in `isinstance`."""
    match site.node:
        case ast.ExceptHandler(type=ast.expr() as kind):
            yield from _caught(site, kind)
        case ast.Raise(exc=ast.expr() as raised):
            yield from _raised(site, raised)
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kind]):
            yield from _types(site, kind)
        case _:
            pass


def _names(site: Site) -> dict[str, float]:
    own = dict.fromkeys(site.around.exceptions, 0.6)
    return {**dict.fromkeys(_USUAL, 0.5), **own}


def _caught(site: Site, kind: ast.expr) -> Iterator[Proposal]:
    present = site.text_of(kind)
    members = [site.text_of(m) for m in kind.elts] if isinstance(kind, ast.Tuple) else [present]
    for name, prior in _names(site).items():
        if name in members:
            continue
        yield site.replace(f"({', '.join([*members, name])})", "caught exception", prior, kind)
        yield site.replace(name, "caught exception", prior * 0.9, kind)


def _raised(site: Site, raised: ast.expr) -> Iterator[Proposal]:
    kind = raised.func if isinstance(raised, ast.Call) else raised
    for name, prior in _names(site).items():
        yield site.replace(name, "raised exception", prior, kind)


def _types(site: Site, kind: ast.expr) -> Iterator[Proposal]:
    members = [site.text_of(m) for m in kind.elts] if isinstance(kind, ast.Tuple) else None
    for name in (*_TYPES, *site.around.classes):
        if members is None:
            yield site.replace(f"({site.text_of(kind)}, {name})", "type", 0.45, kind)
            yield site.replace(name, "type", 0.45, kind)
        elif name not in members:
            yield site.replace(f"({', '.join([*members, name])})", "type", 0.45, kind)
    for left_out in members or ():
        rest = ", ".join(member for member in members or () if member != left_out)
        yield site.replace(f"({rest},)", "type", 0.4, kind)
