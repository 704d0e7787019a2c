"""What of a module others can see, so that a change of it tells whom it may concern.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from swarm_workers.source.edges.names import (
    Attribute,
    Binding,
    Call,
    Definition,
    Expression,
    Held,
    Import,
    ModuleNames,
    OneOf,
    Scope,
    ScopeKind,
)


@dataclass(slots=True)
class Export:
    """One name of a module, as others may come to see it."""

    description: Hashable = None
    """Equal for names that mean the same, as far as this file decides it."""
    names: set[str] = field(default_factory=set)
    """Other names of the module that its meaning depends on."""
    imports: set[Import] = field(default_factory=set)
    """What its meaning depends on in other modules."""


Interface = Mapping[str, Export]


def interface_of(names: ModuleNames) -> Interface:
    """Return what others can see of a module."""
    found: dict[str, Export] = {}
    for name, bindings in names.top.names.items():
        export = Export()
        export.description = _Reading(export).bindings(bindings)
        found[name] = export
    return found


class _Reading:
    """The way through all that one name means."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._seen: set[Definition | Held] = set()

    def bindings(self, bindings: Iterable[Binding]) -> Hashable:
        return tuple(self._binding(each) for each in bindings)

    def _binding(self, binding: Binding) -> Hashable:
        if isinstance(binding, Import):
            self._export.imports.add(binding)
            return binding
        if isinstance(binding, Definition | Held):
            if binding in self._seen:
                return "again"
            self._seen.add(binding)
            if isinstance(binding, Held):
                described = self._expression(binding.expression, binding.scope)
                return ("held", binding.is_annotation, described)
            return self._definition(binding)
        return type(binding).__name__

    def _definition(self, definition: Definition) -> Hashable:
        scope = definition.scope
        expressions = (definition.result, definition.value, *definition.bases)
        described = tuple(self._expression(each, scope) for each in expressions)
        members = definition.inner.names if definition.inner is not None else {}
        return (
            definition.node_id,
            (definition.is_function, definition.is_property),
            described,
            self._table(members),
            self._table(definition.attributes),
        )

    def _table(self, names: Mapping[str, list[Binding]]) -> Hashable:
        return tuple((name, self.bindings(names[name])) for name in sorted(names))

    def _expression(self, expression: Expression | None, scope: Scope) -> Hashable:
        """Describe an expression, with what its names are bound to in functions around it."""
        if expression is None:
            return None
        return (expression, tuple(self._root(each, scope) for each in _roots(expression)))

    def _root(self, name: str, scope: Scope) -> Hashable:
        at: Scope | None = scope
        while at is not None and at.parent is not None:
            is_seen = at.kind is ScopeKind.FUNCTION or at is scope
            if is_seen and name in at.names and name not in at.outer:
                return self.bindings(at.names[name])
            at = at.parent
        self._export.names.add(name)
        if at is not None and name not in at.names:
            self._export.imports |= {Import(star.module, name) for star in at.stars}
        return None


def _roots(expression: Expression) -> Iterator[str]:
    """Yield the names that an expression starts at."""
    if isinstance(expression, OneOf):
        for option in expression.options:
            yield from _roots(option)
    elif isinstance(expression, Attribute):
        yield from _roots(expression.of)
    elif isinstance(expression, Call):
        yield from _roots(expression.function)
    else:
        yield expression.name
