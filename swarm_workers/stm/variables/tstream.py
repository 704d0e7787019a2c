"""A stream that transactions append to, and that something else reads."""

from swarm_workers.stm.codec import checked_name
from swarm_workers.stm.errors import StmUsageError, ValueTooLargeError
from swarm_workers.stm.kernel.journal import Appended
from swarm_workers.stm.kernel.transaction import Space, current

ENTRY_BYTES_MAX = 8 * 1024 * 1024


class TStream:
    """An outbox: entries appear exactly when the transaction commits. Write only.

    Each entry has one field, `report`. Appends do not conflict with anything.
    """

    def __init__(self, space: Space, name: str) -> None:
        """Name the stream; nothing is read or written. Made by `Stm.stream`."""
        self.name = checked_name("stream", name)
        self._space = space
        self._key = space.key("x", name)

    def append(self, text: str) -> None:
        """Append an entry at commit. No round trip, no conflict.

        Raises:
            ValueTooLargeError: the text takes more than 8 MiB.
            StmUsageError: it cannot be written as UTF-8.
        """
        transaction = current(f"TStream '{self.name}'", self._space)
        transaction.check_alive()
        try:
            encoded = text.encode()
        except UnicodeEncodeError as error:
            raise StmUsageError(f"text for stream '{self.name}' is not Unicode: {error}") from error
        if len(encoded) > ENTRY_BYTES_MAX:
            raise ValueTooLargeError(self.name, len(encoded), ENTRY_BYTES_MAX)
        change = transaction.journal.writes.get(self._key)
        before = change.texts if isinstance(change, Appended) else ()
        transaction.journal.writes[self._key] = Appended((*before, encoded))
