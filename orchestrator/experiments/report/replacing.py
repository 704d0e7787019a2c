"""Whose page a new page replaces.

The newest experiment is often a cell that was run again, and the page that is there took an hour.
"""

import re
from pathlib import Path

_TOLD = re.compile(r"swarm experiment report ([^\s`]+)|experiment `([^`\n]+)`")


def replaced_experiment(page: Path, experiment_id: str) -> str | None:
    """Return the id of another experiment that a page on disk tells of; None if it tells of none.

    Args:
        page: that is about to be written; it may be there.
        experiment_id: what the new page will tell of.
    """
    if not page.exists():
        return None
    told = told_experiment(page.read_text(encoding="utf-8", errors="replace"))
    return told if told != experiment_id else None


def told_experiment(text: str) -> str | None:
    """Return the id of the experiment that a page tells of; None if it tells of none."""
    found = _TOLD.search(text)
    return None if found is None else found[1] or found[2]
