"""What a piece of code is going to read, learned from what it has read before.

A body reads one thing after the other, and each costs a round trip; what the same code read last
time is asked for in one. A question about a variable that was handed to the body is remembered by
its place among the arguments, so that `move(a, b)` foretells `move(c, d)`. A wrong guess costs a
needless WATCH, so what was foretold in vain has to be asked several times before it is again.
Pure: no I/O, no clock, no chance.
"""

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from swarm_workers.stm.questions import Handle, Query

QUERIES_MAX = 256
"""Remembered per piece of code."""
SITES_MAX = 1024
CALLERS_MAX = 4096
QUIET_RUNS = 2
"""After so many runs in a row that wrote nothing, nothing is watched for the next."""
REPEAT_SECONDS_MAX = 0.05
"""Two calls that follow each other within this time are a repetition."""
REPEATS_BEFORE_CARRY = 2
_SURE = 1
_DOUBT = -2


class _Pattern(NamedTuple):
    """A query, with its key given or taken from the arguments."""

    kind: Any
    place: int
    """Among the handles of the call; -1 if the key is given."""
    key: str
    argument: bytes


@dataclass(slots=True)
class Site:
    """One piece of code that runs transactions."""

    name: str
    """Module and qualified name."""
    has_blocked: bool = False
    """Whether its latest transaction had to wait for a change."""
    is_long: bool = False
    """Whether the latest of its runs took much longer than its flights."""
    _quiet_runs: int = 0
    """Runs in a row that wrote nothing."""
    _has_misled: bool = False
    """Whether something was foretold in vain, so that one sight no longer makes a habit."""
    _trust: dict[_Pattern, int] = field(default_factory=dict)
    _known: tuple[tuple[str, ...], tuple[Query, ...]] | None = None
    """The latest call's handles, and what is foretold for such a call."""

    def foretell(self, handles: tuple[str, ...]) -> tuple[Query, ...]:
        """Return what a call with these handles is going to ask."""
        if self._known is not None and self._known[0] == handles:
            return self._known[1]
        queries = tuple(
            Query(each.kind, handles[each.place] if each.place >= 0 else each.key, each.argument)
            for each, trust in list(self._trust.items())  # other threads learn meanwhile
            if trust >= _SURE and each.place < len(handles)
        )
        self._known = handles, queries
        return queries

    @property
    def may_write(self) -> bool:
        """Whether the next run is likely to write; the guess while little is known."""
        return self._quiet_runs < QUIET_RUNS

    def note_writes(self, *, has_written: bool) -> None:
        """A run has written something, or nothing."""
        self._quiet_runs = 0 if has_written else self._quiet_runs + 1

    def learn(self, handles: tuple[str, ...], asked: Sequence[Query]) -> None:
        """Take note of what a call with these handles has asked."""
        foretold = self.foretell(handles)
        if foretold == tuple(asked):
            return
        places = {key: place for place, key in reversed(list(enumerate(handles)))}
        patterns = [_pattern(query, places) for query in asked]
        before, self._trust = self._trust, {}
        first = 0 if self._has_misled else _SURE
        for each in patterns[:QUERIES_MAX]:
            self._trust[each] = min(_SURE, before[each] + 1) if each in before else first
        for each, trust in list(before.items())[: QUERIES_MAX - len(self._trust)]:
            if each not in self._trust:
                self._has_misled = True
                self._trust[each] = _DOUBT if trust >= _SURE else trust
        self._known = None


class Call(NamedTuple):
    """One use of `atomically`."""

    code: object
    """The same for the same piece of code."""
    name: str
    handles: tuple[str, ...]
    """Keys of the variables that were handed over, in arguments and closure."""
    caller: object = None
    """The thread or task."""

    def is_same_as(self, other: "Call") -> bool:
        """Say whether it is the same code with the same handles, whoever calls."""
        return self.code is other.code and self.handles == other.handles


@dataclass(slots=True)
class _Streak:
    """A call that one thread or task makes again and again."""

    call: Call
    at: float
    """When it ended last."""
    smooth_runs: int = 0
    """One right after the other, without any conflict."""


class Sites:
    """All code that has run transactions in this process, and how it follows on itself."""

    def __init__(self) -> None:
        """Know of none."""
        self._sites: dict[object, Site] = {}
        self._streaks: dict[object, _Streak] = {}
        """The latest call of each caller."""
        self._latest: _Streak | None = None
        """Of any: tasks that live for one call each go on where others have left off."""

    def of(self, call: Call) -> Site:
        """Return what is known of the code that is called."""
        site = self._sites.get(call.code)
        if site is None:
            if len(self._sites) >= SITES_MAX:
                self._sites.clear()  # code that is made anew for every call teaches nothing
            site = self._sites[call.code] = Site(call.name)
        return site

    def note_end(self, call: Call, now: float, *, is_smooth: bool) -> None:
        """A transaction of this call has ended, without a conflict or with some."""
        before = self._streak_of(call) if is_smooth else None
        is_next = before is not None and now - before.at < REPEAT_SECONDS_MAX
        runs = before.smooth_runs + 1 if is_next and before is not None else 0
        if len(self._streaks) >= CALLERS_MAX:
            self._streaks.clear()
        self._latest = self._streaks[call.caller] = _Streak(call, now, runs)

    def is_repeating(self, call: Call) -> bool:
        """Say whether this call is likely to be made again at once, and to meet no conflict."""
        streak = self._streak_of(call)
        return streak is not None and streak.smooth_runs >= REPEATS_BEFORE_CARRY

    def _streak_of(self, call: Call) -> _Streak | None:
        """Return the streak of whoever came last, or the caller's own, if it is of this call."""
        for streak in (self._latest, self._streaks.get(call.caller)):
            if streak is not None and streak.call.is_same_as(call):
                return streak
        return None


def call_of(
    body: Callable[..., object], arguments: Sequence[object], caller: object = None
) -> Call:
    """Return what identifies a call of this body with these arguments by a thread or task."""
    given = list(arguments)
    while isinstance(body, partial):
        given = [*body.args, *body.keywords.values(), *given]
        body = body.func
    if isinstance(body, types.MethodType):
        given.insert(0, body.__self__)
        body = body.__func__
    for cell in getattr(body, "__closure__", None) or ():
        try:
            given.append(cell.cell_contents)
        except ValueError:
            continue  # not bound yet
    handles = tuple([each.key for each in given if isinstance(each, Handle)])
    return Call(getattr(body, "__code__", type(body)), _name(body), handles, caller)


def _name(body: Callable[..., object]) -> str:
    name = getattr(body, "__qualname__", type(body).__qualname__)
    return f"{getattr(body, '__module__', '?')}.{name}"


def _pattern(query: Query, places: dict[str, int]) -> _Pattern:
    place = places.get(query.key, -1)
    return _Pattern(query.kind, place, query.key if place < 0 else "", query.argument)
