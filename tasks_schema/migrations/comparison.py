"""Which names count when the tables are compared with a database."""

import re
from typing import Any

_PARTITION = re.compile(r"operations_p\d+")


def is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Say whether a name in the database is one that the tables speak of.

    Partitions are not: they follow from their parent.
    """
    return kind != "table" or name is None or not _PARTITION.fullmatch(name)
