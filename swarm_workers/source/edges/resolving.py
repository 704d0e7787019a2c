"""What the names of files stand for, once all files are known: from uses to edges.

Pure: no I/O, no clock, no chance; files are read when a name leads into them, by a function that
is an argument.

Static, so best effort. Followed are imports (relative, of packages, of names passed on by another
module, with a star), definitions in the order of Python's scopes, members of classes and of their
bases, `self`, `cls` and `super()`, and objects whose class is written down: by an annotation, or
by a call of the class or of a function whose result is annotated. Not followed: objects that come
out of containers, `getattr`, decorators that replace what they decorate, monkey patching, and
whatever is outside of the tree. Where a name may be bound to several things, all are meant.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from swarm_workers.source.edges.names import (
    Attribute,
    Binding,
    Call,
    Definition,
    Expression,
    Held,
    Import,
    ModuleNames,
    Name,
    OneOf,
    Own,
    Scope,
    ScopeKind,
)
from swarm_workers.source.scope import parents_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind
from tasks_schema.messages.source import EdgeId

_DEPTH_MAX = 64
"""Names that lead to names: so many one after the other are followed."""
_STEPS_MAX = 2_000
"""Names that are followed to find out what one use means."""


class Module(NamedTuple):
    """A module or a package of the tree."""

    path: str
    """Dotted."""


class Instance(NamedTuple):
    """An object of a class."""

    of: Definition


Entity: TypeAlias = Module | Definition | Instance
"""What an expression may stand for."""


class Modules:
    """The modules of a tree, read when they are needed."""

    def __init__(
        self, files: Mapping[str, NodeId], read: Callable[[str, NodeId], ModuleNames]
    ) -> None:
        """Take the files by the dotted path of their module, and what reads one of them."""
        self._files = files
        self._read = read
        self._known: dict[str, ModuleNames] = {}
        self.packages = {package for path in files for package in parents_of(path)}
        """Dotted paths that have modules beneath, whether they have a file or not."""

    def file_of(self, path: str) -> NodeId | None:
        """Return the file of a module; None for a folder without `__init__.py`."""
        return self._files.get(path)

    def names_of(self, path: str) -> ModuleNames | None:
        """Return the names of a module; None for a folder without `__init__.py`."""
        file_id = self._files.get(path)
        if file_id is None:
            return None
        if path not in self._known:
            self._known[path] = self._read(path, file_id)
        return self._known[path]

    def find(self, path: str, importer: str) -> Module | None:
        """Return the module that an import names.

        If there is none of just this path, one beside the importer counts, or beside the folders
        that it is in: a repository's packages need not lie at its root. Not for the names that
        the standard library has.
        """
        if self.has(path):
            return Module(path)
        if path.partition(".")[0] in sys.stdlib_module_names:
            return None
        parts = importer.split(".")
        for count in range(len(parts) - 1, 0, -1):
            beside = ".".join([*parts[:count], path])
            if self.has(beside):
                return Module(beside)
        return None

    def has(self, path: str) -> bool:
        """Say whether there is a module or a package of this path."""
        return path in self._files or path in self.packages


class Resolver:
    """Follows names through the modules of one tree. What it found once it does not seek again."""

    def __init__(self, modules: Modules) -> None:
        """Take the modules."""
        self._modules = modules
        self._found: dict[tuple[Expression, Scope], tuple[Entity, ...]] = {}
        self._of_module: dict[Scope, str] = {}
        self._open: dict[tuple[Expression, Scope], int] = {}
        """What is being followed right now, with its depth."""
        self._reached = 0
        """The least depth of what was met while it was open."""
        self._steps = 0

    def edges_of(self, names: ModuleNames) -> frozenset[EdgeId]:
        """Return the edges from what is in one file to all that it names in the tree."""
        self._of_module[names.top] = names.module
        return frozenset([*self._imports(names), *self._uses(names)])

    def _imports(self, names: ModuleNames) -> Iterator[EdgeId]:
        for scope, target in names.imports:
            module = self._modules.find(target.module, names.module)
            if module is None:
                continue
            yield from self._to(scope.owner, module, EdgeKind.IMPORTS)
            if target.name is None:  # `import a.b` binds `a`
                for package in parents_of(module.path):
                    yield from self._to(scope.owner, Module(package), EdgeKind.IMPORTS)
            else:
                for entity in self._member(module, target.name):
                    yield from self._to(scope.owner, entity, EdgeKind.IMPORTS)

    def _uses(self, names: ModuleNames) -> Iterator[EdgeId]:
        for scope, expression, kind in dict.fromkeys(names.references):
            self._steps = 0
            for entity in self._meaning(expression, scope):
                if not isinstance(entity, Module):
                    yield from self._to(scope.owner, entity, kind)
                if kind is EdgeKind.CALLS and isinstance(entity, Definition):
                    for init in self._of_class(entity, "__init__"):
                        yield from self._to(scope.owner, init, kind)

    def _to(self, source: NodeId, entity: Entity, kind: EdgeKind) -> Iterator[EdgeId]:
        """Yield the edge to what an entity is written in; a use of oneself counts if a call."""
        target: NodeId | None = None
        if isinstance(entity, Module):
            target = self._modules.file_of(entity.path)
        elif isinstance(entity, Definition):
            target = entity.node_id
        if target is not None and (target != source or kind is EdgeKind.CALLS):
            yield EdgeId(source, target, kind)

    # Expressions --------------------------------------------------------------------------------

    def _meaning(self, expression: Expression, scope: Scope) -> tuple[Entity, ...]:
        """Return all that an expression may stand for.

        Names may lead round in a circle. What is found on the way depends on where one came in, so
        it is kept only once nothing that is still open has a part in it.
        """
        key = (expression, scope)
        if key in self._found:
            return self._found[key]
        is_too_far = len(self._open) >= _DEPTH_MAX or self._steps >= _STEPS_MAX
        if is_too_far or key in self._open:
            self._reached = min(self._reached, -1 if is_too_far else self._open[key])
            return ()
        depth = self._open[key] = len(self._open)
        self._steps += 1
        reached, self._reached = self._reached, depth
        found = tuple(dict.fromkeys(self._follow(expression, scope)))
        del self._open[key]
        if self._reached == depth:
            self._found[key] = found
        self._reached = min(reached, self._reached)
        return found

    def _follow(self, expression: Expression, scope: Scope) -> Iterator[Entity]:
        if isinstance(expression, Name):
            for binding in self._lookup(expression.name, scope):
                yield from self._bound(binding, scope)
        elif isinstance(expression, Attribute):
            for entity in self._meaning(expression.of, scope):
                yield from self._member(entity, expression.name)
        elif isinstance(expression, OneOf):
            for option in expression.options:
                yield from self._meaning(option, scope)
        else:
            yield from self._called(expression, scope)

    def _called(self, call: Call, scope: Scope) -> Iterator[Entity]:
        if call.function == Name("super"):
            yield from self._bases_around(scope)
            return
        for entity in self._meaning(call.function, scope):
            yield from self._result(entity)

    def _lookup(self, name: str, scope: Scope) -> Iterable[Binding]:
        """Return what a name is bound to, by the rules of Python's scopes."""
        at: Scope | None = scope
        while at is not None:
            is_seen = at is scope or at.kind is not ScopeKind.CLASS
            if is_seen and name in at.names and name not in at.outer:
                return at.names[name]
            if at.parent is None:
                return [Import(star.module, name) for star in at.stars]
            at = at.parent
        return ()

    def _bound(self, binding: Binding, scope: Scope) -> Iterator[Entity]:
        if isinstance(binding, Definition):
            yield binding
        elif isinstance(binding, Import):
            yield from self._imported(binding, scope)
        elif isinstance(binding, Held):
            found = self._meaning(binding.expression, binding.scope)
            yield from _instances(found) if binding.is_annotation else found
        elif isinstance(binding, Own):
            yield binding.definition if binding.is_class else Instance(binding.definition)

    def _imported(self, binding: Import, scope: Scope) -> Iterator[Entity]:
        module = self._modules.find(binding.module, self._module_around(scope))
        if module is not None:
            yield from (module,) if binding.name is None else self._member(module, binding.name)

    def _module_around(self, scope: Scope) -> str:
        while scope.parent is not None:
            scope = scope.parent
        return self._of_module.get(scope, "")

    # Members ------------------------------------------------------------------------------------

    def _member(self, entity: Entity, name: str) -> Iterator[Entity]:
        """Yield what is behind a dot."""
        for each in self._held(entity):
            if isinstance(each, Module):
                yield from self._of_module_path(each.path, name)
            else:
                yield from self._of_class(each.of if isinstance(each, Instance) else each, name)

    def _of_module_path(self, path: str, name: str) -> Iterator[Entity]:
        names = self._modules.names_of(path)
        found: tuple[Entity, ...] = ()
        if names is not None:
            self._of_module[names.top] = path
            found = self._meaning(Name(name), names.top)
            yield from found
        if not found and self._modules.has(f"{path}.{name}"):
            yield Module(f"{path}.{name}")

    def _of_class(self, definition: Definition, name: str) -> Iterator[Entity]:
        """Yield a member of the first class of a hierarchy that has one of this name."""
        seen: set[Definition] = set()
        waiting = [definition]
        while waiting:
            each = waiting.pop(0)
            if each in seen or each.inner is None:
                continue
            seen.add(each)
            bindings = each.inner.names.get(name) or each.attributes.get(name)
            if bindings:
                for binding in bindings:
                    yield from self._bound(binding, each.inner)
                return
            waiting = [*self._bases(each), *waiting]

    def _bases(self, definition: Definition) -> list[Definition]:
        found = [
            entity for base in definition.bases for entity in self._meaning(base, definition.scope)
        ]
        return [each for each in found if isinstance(each, Definition)]

    def _bases_around(self, scope: Scope) -> Iterator[Entity]:
        """Yield instances of the bases of the class that a method is in."""
        at: Scope | None = scope
        while at is not None and at.kind is not ScopeKind.CLASS:
            at = at.parent
        for each in at.names["__class__"] if at is not None else ():
            if isinstance(each, Definition):
                yield from map(Instance, self._bases(each))

    # Values -------------------------------------------------------------------------------------

    def _held(self, entity: Entity) -> Iterator[Entity]:
        """Yield an entity, or what it holds if it is a name with a value or a property."""
        seen: set[Entity] = set()
        waiting = [entity]
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            if not isinstance(each, Definition) or each.inner is not None or _is_plain(each):
                yield each
            elif each.result is not None:
                waiting += self._annotated(each)
            elif each.value is not None:
                waiting += self._meaning(each.value, each.scope)

    def _result(self, entity: Entity) -> Iterator[Entity]:
        """Yield what a call gives back."""
        for each in self._held(entity):
            if isinstance(each, Definition) and each.inner is not None:
                yield Instance(each)
            elif isinstance(each, Definition):
                yield from self._annotated(each)

    def _annotated(self, definition: Definition) -> Iterator[Entity]:
        """Yield instances of the classes that an annotation names."""
        if definition.result is None:
            return
        if definition.result == Name("Self"):
            yield from _instances(
                each
                for each in definition.scope.names.get("__class__", ())
                if isinstance(each, Definition)
            )
        else:
            yield from _instances(self._meaning(definition.result, definition.scope))


def _instances(entities: Iterable[Entity]) -> Iterator[Entity]:
    for entity in entities:
        if isinstance(entity, Definition) and not entity.is_function:
            yield Instance(entity)


def _is_plain(definition: Definition) -> bool:
    """Say whether it is a function that has to be called."""
    return definition.is_function and not definition.is_property
