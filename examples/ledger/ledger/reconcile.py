"""Compares the bank's statement with our own register."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ledger.register import Entry


@dataclass(frozen=True)
class StatementLine:
    """What the bank says happened."""

    day: date
    text: str
    cents: int


@dataclass(frozen=True)
class Reconciliation:
    """Which lines belong to which entries, and what is left on either side."""

    pairs: list[tuple[StatementLine, Entry]] = field(default_factory=list)
    only_bank: list[StatementLine] = field(default_factory=list)
    only_ours: list[Entry] = field(default_factory=list)

    def is_complete(self) -> bool:
        """Return whether bank and register agree."""
        return not self.only_bank and not self.only_ours


def days_apart(line: StatementLine, entry: Entry) -> int:
    """Return the days between the two, whichever is earlier."""
    return abs((line.day - entry.day).days)


def is_match(line: StatementLine, entry: Entry, tolerance_days: int) -> bool:
    """Return whether the line may be the entry: the same amount, at nearly the same time."""
    return line.cents == entry.change_cents or days_apart(line, entry) <= tolerance_days


def reconcile(
    statement: list[StatementLine], entries: list[Entry], tolerance_days: int = 3
) -> Reconciliation:
    """Return the lines paired with entries; each takes the nearest in time that is still free."""
    result = Reconciliation(only_ours=list(entries))
    for line in statement:
        candidates = [entry for entry in result.only_ours if is_match(line, entry, tolerance_days)]
        if not candidates:
            result.only_bank.append(line)
            continue
        nearest = min(candidates, key=lambda entry: days_apart(line, entry))
        result.only_ours.remove(nearest)
        result.pairs.append((line, nearest))
    return result
