"""Which experiment a page is written of, so that none replaces another's page unasked.

The newest one is often a cell that was run again; the page that is there took an hour.
"""

import re
from pathlib import Path

from sqlalchemy import Connection

from orchestrator.errors import UsageError
from orchestrator.experiments import records

_TOLD = re.compile(r"swarm experiment report ([^\s`]+)|experiment `([^`\n]+)`")


def chosen_experiment(connection: Connection, experiment_id: str | None, page: Path) -> str:
    """Return the id of the experiment to write a page of.

    Args:
        connection: in a transaction of the caller.
        experiment_id: which; None means the newest, where that replaces no other's page.
        page: that is to be written; it may be there.

    Raises:
        UsageError: there is no such experiment, or none was named and the page tells of another.
    """
    chosen = records.resolve_experiment(connection, experiment_id)
    if experiment_id is None and page.exists():
        _check_same(page, chosen)
    return chosen


def told_experiment(text: str) -> str | None:
    """Return the id of the experiment that a page tells of; None if it tells of none."""
    found = _TOLD.search(text)
    return None if found is None else found[1] or found[2]


def _check_same(page: Path, newest: str) -> None:
    told = told_experiment(page.read_text(encoding="utf-8", errors="replace"))
    if told == newest:
        return
    whose = "no experiment" if told is None else f"experiment '{told}'"
    raise UsageError(
        f"'{page}' tells of {whose}, and the newest is '{newest}': name the one that is wanted, as "
        f"in `swarm experiment report {newest}`, or another folder with --output"
    )
