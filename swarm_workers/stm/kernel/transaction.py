"""One run of a body, and what a body may say: retry, check, or_else, nested, on_commit, on_abort.

Opacity: every flight of reads asks everything again that the run has read so far, as of one
instant, and the run starts over if an answer differs. So a body never sees a state that never was,
and what it raises or returns without writing is true of the state at its last flight; no further
round trip is needed to believe it. Writes are kept back until the commit.
Source: T. Harris et al., Composable memory transactions, PPoPP 2005; R. Guerraoui and M. Kapalka,
On the correctness of transactional memory, PPoPP 2008 (opacity).
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import NoReturn, TypeVar

from swarm_workers.stm.engines.seam import Engine, Session, run_to_end
from swarm_workers.stm.errors import (
    ForeignTransactionError,
    MissSignal,
    NotInTransactionError,
    RestartSignal,
    RetrySignal,
)
from swarm_workers.stm.kernel.journal import Journal
from swarm_workers.stm.questions import Query, Reply

T = TypeVar("T")


class Space:
    """The name of a space, and what holds it: what handles are made with.

    Two that are connected to one server are the same space: a handle of one may be used in a
    transaction of the other.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        """Touch nothing."""
        self.engine = engine
        self.name = name

    def is_same_as(self, other: "Space") -> bool:
        """Say whether both hold the same values."""
        return self is other or (
            self.name == other.name and self.engine.place == other.engine.place
        )

    def key(self, letter: str, name: str) -> str:
        """Return the key of a variable; the letter tells its kind."""
        return f"{{{self.name}}}:{letter}:{name}"


class Transaction:
    """One run of a body."""

    def __init__(self, space: Space, session: Session) -> None:
        """Begin with nothing read and nothing written."""
        self.space = space
        self.journal = Journal()
        self.changed: tuple[str, ...] = ()
        """Keys whose change has ended this run."""
        self._session = session
        self._doom: BaseException | None = None
        self._is_stale = False
        """Whether what was read may no longer be true, though it was true together."""

    def believe(self, carried: dict[Query, Reply]) -> None:
        """Begin with answers of the previous commit; what comes of them has to be validated."""
        self.journal.observed.update(carried)
        self._is_stale = True

    async def validate(self) -> None:
        """Make sure that what was read is true now. No flight, unless answers were carried.

        Raises:
            RestartSignal: it is not.
        """
        if self._is_stale:
            await self.fetch((), again=True)

    def read(self, query: Query) -> Reply:
        """Return the answer to one question; see `read_all`."""
        journal = self.journal
        if query in journal.observed:
            self.check_alive()
            journal.asked[query] = None
            return journal.observed[query]
        return self.read_all((query,))[0]

    def read_all(self, queries: Sequence[Query]) -> list[Reply]:
        """Return answers that belong to one state with all answers so far. At most one flight.

        Raises:
            RestartSignal: there is no such state any more.
            MissSignal: the body cannot wait here; it runs again when the answers are there.
        """
        self.check_alive()
        journal = self.journal
        journal.asked.update(dict.fromkeys(queries))
        if any(query not in journal.observed for query in queries):
            if not self.space.engine.reads_at_once:
                self._doom = MissSignal()
                raise self._doom
            run_to_end(self.fetch(queries))
        return [journal.observed[query] for query in queries]

    def is_at_least(self, key: str, number: int) -> bool:
        """Say whether a counter is; the commit sees to it that it still is, and to no more.

        The counter itself is read: so what is asked does not depend on the number, and can be
        foretold. At most one flight.
        """
        peeked, journal = self.read(Query("PEEK", key)), self.journal
        question = Query("ATLEAST", key, b"%d" % number)
        assert not isinstance(peeked, frozenset)
        if question not in journal.observed:
            journal.observed[question] = int(int(peeked or 0) >= number)
        journal.asked[question], journal.has_peeked = None, True
        return bool(journal.observed[question])

    async def fetch(self, queries: Sequence[Query], *, again: bool = False) -> None:
        """Read what is not known yet, and check what is.

        Args:
            queries: to be known afterwards.
            again: check even if all of them are known already.
        """
        observed = self.journal.observed
        fresh = [query for query in dict.fromkeys(queries) if query not in observed]
        if not fresh and not (again and observed):
            return
        try:
            replies = await self._session.read((*observed, *fresh))
            self._is_stale = False
            if observed:
                self._compare(replies)
        except BaseException as doom:
            self._doom = doom
            raise
        observed.update(zip(fresh, replies[len(observed) :], strict=True))

    def replay(self) -> None:
        """Let the body run again on what has been read."""
        self._doom = None
        self.journal.forget_writes()

    def check_alive(self) -> None:
        """Raise again what ended this run, if the body has swallowed it."""
        if self._doom is not None:
            raise self._doom

    def _compare(self, replies: Sequence[Reply]) -> None:
        observed = self.journal.observed
        differing = {
            query: now
            for (query, seen), now in zip(observed.items(), replies, strict=False)
            if seen != now
        }
        self.changed = tuple({query.key: None for query in differing if query.kind != "PEEK"})
        if self.changed:
            raise RestartSignal
        observed.update(differing)


CURRENT: ContextVar[Transaction | None] = ContextVar("stm_transaction", default=None)


def current(what: str, space: Space | None = None) -> Transaction:
    """Return the transaction that runs here.

    Args:
        what: is being used, for the message.
        space: of the variable; None for functions that belong to no space.

    Raises:
        NotInTransactionError: none runs.
        ForeignTransactionError: it is one of another space.
    """
    transaction = CURRENT.get()
    if transaction is None:
        raise NotInTransactionError(what)
    if space is not None and not transaction.space.is_same_as(space):
        raise ForeignTransactionError(space.name, transaction.space.name)
    return transaction


def retry() -> NoReturn:
    """Drop the writes, wait until something that was read has changed, and run the body again.

    Never returns. Inside `or_else` the other branch is tried first.
    """
    current("retry()")
    raise RetrySignal


def check(condition: object) -> None:
    """Call `retry` unless the condition is true."""
    if not condition:
        retry()


def or_else(left: Callable[[], T], right: Callable[[], T]) -> T:
    """Return what `left` returns; if it retries, drop its writes and return what `right` returns.

    If both retry, a change to what either has read wakes the transaction.
    """
    journal = current("or_else()").journal
    savepoint = journal.savepoint()
    try:
        return left()
    except RetrySignal:
        journal.roll_back(savepoint)
    return right()


def nested(body: Callable[[], T]) -> T:
    """Return what the body returns; if it raises, its writes are dropped, and only its own.

    The exception goes on to the caller, who may catch it and continue the transaction.
    """
    journal = current("nested()").journal
    savepoint = journal.savepoint()
    try:
        return body()
    except Exception:
        journal.roll_back(savepoint)
        raise


def on_commit(action: Callable[[], object]) -> None:
    """Call the action once, after this transaction has committed, outside of it.

    What it raises goes to the caller of `atomically`; the commit stands.
    """
    current("on_commit()").journal.on_commit.append(action)


def on_abort(action: Callable[[], object]) -> None:
    """Call the action once if this transaction ends without a commit, by exception or timeout.

    A run that is repeated has not ended: its callbacks are forgotten.
    """
    current("on_abort()").journal.on_abort.append(action)
