"""What an assignment makes of a name.

Pure: no I/O, no clock, no chance.
"""

import tree_sitter

from swarm_workers.source.edges.expressions import field_text, text_of
from swarm_workers.source.edges.names import (
    OPAQUE,
    Binding,
    Definition,
    Expression,
    Held,
    Own,
    Scope,
    ScopeKind,
)
from tasks_schema.ids import NodeId


def binding_of(
    node_id: NodeId, scope: Scope, value: Expression | None, annotation: Expression | None
) -> Binding:
    """Return what a name is bound to: of a module or a class something that others may use."""
    if scope.kind is ScopeKind.FUNCTION:
        return held(value, annotation, scope)
    return Definition(node_id, scope, value=value, result=annotation)


def held(value: Expression | None, annotation: Expression | None, scope: Scope) -> Binding:
    """Return a value of which nothing is known but where it comes from, or its class."""
    if annotation is not None:
        return Held(annotation, scope, is_annotation=True)
    return Held(value, scope, is_annotation=False) if value is not None else OPAQUE


def set_attribute(target: tree_sitter.Node, scope: Scope, binding: Binding) -> None:
    """Note what a method puts on its first argument."""
    first = scope.names.get(text_of(target.child_by_field_name("object")))
    if first and isinstance(first[0], Own):
        attributes = first[0].definition.attributes
        attributes.setdefault(field_text(target, "attribute"), []).append(binding)
