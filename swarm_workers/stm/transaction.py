"""The kernel: atomically, retry, check, or_else, nested, on_commit, on_abort.

Opacity: every flight of reads asks everything again that the run has read so far, as of one
instant, and the run starts over if an answer differs. So a body never sees a state that never was,
and what it raises or returns without writing is true of the state at its last flight; no further
round trip is needed to believe it. Writes are kept back until the commit.

Blocking: a body that retries is woken by a commit, not by asking. The first retry subscribes and
runs the body once more, which reads everything again; only then is there something to sleep on, and
no commit can fall between the two.
Source: T. Harris et al., Composable memory transactions, PPoPP 2005; R. Guerraoui and M. Kapalka,
On the correctness of transactional memory, PPoPP 2008 (opacity).
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import NoReturn, TypeVar

from swarm_workers.stm.backend import Backend, Listener, Session
from swarm_workers.stm.errors import (
    ForeignTransactionError,
    NotInTransactionError,
    RestartSignal,
    RetrySignal,
    StmServerError,
    StmUsageError,
)
from swarm_workers.stm.journal import Journal, Query, Reply
from swarm_workers.stm.waiting import Deadline

T = TypeVar("T")


class Transaction:
    """One run of a body."""

    def __init__(self, kernel: "Kernel", session: Session) -> None:
        """Begin with nothing read and nothing written."""
        self.kernel = kernel
        self.journal = Journal()
        self._session = session
        self._doom: BaseException | None = None
        session.begin()

    def read(self, query: Query) -> Reply:
        """Return the answer to one question; see `read_all`."""
        return self.read_all((query,))[0]

    def read_all(self, queries: Sequence[Query]) -> list[Reply]:
        """Return answers that belong to one state with all answers so far. At most one flight.

        Raises:
            RestartSignal: there is no such state any more.
        """
        self.journal.asked.update(dict.fromkeys(queries))
        self.fetch(queries)
        return [self.journal.observed[query] for query in queries]

    def fetch(self, queries: Sequence[Query]) -> None:
        """Read what is not known yet, and check what is."""
        self.check_alive()
        observed = self.journal.observed
        fresh = [query for query in dict.fromkeys(queries) if query not in observed]
        if not fresh:
            return
        try:
            replies = self._session.read([*observed, *fresh])
        except BaseException as doom:
            self._doom = doom
            raise
        if replies[: len(observed)] != list(observed.values()):
            self._doom = RestartSignal()
            raise self._doom
        observed.update(zip(fresh, replies[len(observed) :], strict=True))

    def check_alive(self) -> None:
        """Raise again what ended this run, if the body has swallowed it."""
        if self._doom is not None:
            raise self._doom


_CURRENT: ContextVar[Transaction | None] = ContextVar("stm_transaction", default=None)


def current(what: str, kernel: "Kernel | None" = None) -> Transaction:
    """Return the transaction that runs here.

    Args:
        what: is being used, for the message.
        kernel: of the variable; None for functions that belong to no space.

    Raises:
        NotInTransactionError: none runs.
        ForeignTransactionError: it is one of another space.
    """
    transaction = _CURRENT.get()
    if transaction is None:
        raise NotInTransactionError(what)
    if kernel is not None and transaction.kernel is not kernel:
        raise ForeignTransactionError(kernel.space, transaction.kernel.space)
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


class Kernel:
    """Runs transactions on one space."""

    def __init__(self, backend: Backend, space: str) -> None:
        """Touch nothing.

        Args:
            backend: holds the space.
            space: its name.
        """
        self.backend = backend
        self.space = space

    def key(self, letter: str, name: str) -> str:
        """Return the key of a variable; the letter tells its kind."""
        return f"{{{self.space}}}:{letter}:{name}"

    def atomically(self, body: Callable[[], T], timeout_seconds: float | None) -> T:
        """Run the body until one run of it holds; see `Stm.atomically`."""
        if _CURRENT.get() is not None:
            current("atomically()", self)
            return body()
        deadline = Deadline(timeout_seconds)
        with self.backend.session(deadline) as session:
            execution = _Execution(self, session, deadline)
            try:
                value = execution.run(body)
            except BaseException as error:
                execution.close()
                _call_all(execution.on_abort(error))
                raise
            execution.close()
        _call_all(execution.journal.on_commit)
        return value


class _Execution:
    """All runs of one transaction."""

    def __init__(self, kernel: Kernel, session: Session, deadline: Deadline) -> None:
        self._kernel = kernel
        self._session = session
        self._deadline = deadline
        self._listener: Listener | None = None
        self._is_committing = False
        self.journal = Journal()
        """Of the latest run."""

    def run(self, body: Callable[[], T]) -> T:
        """Return the value of the first run that holds."""
        runs = 0
        while True:
            self._deadline.check(f"others changed what it read ({runs} runs)")
            runs += 1
            try:
                value = self._run_once(body)
                if self._commit():
                    return value
            except RetrySignal:
                self._block()
            except RestartSignal:
                self._is_committing = False

    def close(self) -> None:
        """Leave nothing behind."""
        # Once more: a signal handler may have raised in the very moment of leaving a run, and what
        # comes next in this thread would join a transaction that is over.
        _CURRENT.set(None)
        if self._listener is not None:
            self._listener.close()

    def on_abort(self, error: BaseException) -> list[Callable[[], object]]:
        """Return what is to be called; nothing where the commit may have taken place."""
        is_known = not self._is_committing or type(error) is StmServerError
        return self.journal.on_abort if is_known else []

    def _run_once(self, body: Callable[[], T]) -> T:
        foreseen = tuple(self.journal.asked)
        transaction = Transaction(self._kernel, self._session)
        self.journal = transaction.journal
        try:
            _CURRENT.set(transaction)
            transaction.fetch(foreseen)
            value = body()
        except BaseException:
            transaction.check_alive()
            raise
        finally:
            _CURRENT.set(None)
        transaction.check_alive()
        return value

    def _commit(self) -> bool:
        effects = self.journal.effects()
        if not effects:
            return True
        self._is_committing = True
        is_committed = self._session.commit(effects)
        self._is_committing = False
        return is_committed

    def _block(self) -> None:
        """Wait for a change to what was read; the first time only begin to listen."""
        keys = self.journal.watched_keys()
        if not keys:
            raise StmUsageError("retry() before anything was read would wait for ever")
        if self._listener is None:
            self._listener = self._kernel.backend.listen(self._deadline)
            return
        if not self._listener.wait(keys, self._deadline.remaining_seconds()):
            self._deadline.check(f"nothing of what it waits for changed: {_shown(keys)}")


def _call_all(actions: Sequence[Callable[[], object]]) -> None:
    for action in actions:
        action()


def _shown(keys: frozenset[str]) -> str:
    first = sorted(keys)[:3]
    return ", ".join(first) + (f" and {len(keys) - len(first)} more" if len(keys) > 3 else "")
