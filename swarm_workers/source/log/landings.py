"""The row that says a branch went on by one landing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from tasks_schema.tables.source import LANDINGS


@dataclass(frozen=True, slots=True)
class LandingEntry:
    """What is recorded of a landing beside its operations."""

    number: int
    author: str
    version_vector: Mapping[str, int]
    """Of the landing before."""
    attempt_id: uuid.UUID | None = None
    exit_status: int | None = None
    note: str = ""


def record_landing(
    connection: Connection,
    branch: uuid.UUID,
    entry: LandingEntry,
    vector: Mapping[str, int],
    own: tuple[int, int] = (1, 0),
) -> None:
    """Write the row of a landing.

    Args:
        connection: in a transaction that has the branch to itself.
        branch: the branch.
        entry: what to record.
        vector: of the landing itself.
        own: first and last number of its own lane; `(1, 0)` if it is not of one lane.
    """
    first_seq, last_seq = own
    connection.execute(
        insert(LANDINGS).values(
            branch_id=branch,
            number=entry.number,
            attempt_id=entry.attempt_id,
            version_vector=dict(vector),
            author=entry.author,
            first_seq=first_seq,
            last_seq=last_seq,
            exit_status=entry.exit_status,
            note=entry.note,
        )
    )
