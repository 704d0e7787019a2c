"""What the names of one Python file stand for, before any other file was looked at.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind


class Name(NamedTuple):
    """A name on its own."""

    name: str


class Attribute(NamedTuple):
    """What is behind a dot."""

    of: "Expression"
    name: str


class Call(NamedTuple):
    """What a call gives back."""

    function: "Expression"


class OneOf(NamedTuple):
    """Any of these, as `A | B` in an annotation."""

    options: tuple["Expression", ...]


Expression: TypeAlias = Name | Attribute | Call | OneOf
"""As much of an expression as is followed; whatever else it holds stands for nothing we know."""


class ScopeKind(StrEnum):
    """Which rules a scope follows."""

    MODULE = "module"
    CLASS = "class"  #: Its names are not seen from the functions in it.
    FUNCTION = "function"  #: Functions, lambdas and comprehensions.


@dataclass(slots=True, eq=False)
class Scope:
    """Names bound in one place."""

    kind: ScopeKind
    owner: NodeId
    """The class, the function or the file that a use in here is said to be in."""
    parent: "Scope | None" = None
    names: dict[str, list["Binding"]] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    """Names that `global` or `nonlocal` declares: bound further out."""
    stars: list["Import"] = field(default_factory=list)
    """Modules all of whose names are imported."""

    def bind(self, name: str, binding: "Binding") -> None:
        """Add one thing that a name may stand for."""
        at = self
        while name in at.outer and at.parent is not None:
            at = at.parent
        at.names.setdefault(name, []).append(binding)


@dataclass(slots=True, eq=False)
class Definition:
    """A class, a function, or a name with a value in a module or a class."""

    node_id: NodeId
    scope: Scope
    """Where it is defined."""
    inner: Scope | None = None
    """The names of a class; None for all else."""
    bases: tuple[Expression, ...] = ()
    attributes: dict[str, list["Binding"]] = field(default_factory=dict)
    """What methods of a class put on `self`."""
    is_function: bool = False
    is_property: bool = False
    result: Expression | None = None
    """The annotation of what a function returns, or of a name."""
    value: Expression | None = None
    """What is assigned to a name."""


class Import(NamedTuple):
    """A module (`name` is None), or what a module calls so."""

    module: str
    """Absolute and dotted."""
    name: str | None


class Held(NamedTuple):
    """The value of an expression, or an instance of what it names."""

    expression: Expression
    scope: Scope
    is_annotation: bool


class Own(NamedTuple):
    """The first argument of a method: an instance of the class, or the class."""

    definition: Definition
    is_class: bool


class Opaque(NamedTuple):
    """Bound to something that is not followed."""


Binding: TypeAlias = Definition | Import | Held | Own | Opaque
OPAQUE = Opaque()


class Reference(NamedTuple):
    """One use of a name or an attribute."""

    scope: Scope
    expression: Expression
    kind: EdgeKind


class ImportReference(NamedTuple):
    """One imported module or name."""

    scope: Scope
    target: Import


@dataclass(slots=True)
class ModuleNames:
    """All that one file binds and uses."""

    file_id: NodeId
    module: str
    """Its dotted path."""
    top: Scope
    references: list[Reference] = field(default_factory=list)
    imports: list[ImportReference] = field(default_factory=list)
