"""What can go wrong in a transaction, and the two signals that are no errors.

StmError
├── StmUsageError              the program uses the library wrongly
│   ├── NotInTransactionError  a variable is used outside `atomically`
│   ├── ForeignTransactionError  a variable of one space is used in a transaction of another
│   └── InvalidNameError       a space or a variable cannot be called this
├── StmCodecError              a value does not fit its variable
│   └── ValueTooLargeError     a value is over the limit
├── SnapshotStaleError         what a snapshot has read has changed since, and nothing merges it
├── TransactionTimeoutError    the time given to `atomically` is over; nothing was written
├── StmUnavailableError        the server does not answer
└── StmServerError             the server refuses a command
    └── StmCorruptedError      a part of a commit failed, and the server keeps the rest

The signals derive from `BaseException`, so that `except Exception` in a body cannot swallow them.
Only this package raises them.
"""

from collections.abc import Sequence


class StmError(Exception):
    """A failure of a transaction."""


class StmUsageError(StmError):
    """The program uses the library wrongly."""


class NotInTransactionError(StmUsageError):
    """A variable is used outside a transaction."""

    def __init__(self, what: str) -> None:
        """Name what was used, for example `TVar 'head'` or `retry()`."""
        super().__init__(
            f"{what} is used outside a transaction; call it from a function that is passed to "
            "`stm.atomically`"
        )
        self.what = what


class ForeignTransactionError(StmUsageError):
    """A variable of one space is used in a transaction of another."""

    def __init__(self, space: str, transaction_space: str) -> None:
        """Name the space of the variable and that of the transaction that runs."""
        super().__init__(
            f"space '{space}' is used inside a transaction of space '{transaction_space}'; "
            "a transaction cannot span two connected spaces, so run one after the other"
        )
        self.space = space
        self.transaction_space = transaction_space


class InvalidNameError(StmUsageError):
    """A space or a variable cannot be called this."""

    def __init__(self, what: str, name: object, rule: str) -> None:
        """Name the kind of thing, the name that was given, and the rule it breaks."""
        super().__init__(f"{name!r} cannot be the name of a {what}: {rule}")
        self.what = what
        self.name = name


class StmCodecError(StmError):
    """A value does not fit its variable, or what is stored does not."""

    def __init__(self, name: str, reason: str) -> None:
        """Name the variable and say what does not fit."""
        super().__init__(f"value of '{name}' does not fit its type: {reason}")
        self.name = name
        self.reason = reason


class ValueTooLargeError(StmCodecError):
    """A value is over the limit."""

    def __init__(self, name: str, size_bytes: int, limit_bytes: int) -> None:
        """Name the variable, and the encoded size beside the limit."""
        super().__init__(
            name,
            f"it takes {size_bytes} bytes and the limit is {limit_bytes}; keep large data "
            "elsewhere and share its identity, or split it over several variables",
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class SnapshotStaleError(StmError):
    """What a snapshot has read has changed since; nothing was written."""

    def __init__(self, changed: Sequence[str]) -> None:
        """Name the keys."""
        shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if changed[3:] else "")
        super().__init__(
            f"the snapshot no longer holds, others have changed {shown}; take a new one, or pass "
            "`merge` to `commit_if`"
        )
        self.changed = tuple(changed)


class TransactionTimeoutError(StmError):
    """The time given to `atomically` is over."""

    def __init__(self, seconds: float, doing: str) -> None:
        """Say how long it tried, and what it was doing when the time ran out."""
        super().__init__(
            f"transaction gave up after {seconds:g} s while {doing}; nothing was written"
        )
        self.seconds = seconds
        self.committed = False
        """Always False: a commit that was sent is seen through, whatever the time."""


class StmUnavailableError(StmError):
    """The server does not answer."""

    def __init__(self, reason: str, *, committed: bool | None = False) -> None:
        """Say what the last try met.

        Args:
            reason: what went wrong, and for how long.
            committed: None if a commit was sent whose outcome could not be learned.
        """
        outcome = "it is unknown whether the commit took place" if committed is None else ""
        super().__init__("; ".join(filter(None, (f"Redis does not answer: {reason}", outcome))))
        self.reason = reason
        self.committed = committed


class StmServerError(StmError):
    """The server refuses a command; nothing was written."""

    def __init__(self, reason: str) -> None:
        """Repeat what the server said."""
        super().__init__(f"Redis refused: {reason}")
        self.reason = reason


class StmCorruptedError(StmServerError):
    """A part of a commit failed, and the server keeps the rest of it.

    It takes a key of another type than this package gives it: something else writes in the space.
    """


class Signal(BaseException):
    """Not an error: control flow between a body and the transaction that runs it."""


class RetrySignal(Signal):
    """The body asks to be run again when something that it read has changed."""


class RestartSignal(Signal):
    """What the body has read is no longer one state; it runs again at once."""


class MissSignal(Signal):
    """The body has asked for something that is not there yet, where it cannot wait for it."""


def is_without_effect(error: BaseException) -> bool:
    """Say whether a commit that raised this did nothing, and never will."""
    is_refused = type(error) is StmServerError or isinstance(error, RestartSignal)
    return is_refused or getattr(error, "committed", None) is False
