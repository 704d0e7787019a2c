"""Transactions played in a chosen order of their flights.

Each actor is a client of its own: a thread, a space, a gated lane. A schedule names the actor
whose next flight is let through; a flight is answered before the next is released, so the server
sees exactly this order. An actor that has ended, or that sleeps in `retry`, loses its turn; what is
left when the schedule is over is released in rotation.
"""

import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.stm_socket.clients import KINDS, connect
from tests.support.stm_socket.proxy import Lane, Proxy

Job = Callable[["Actor"], Any]
Order = tuple[int, ...]
Steps = list[tuple[int, Order]]
"""Who was let through at each step, and who could have been."""

_PLAY_SECONDS_MAX = 20.0
_STILL_SECONDS = 0.005
"""Without any byte, after which an actor that owes a flight and sleeps is taken to be in `retry`;
if it is not, its turn is lost and its flight comes later: another order, but no wrong verdict."""
_SPIN_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one transaction."""

    value: Any
    """That was returned, or the exception."""


def orders(*flights: int) -> Iterator[Order]:
    """Yield every order in which actors with so many flights each can take turns."""
    if not any(flights):
        yield ()
    for actor, count in enumerate(flights):
        if count:
            fewer = (*flights[:actor], count - 1, *flights[actor + 1 :])
            yield from ((actor, *rest) for rest in orders(*fewer))


def next_order(steps: Steps) -> Order | None:
    """Return the order to play after this one, so that all are played; None if there is no more."""
    for position in reversed(range(len(steps))):
        chosen, ready = steps[position]
        later = [actor for actor in ready if actor > chosen]
        if later:
            return (*(actor for actor, _ in steps[:position]), later[0])
    return None


class Actor:
    """A client that runs one job at a time on a thread of its own."""

    def __init__(self, proxy: Proxy, space: str, kind: str) -> None:
        self._kind = kind
        self._space = space
        self.lane: Lane = proxy.lane(is_gated=True)
        self.stm = connect(kind, self.lane.url, space)
        self.outcome: Outcome | None = None
        self.still_at = -1
        """How much had happened on the lane when nothing more came of it."""
        self._bell, self._rung = socket.socketpair()
        proxy.attend(self._rung, lambda: self._rung.recv(64))
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Say whether the job has ended."""
        return self.outcome is not None

    @property
    def is_waiting(self) -> bool:
        """Say whether it sleeps, and not because the machine or the server is slow."""
        is_owed = any(
            each.is_opening or (each.latest is not None and not each.latest.may_block)
            for each in self.lane.unanswered
        )
        stat = Path(f"/proc/self/task/{self._thread.native_id}/stat").read_text()
        return not is_owed and stat.rpartition(")")[2].split()[0] == "S"

    def begin(self, job: Job) -> None:
        """Start a job."""
        self.outcome = None
        self._jobs.put(job)

    def forget(self) -> None:
        """Become a client that knows nothing of earlier jobs, on connections of its own."""
        self.stm.close()
        self.stm = connect(self._kind, self.lane.url, self._space)

    def close(self) -> None:
        """End the thread."""
        self.stm.close()
        self._jobs.put(None)
        self._thread.join(10)
        self._bell.close()
        self._rung.close()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self.outcome = Outcome(job(self))
            except BaseException as error:  # noqa: BLE001 - it is the outcome
                self.outcome = Outcome(error)
            self._bell.send(b".")


class Stage:
    """Actors, and the proxy between them and the server."""

    def __init__(self, url: str, space: str, *, actors: int, kind: str = KINDS[0]) -> None:
        self._proxy = Proxy(url)
        self.actors = [Actor(self._proxy, space, kind) for _ in range(actors)]

    def rehearse(self, jobs: Sequence[Job], times: int) -> None:
        """Run each job so often, one actor after the other, with nothing held back."""
        for actor, job in zip(self.actors, jobs, strict=False):
            actor.lane.is_gated = False
            actor.begin(lambda actor, job=job: [job(actor) for _ in range(times)])
            assert self._proxy.turn_until(lambda: actor.is_done, _PLAY_SECONDS_MAX)  # noqa: B023
            actor.lane.is_gated = True

    def play(self, jobs: Sequence[Job], order: Iterable[int]) -> tuple[list[Any], Order]:
        """Run the jobs, one per actor, in this order of flights.

        Returns:
            What each returned or raised, and the order in which flights were really released.
        """
        cast = self._begin(jobs)
        released: list[int] = []
        rest = itertools.chain(order, itertools.cycle(range(len(cast))))
        ends_at = time.monotonic() + _PLAY_SECONDS_MAX
        while not all(actor.is_done for actor in cast):
            assert time.monotonic() < ends_at, f"stalled after {released}"
            number = next(rest)
            if self._let_through(cast[number]):
                released.append(number)
        return _values(cast), tuple(released)

    def play_stepwise(self, jobs: Sequence[Job], order: Order) -> tuple[list[Any], Steps]:
        """Run the jobs, and choose among the actors that have a flight to release at each step.

        Args:
            jobs: one per actor.
            order: the choices; when it is over, or names an actor that has none, the first actor.

        Returns:
            What each returned or raised, and the choices that there were.
        """
        cast = self._begin(jobs)
        steps: list[tuple[int, Order]] = []
        ends_at = time.monotonic() + _PLAY_SECONDS_MAX
        while not all(actor.is_done for actor in cast):
            assert time.monotonic() < ends_at, f"stalled after {steps}"
            for actor in cast:
                self._wait(actor, lambda: actor.lane.held or actor.is_done)  # noqa: B023
            ready = tuple(number for number, actor in enumerate(cast) if actor.lane.held)
            if ready:
                wanted = order[len(steps)] if len(steps) < len(order) else ready[0]
                steps.append((wanted if wanted in ready else ready[0], ready))
                self._release(cast[steps[-1][0]])
        return _values(cast), steps

    def close(self) -> None:
        """Break all connections and end all threads."""
        for actor in self.actors:
            actor.close()
        self._proxy.close()

    def _begin(self, jobs: Sequence[Job]) -> list[Actor]:
        cast = self.actors[: len(jobs)]
        for actor, job in zip(cast, jobs, strict=True):
            actor.begin(job)
        return cast

    def _let_through(self, actor: Actor) -> bool:
        self._wait(actor, lambda: actor.lane.held or actor.is_done)
        if not actor.lane.held:
            return False
        self._release(actor)
        return True

    def _release(self, actor: Actor) -> None:
        lane = actor.lane
        flight = lane.release()
        if flight.may_block:
            self._wait(actor, lambda: not lane.unanswered)
        else:
            assert self._proxy.turn_until(lambda: not lane.unanswered, _PLAY_SECONDS_MAX)

    def _wait(self, actor: Actor, condition: Callable[[], object]) -> None:
        """Turn until the condition holds, or nothing more comes of this actor."""
        lane = actor.lane
        if actor.still_at == lane.events:
            self._proxy.turn(_SPIN_SECONDS)
        while not condition() and actor.still_at != lane.events:
            events = lane.events
            has_moved = self._proxy.turn_until(
                lambda: condition() or lane.events != events,  # noqa: B023 - called at once
                _STILL_SECONDS,
            )
            if not has_moved and actor.is_waiting:
                actor.still_at = events


def _values(cast: Sequence[Actor]) -> list[Any]:
    return [actor.outcome.value for actor in cast if actor.outcome is not None]
