"""Blobs that come in parts, put together and kept."""

from hashlib import sha256

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from swarm_workers.source.log.errors import OperationsFileError
from swarm_workers.source.log.wire import BlobPart
from tasks_schema.tables.source import BLOBS


class BlobAssembly:
    """The blobs of one import, one after the other."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection, in the transaction of the import."""
        self._connection = connection
        self._name: str | None = None
        self._parts: list[bytes] = []

    def take(self, number: int, part: BlobPart) -> None:
        """Take one part, and keep the blob when it is whole. Blocks then.

        Raises:
            OperationsFileError: the part is out of its place, or the blob is another than it says.
        """
        if part.part == 0:
            self._name, self._parts = part.sha256, []
        if self._name != part.sha256 or len(self._parts) != part.part:
            raise OperationsFileError(number, "is a part of a blob out of its place")
        self._parts.append(part.data)
        if len(self._parts) == part.of:
            self._keep(number, b"".join(self._parts))
            self._name, self._parts = None, []

    def require_whole(self, number: int) -> None:
        """Refuse an end where parts of a blob have not come.

        Raises:
            OperationsFileError: naming the blob.
        """
        if self._name is not None:
            raise OperationsFileError(number, f"comes too early for blob '{self._name}'")

    def _keep(self, number: int, data: bytes) -> None:
        if sha256(data).hexdigest() != self._name:
            raise OperationsFileError(number, f"ends a blob that is not '{self._name}'")
        values = {"sha256": self._name, "data": data}
        self._connection.execute(upsert(BLOBS).values(values).on_conflict_do_nothing())
