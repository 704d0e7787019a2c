"""Which names count when the tables are compared with a database."""

import re
from typing import Any

from tasks_schema.tables.days import day_of_part

_PARTITION = re.compile(r"operations_p\d+")


def is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    """Say whether a name in the database is one that the tables speak of.

    Partitions are not: they follow from their parent.
    """
    if kind != "table" or name is None:
        return True
    return not _PARTITION.fullmatch(name) and day_of_part(name) is None
