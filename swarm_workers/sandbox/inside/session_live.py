"""What lives in the warm process: functions to swap code in, and state that must not leak.

Runs inside the sandbox: standard library only, Python 3.8 and newer.
"""

import collections
import functools
import gc
import operator
import os
import sys
import types
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from . import session_source

CodeKey = Tuple[str, int, str]
"""Absolute file, first line, name."""

_WATCHED_MEMBERS_MAX = 5_000
_CONTAINERS = (dict, list, set, bytearray, collections.deque)
_CACHES = type(functools.lru_cache(maxsize=1)(len))


class Swap(NamedTuple):
    """One live function and the code it is to get."""

    function: Any
    code: types.CodeType


class Paths:
    """Which code belongs to the repository; each file name is resolved once."""

    def __init__(self, root: str) -> None:
        """Take the root of the repository."""
        self.root = os.path.realpath(root)
        self._resolved: Dict[str, Optional[str]] = {}

    def relative(self, filename: str) -> Optional[str]:
        """Return the path relative to the root, with slashes; None for a file elsewhere."""
        try:
            return self._resolved[filename]
        except KeyError:
            found = self._resolved[filename] = self._resolve(filename)
            return found

    def _resolve(self, filename: str) -> Optional[str]:
        if filename.startswith("<"):
            return None
        real = os.path.realpath(os.path.join(self.root, filename))
        if not real.startswith(self.root + os.sep) or "site-packages" in real:
            return None
        return real[len(self.root) + 1 :].replace(os.sep, "/")


class ImportTimeCalls:
    """Functions of the repository that ran before the first test: their effects are already there.

    A swap comes too late for these: what they returned then stays as it is.
    """

    def __init__(self, paths: Paths) -> None:
        """Count nothing yet."""
        self._paths = paths
        self.keys: Set[CodeKey] = set()

    def start(self) -> None:
        """Begin to note every call."""
        sys.settrace(self._note)

    def stop(self) -> None:
        """Note no more."""
        sys.settrace(None)

    def _note(self, frame: types.FrameType, _event: str, _argument: Any) -> None:
        code = frame.f_code
        if code.co_flags & 2:  # CO_NEWLOCALS: a function, not a module or class body
            relative = self._paths.relative(code.co_filename)
            if relative is not None:
                self.keys.add((relative, code.co_firstlineno, code.co_name))


class LiveFunctions:
    """Every function object of the repository, by where its code stands. Built once."""

    def __init__(self, paths: Paths, import_time: Set[CodeKey]) -> None:
        """Look through all objects: call after collection."""
        self._import_time = import_time
        self._by_key: Dict[CodeKey, List[Any]] = {}
        for candidate in gc.get_objects():
            if type(candidate) is types.FunctionType:
                code = candidate.__code__
                relative = paths.relative(code.co_filename)
                if relative is not None:
                    key = (relative, code.co_firstlineno, code.co_name)
                    self._by_key.setdefault(key, []).append(candidate)

    def all(self) -> Iterable[Any]:
        """Return every function found."""
        return [function for found in self._by_key.values() for function in found]

    def plan(self, path: str, old: types.CodeType, new: types.CodeType) -> Optional[List[Swap]]:
        """Return the swaps that turn old code into new; None if only a fresh import can."""
        swaps: List[Swap] = []
        if not self._add(path, old, new, swaps) or not swaps:
            return None
        return swaps if any(swap.code is new for swap in swaps) else None

    def ran_at_import(self, path: str, code: types.CodeType) -> bool:
        """Say whether this function, or one inside it, ran before the first test."""
        return (path, code.co_firstlineno, code.co_name) in self._import_time or any(
            self.ran_at_import(path, inner) for inner in session_source.nested_codes(code)
        )

    def _add(
        self, path: str, old: types.CodeType, new: Optional[types.CodeType], swaps: List[Swap]
    ) -> bool:
        key = (path, old.co_firstlineno, old.co_name)
        for function in self._by_key.get(key, ()):
            if new is None or not _is_same(function.__code__, old, new):
                return False
            swaps.append(Swap(function, new))
        inner = session_source.nested_codes(old)
        partners: List[Optional[types.CodeType]] = (
            list(session_source.nested_codes(new)) if new else []
        )
        if [c.co_name for c in inner] != [c.co_name for c in partners if c]:
            partners = [None] * len(inner)
        return all(self._add(path, *pair, swaps) for pair in zip(inner, partners))


def _is_same(live: types.CodeType, old: types.CodeType, new: types.CodeType) -> bool:
    """Say whether the live code is what the file says, and the new one fits in its place.

    Names tell: code that was rewritten at import has others. The instructions do not: those for a
    call on an imported name depend on the import statement, which is not compiled again.
    """
    return _names(live) == _names(old) and live.co_freevars == new.co_freevars


def _names(code: types.CodeType) -> Tuple[Any, ...]:
    return (code.co_argcount, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


class StateWatch:
    """Module-level state of the repository, as it was before any test.

    Several candidates share one process only while this state is untouched: a cache that one
    candidate filled with wrong values would hide that the next one is right.
    """

    def __init__(self, paths: Paths, functions: Iterable[Any]) -> None:
        """Take a picture of all that is reachable within two steps of a module or function."""
        self._seen: Set[int] = set()
        self._pictures: List[Tuple[Any, List[Any]]] = []
        self._caches: List[Tuple[Any, Any]] = []
        self._members = 0
        modules = [
            module for module in list(sys.modules.values())
            if paths.relative(_file_of(module)) is not None
        ]  # fmt: skip
        self._own = {module.__name__ for module in modules}
        for module in modules:
            self._watch(vars(module), depth=2)
        for function in functions:
            self._watch_function(function)
        self.is_usable = self._members <= _WATCHED_MEMBERS_MAX

    def is_untouched(self) -> bool:
        """Say whether all is as in the picture."""
        for place, members in self._pictures:
            if len(place) != len(members) or not all(map(operator.is_, _members(place), members)):
                return False
        return all(cache.cache_info() == before for cache, before in self._caches)

    def _watch(self, place: Any, depth: int) -> None:
        if id(place) in self._seen or self._members > _WATCHED_MEMBERS_MAX:
            return
        self._seen.add(id(place))
        members = list(_members(place))
        self._pictures.append((place, members))
        self._members += len(members)
        if depth:
            for member in members:
                self._watch_value(member, depth - 1)

    def _watch_value(self, value: Any, depth: int) -> None:
        if isinstance(value, _CONTAINERS):
            self._watch(value, depth)
        elif isinstance(value, _CACHES):
            self._caches.append((value, value.cache_info()))
        elif getattr(type(value), "__module__", None) in self._own:
            self._watch(getattr(value, "__dict__", {}), depth)
        elif isinstance(value, type) and value.__module__ in self._own:
            self._watch(vars(value), depth)

    def _watch_function(self, function: Any) -> None:
        held = list(function.__defaults__ or ()) + list((function.__kwdefaults__ or {}).values())
        for cell in function.__closure__ or ():
            try:
                held.append(cell.cell_contents)
            except ValueError:  # a cell that is still empty
                continue
        for value in held:
            self._watch_value(value, depth=1)
        if function.__dict__:
            self._watch(function.__dict__, depth=1)


def _file_of(module: types.ModuleType) -> str:
    return getattr(module, "__file__", None) or "<none>"


def _members(place: Any) -> Iterable[Any]:
    values: Optional[Callable[[], Iterable[Any]]] = getattr(place, "values", None)
    return values() if values is not None else place


class Surroundings:
    """What tests like to change in a process and forget: folder, import path, environment."""

    def __init__(self) -> None:
        """Remember them as they are."""
        self._folder = os.getcwd()
        self._path = list(sys.path)
        self._environment = dict(os.environ)

    def restore(self) -> None:
        """Put them back."""
        os.chdir(self._folder)
        sys.path[:] = self._path
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
