"""A statement too many, too few, or in the wrong place.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator

from swarm_workers.agents.search.scope import Function
from swarm_workers.agents.search.sites import Proposal, Site

_DONORS_MAX = 16
_IN_ORDER = (
    "{0} += 1", "{0} -= 1", "{0} = list({0})", "{0} = {0}.copy()", "{0} = abs({0})",
    "{0} = {0}.lower()", "{0} = {0}.strip()", "{0} = str({0})", "{0} = sorted({0})",
)  # fmt: skip
_COMPOUND = (
    ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match,
    ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef,
)  # fmt: skip


def propose(site: Site) -> Iterator[Proposal]:
    """Yield deletions, insertions and moves of statements."""
    node = site.node
    if node is not site.statement or not isinstance(node, ast.stmt):
        return
    if site.scope.function is None or isinstance(node, Function):
        return
    yield from _deleted(site, node)
    indentation = site.file.indentation(node)
    if indentation is not None:
        yield from _inserted(site, node, indentation)
        yield from _moved(site, node, indentation)


def _deleted(site: Site, node: ast.stmt) -> Iterator[Proposal]:
    if not isinstance(node, _COMPOUND):
        yield site.replace("pass", "statement left out", 0.6)
    elif isinstance(node, ast.If):
        if not node.orelse:
            yield site.replace("pass", "statement left out", 0.5)
        start = site.span[0]
        keyword = site.file.text[start : start + 2]
        if keyword == "if":
            yield Proposal(start, start + 2, "while", "loop or branch", 0.3)
        yield from _elif(site, node)
    elif isinstance(node, ast.While) and not node.orelse:
        start = site.span[0]
        yield Proposal(start, start + 5, "if", "loop or branch", 0.4)


def _elif(site: Site, node: ast.If) -> Iterator[Proposal]:
    """Two conditions in a row that should exclude each other, or should not."""
    start = site.span[0]
    if site.file.text[start : start + 4] == "elif":
        yield Proposal(start, start + 4, "if", "elif", 0.45)
    elif site.block.index(node) and isinstance(site.block[site.block.index(node) - 1], ast.If):
        yield Proposal(start, start + 2, "elif", "elif", 0.5)


def _inserted(site: Site, node: ast.stmt, indentation: str) -> Iterator[Proposal]:
    start, end = site.span
    line_end = site.file.line_end
    is_chained = site.file.text[start : start + 4] == "elif"
    for text, prior in _new_statements(site):
        if not is_chained:
            yield Proposal(start, start, f"{text}{line_end}{indentation}", "statement added", prior)
        if site.block[-1] is node or prior >= 0.3:
            yield Proposal(
                end, end, f"{line_end}{indentation}{text}", "statement added", prior * 0.9
            )


def _new_statements(site: Site) -> Iterator[tuple[str, float]]:
    own = site.source
    for donor in site.scope.statements[:_DONORS_MAX]:
        if donor != own:
            yield donor, 0.35
    names = [name for name in site.scope.variables if name != "self"]
    for name in names:
        yield f"return {name}", 0.4
        yield from _guards(site, name)
        for other in names:
            if other != name:
                yield f"{name} = {other}", 0.12
    for text in ("return", "return self", "return True", "return False", "return None"):
        yield text, 0.25
    for text, prior in (("continue", 0.35), ("break", 0.35)):
        yield text, prior
    yield from _remembered(site, names)
    yield from _object_state(site, names)


def _guards(site: Site, name: str) -> Iterator[tuple[str, float]]:
    """Leave early, or put a value in order first."""
    for value, prior in (
        ("None", 0.3),
        (name, 0.25),
        ("0", 0.2),
        ("[]", 0.2),
        ("False", 0.2),
        ("''", 0.2),
    ):
        yield f"if not {name}: return {value}", prior
    yield f"if {name} is None: return None", 0.3
    for empty in ("[]", "{}", "''", "0"):
        yield f"if {name} is None: {name} = {empty}", 0.3
    for exception in ("ValueError", *site.around.exceptions[:2]):
        yield f"if not {name}: raise {exception}()", 0.2
        yield f"if {name} < 0: raise {exception}()", 0.2
    yield f"if not {name}: continue", 0.2
    for shape in _IN_ORDER:
        yield shape.format(name), 0.25


def _remembered(site: Site, names: list[str]) -> Iterator[tuple[str, float]]:
    """Put into a container what was looked for in it."""
    for key, container in site.scope.memberships[:4]:
        yield f"{container}.add({key})", 0.35
        yield f"{container}.append({key})", 0.35
        yield f"{container}.remove({key})", 0.2
        for name in names:
            yield f"{container}[{key}] = {name}", 0.3


def _object_state(site: Site, names: list[str]) -> Iterator[tuple[str, float]]:
    if "self" not in site.scope.parameters:
        return
    attributes = site.scope.attributes.get("self", [])
    for name in names:
        yield f"self.{name} = {name}", 0.35
    for attribute in attributes:
        for value in ("None", "0", "[]", "{}", "True", "False"):
            yield f"self.{attribute} = {value}", 0.15
        yield f"self.{attribute} += 1", 0.2
        yield f"self.{attribute} -= 1", 0.15
        if attribute in site.around.functions:
            yield f"self.{attribute}()", 0.3
        else:
            yield f"self.{attribute}.clear()", 0.12


def _moved(site: Site, node: ast.stmt, indentation: str) -> Iterator[Proposal]:
    """Swap with the next statement; take the last statement out of its block, or into one."""
    index = site.block.index(node)
    following = site.block[index + 1] if index + 1 < len(site.block) else None
    if following is not None and site.file.indentation(following) == indentation:
        start, end = site.span[0], site.file.span(following)[1]
        between = site.file.text[site.span[1] : site.file.span(following)[0]]
        text = f"{site.text_of(following)}{between}{site.source}"
        yield Proposal(start, end, text, "statements swapped", 0.45)
    line_start = site.span[0] - len(indentation)
    if isinstance(node, _COMPOUND) or "\n" in site.source:
        return
    unit = "\t" if "\t" in indentation else "    "
    if index and index + 1 == len(site.block) and len(indentation) > len(unit):
        text = indentation[len(unit) :] + site.source
        yield Proposal(line_start, site.span[1], text, "out of the block", 0.5)
    if index and isinstance(site.block[index - 1], _COMPOUND):
        text = indentation + unit + site.source
        yield Proposal(line_start, site.span[1], text, "into the block", 0.4)
