"""Which files a change of other files may concern: whose edges have to be found anew.

Pure: no I/O, no clock, no chance. Errs on the side of too many.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from swarm_workers.source.edges.interface import Export, Interface, interface_of
from swarm_workers.source.edges.names import Import, ModuleNames
from swarm_workers.source.edges.resolving import Modules


@dataclass(slots=True)
class Change:
    """What changed of one module, to the eyes of others."""

    is_whole: bool = False
    """True if any name may mean something else: it came, or went, or has other stars now."""
    names: set[str] = field(default_factory=set)

    def take(self, other: "Change") -> bool:
        """Add another change of the same module; say whether that is more than was known."""
        is_more = not self.is_whole and (other.is_whole or not other.names <= self.names)
        self.is_whole = self.is_whole or other.is_whole
        self.names |= other.names
        return is_more


Changes = Mapping[str, Change]
"""Changes by the dotted path of the module."""


def change_of(before: ModuleNames, after: ModuleNames) -> Change:
    """Return which names of a module mean something else now, or are new, or gone."""
    old, new = interface_of(before), interface_of(after)

    def described(interface: Interface, name: str) -> object:
        return interface[name].description if name in interface else None

    every = old.keys() | new.keys()
    names = {name for name in every if described(old, name) != described(new, name)}
    names |= _dependent(old, names) | _dependent(new, names)
    return Change(before.top.stars != after.top.stars, names)


def _dependent(interface: Interface, names: set[str]) -> set[str]:
    """Return the names of a module whose meaning depends on any of these, and these."""
    found = set(names)
    more = True
    while more:
        dependent = {name for name, each in interface.items() if each.names & found}
        more = not dependent <= found
        found |= dependent
    return found


class Concern:
    """Says whether what a module imports has changed, by modules as they were and as they are."""

    def __init__(self, changes: Changes, *sides: Modules) -> None:
        """Take the changes, and the modules that imports may lead to."""
        self._changes = changes
        self._sides = sides

    def is_concerned(self, names: ModuleNames) -> bool:
        """Say whether anything that a module imports, anywhere in it, has changed."""
        stars = [star.module for star in names.top.stars]
        return any(self._touches(each.target, names.module) for each in names.imports) or any(
            self._touches(Import(module, None), names.module) for module in stars
        )

    def passed_on(self, names: ModuleNames, interface: Interface) -> Change:
        """Return what of a module means something else because of what it imports."""
        starred = [
            self._changes[path]
            for star in names.top.stars
            for path in self._paths(star.module, names.module)
            if path in self._changes
        ]
        if any(change.is_whole for change in starred):
            return Change(is_whole=True)
        found = {name for name, each in interface.items() if self._is_touched(each, names.module)}
        found = found.union(*(change.names for change in starred))
        return Change(names=_dependent(interface, found))

    def _is_touched(self, export: Export, importer: str) -> bool:
        return any(self._touches(each, importer) for each in export.imports)

    def _touches(self, target: Import, importer: str) -> bool:
        return any(
            self._is_changed(path, target.name) for path in self._paths(target.module, importer)
        )

    def _is_changed(self, path: str, name: str | None) -> bool:
        """Say whether a name of a module changed, or anything in it or beneath it if it is None."""
        change = self._changes.get(path)
        if change is not None and (change.is_whole or name is None or name in change.names):
            return True
        # `import a.b` binds `a`, and with it all that is in it.
        inner = path.partition(".")[0] if name is None else f"{path}.{name}"
        return any(each == inner or each.startswith(f"{inner}.") for each in self._changes)

    def _paths(self, path: str, importer: str) -> Iterator[str]:
        """Yield what a path leads to, before and after, and what it would if it were there."""
        yield path
        for side in self._sides:
            module = side.find(path, importer)
            if module is not None and module.path != path:
                yield module.path
