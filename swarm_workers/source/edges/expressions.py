"""As much of an expression as is followed, read from the syntax tree.

Pure: no I/O, no clock, no chance.
"""

import re
from collections.abc import Iterator

import tree_sitter

from swarm_workers.source.edges.names import Attribute, Call, Expression, Name, OneOf

CHAIN_MAX = 24
"""Dots and calls in one expression that are followed; a longer one stands for nothing."""
DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")

_UNIONS_MAX = 16
_SAME = frozenset(["parenthesized_expression", "await"])
_WRAPPERS = frozenset(
    ["Optional", "ClassVar", "Final", "Annotated", "Required", "NotRequired", "ReadOnly"]
)
_LISTS = frozenset(["pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"])
_SPLATS = frozenset(["list_splat_pattern", "list_splat", "dictionary_splat_pattern"])
_BRACKETS = frozenset(["splat_pattern", "as_pattern_target", "parenthesized_expression"])
_GROUPS = _LISTS | _SPLATS | _BRACKETS


def expression_of(node: tree_sitter.Node | None) -> Expression | None:
    """Return the expression if it is made of names, dots and calls; else None."""
    steps: list[str | None] = []
    while node is not None and node.type != "identifier":
        if len(steps) > CHAIN_MAX:
            return None
        if node.type == "attribute":
            steps.append(field_text(node, "attribute"))
            node = node.child_by_field_name("object")
        elif node.type == "call":
            steps.append(None)
            node = node.child_by_field_name("function")
        elif node.type in _SAME:
            node = node.named_child(0)
        else:
            return None
    if node is None:
        return None
    found: Expression = Name(text_of(node))
    for step in reversed(steps):
        found = Call(found) if step is None else Attribute(found, step)
    return found


def annotation_of(node: tree_sitter.Node | None) -> Expression | None:
    """Return the class or classes that an annotation names, quoted or not; None if it is other."""
    options = tuple(_options(node, _UNIONS_MAX))
    if not options:
        return None
    return options[0] if len(options) == 1 else OneOf(options)


def _options(node: tree_sitter.Node | None, depth: int) -> Iterator[Expression]:
    if node is None or depth == 0:
        return
    if node.type == "type":
        yield from _options(node.named_child(0), depth)
    elif node.type == "binary_operator":
        yield from _options(node.child_by_field_name("left"), depth - 1)
        yield from _options(node.child_by_field_name("right"), depth - 1)
    elif node.type in ("generic_type", "subscript"):
        yield from _generic(node, depth)
    elif node.type == "string":
        quoted = quoted_text(node).strip()
        if DOTTED.fullmatch(quoted):
            yield dotted(quoted)
    else:
        found = expression_of(node)
        if found is not None:
            yield found


def _generic(node: tree_sitter.Node, depth: int) -> Iterator[Expression]:
    """Yield `X` of `Optional[X]` and its like, and `Box` of `Box[X]`."""
    base, *arguments = node.named_children
    if text_of(base).rpartition(".")[2] not in _WRAPPERS:
        yield from _options(base, depth - 1)
        return
    inner = arguments[0] if arguments else None
    if inner is not None and inner.type == "type_parameter":
        inner = inner.named_child(0)
    yield from _options(inner, depth - 1)


def targets(node: tree_sitter.Node | None) -> Iterator[tree_sitter.Node]:
    """Yield what is assigned to: names, attributes and items, out of any brackets."""
    waiting = [node] if node is not None else []
    while waiting:
        each = waiting.pop()
        if each.type in _GROUPS:
            waiting += reversed(each.named_children)
        else:
            yield each


def dotted(name: str) -> Expression:
    """Return the expression that a dotted name is."""
    first, *rest = name.split(".")
    found: Expression = Name(first)
    for each in rest:
        found = Attribute(found, each)
    return found


def quoted_text(node: tree_sitter.Node) -> str:
    """Return what stands between the quotes of a plain string."""
    return "".join(text_of(each) for each in node.named_children if each.type == "string_content")


def field_text(node: tree_sitter.Node, field: str) -> str:
    """Return the text of a field of a node, empty if there is none."""
    return text_of(node.child_by_field_name(field))


def text_of(node: tree_sitter.Node | None) -> str:
    """Return the text of a node, empty for None."""
    return (node.text or b"").decode(errors="replace") if node is not None else ""
