"""What the accounts held, and when: balances, the running register, months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.accounts import is_within
from ledger.journal import Transaction


@dataclass(frozen=True)
class Entry:
    """One line of a register: what happened, and what the account held after it."""

    day: date
    payee: str
    change_cents: int
    balance_cents: int


def balances(transactions: Iterable[Transaction], until: date | None = None) -> dict[str, int]:
    """Return the cents that each account holds at the end of a day.

    Args:
        transactions: in any order, of one currency.
        until: the last day that counts; None counts all.
    """
    held: dict[str, int] = {}
    for transaction in transactions:
        if until is not None and transaction.day > until:
            continue
        for posting in transaction.postings:
            held[posting.account] = held.get(posting.account, 0) + posting.amount.cents
    return held


def register(transactions: Iterable[Transaction], account: str) -> list[Entry]:
    """Return one entry for each transaction that touches the account or one below it."""
    entries: list[Entry] = []
    balance = 0
    for transaction in sorted(transactions, key=lambda one: one.day):
        changes = [
            posting.amount.cents
            for posting in transaction.postings
            if is_within(posting.account, account)
        ]
        if not changes:
            continue
        change = sum(changes)
        balance += change
        entries.append(Entry(transaction.day, transaction.payee, change, balance))
    return entries


def lowest_point(entries: list[Entry]) -> Entry | None:
    """Return the entry after which the balance was lowest, the first of equals; None of none."""
    if not entries:
        return None
    lowest = entries[0]
    for entry in entries[1:]:
        if entry.balance_cents < lowest.balance_cents:
            lowest = entry
    return entries[0]


def monthly_totals(entries: list[Entry]) -> dict[str, int]:
    """Return the sum of changes of each month, named '2024-01', from the first to the last."""
    totals: dict[str, int] = {}
    for entry in entries:
        month = f"{entry.day:%Y-%m}"
        totals[month] = totals.get(month, 0) + entry.change_cents
    return dict(sorted(totals.items()))
